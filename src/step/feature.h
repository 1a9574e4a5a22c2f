/* What every kernel object tells the rest. One file holds one object and exports these structs and nothing else. */
#ifndef HIND_FEATURE_H
#define HIND_FEATURE_H
#include "base/err.h"
#include "base/problem.h"
#include "base/str.h"
#include "oci.h"
#include "json/encode.h"

struct feature {
	const char *name, *path; /* "rlimit", "process.rlimits" */
	/* Pure: no system calls, no writes. Adds a problem for each thing that the schema cannot say. May be NULL. */
	void (*validate)(const struct oci_config *, struct problems *);
	/* Its part of `hind features`: keys into the open "linux" object. May be NULL. */
	void (*report)(struct json_out *);
	/* The same for what stands beside "linux" (mountOptions, annotations). May be NULL. */
	void (*report_top)(struct json_out *);
	/* Annotations of config.json that it obeys, NULL-terminated: names, or beginnings that end in a dot. May be NULL. */
	const char *const *annotations;
	/* Its entries of the document's own annotations: versions of what it is made with. May be NULL. */
	void (*report_annotations)(struct json_out *);
};

/* The value of an annotation of config.json, or NULL. */
static inline const char *config_annotation(const struct oci_config *config, const char *key)
{
	for (size_t i = 0; i < config->n_annotations; i++)
		if (str_eq(config->annotations[i].key, key))
			return config->annotations[i].value;
	return NULL;
}

#endif
