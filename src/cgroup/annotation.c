/* Annotations "org.systemd.property.NAME": a property for the scope, as engines (Podman: KillSignal, TimeoutStopUSec) and
 * people give them; the value is written as in gvariant-text: a string in quotes, a number, true or false, or a list of
 * one of these, with the type's name in front where it is not the usual one ("uint64 10000000").
 *
 * NAMESec is what unit files call it; on the bus it is NAMEUSec, in microseconds. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cgroup.h"
#include "cgroup/systemd.h"
#include "sys/dbus.h"

#define ELEMENTS_MAX 256

struct value {
	char type;       /* of D-Bus */
	uint64_t number; /* two's complement where the type is signed */
	double real;
	struct text string;
};

static const struct integer_type {
	const char *name;
	char type;
	int64_t min;
	uint64_t max;
} integer_types[] = {
	{ "byte", 'y', 0, UINT8_MAX },
	{ "int16", 'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0, UINT16_MAX },
	{ "int32", 'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0, UINT32_MAX },
	{ "int64", 'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0, UINT64_MAX },
};

static const char *const annotations[] = { PROPERTY_ANNOTATION, NULL };

/* What hind itself says about the scope. */
static const char *const own_properties[] = { "Delegate", "DefaultDependencies", "PIDs", "Slice", NULL };

/* --- reading --- */

static size_t word_length(const char *s)
{
	return strcspn(s, " \t\n,[]'\"");
}

static int read_string(const char **at, struct value *v, struct err *e)
{
	const char quote = **at;
	v->type = 's';
	for (const char *p = *at + 1; *p; p++) {
		if (*p == quote) {
			*at = p + 1;
			return 0;
		}
		if (*p == '\\' && !*++p)
			break;
		text_add(&v->string, p[-1] == '\\' && *p == 'n' ? "\n" : p[-1] == '\\' && *p == 't' ? "\t" : p, 1);
	}
	return err_set(e, "the string has no closing %c", quote);
}

static int read_number(const char *word, char type, struct value *v, struct err *e)
{
	if (type == 'd' || (!type && strpbrk(word, ".eE") && !strpbrk(word, "xX"))) {
		char *end;
		v->type = 'd';
		v->real = strtod(word, &end);
		return *end || !isdigit((unsigned char)end[-1]) ? err_set(e, "\"%s\" is no number", word) : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(integer_types); i++) {
		const struct integer_type *t = &integer_types[i];
		int64_t negative;
		if (t->type != (type ? type : 'i'))
			continue;
		v->type = t->type;
		if (*word == '-' && str_i64(word, &negative) == 0 && negative >= t->min) {
			v->number = (uint64_t)negative;
			return 0;
		}
		if (str_u64(word, t->max, &v->number) == 0)
			return 0;
		return err_set(e, "\"%s\" is no %s", word, t->name);
	}
	return err_set(e, "\"%s\" is no value", word);
}

static char type_of(const char *word)
{
	static const struct {
		const char *name;
		char type;
	} others[] = { { "boolean", 'b' }, { "double", 'd' }, { "string", 's' } };
	for (size_t i = 0; i < ARRAY_LEN(integer_types); i++)
		if (str_eq(word, integer_types[i].name))
			return integer_types[i].type;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_eq(word, others[i].name))
			return others[i].type;
	return 0;
}

static int read_scalar(const char **at, char type, struct value *v, struct err *e)
{
	char word[64];
	*at += strspn(*at, " \t\n");
	if (**at == '\'' || **at == '"')
		return type && type != 's' ? err_set(e, "a string stands where another type was said")
					   : read_string(at, v, e);
	size_t len = word_length(*at);
	if (**at == '[')
		return err_set(e, "a list in a list is more than is understood here");
	if (len == 0 || len >= sizeof word)
		return err_set(
			e, len ? "it is neither a quoted string, a number, true nor false" : "there is no value");
	snprintf(word, sizeof word, "%.*s", (int)len, *at);
	char said = type ? 0 : type_of(word);
	*at += len;
	if (said)
		return read_scalar(at, said, v, e);
	if ((!type || type == 'b') && (str_eq(word, "true") || str_eq(word, "false"))) {
		v->type = 'b';
		v->number = *word == 't';
		return 0;
	}
	if (type == 'b' || type == 's' || !(isdigit((unsigned char)*word) || *word == '-'))
		return err_set(e, "\"%s\" is neither a quoted string, a number, true nor false", word);
	return read_number(word, type, v, e);
}

struct values {
	struct value v[ELEMENTS_MAX];
	size_t n;
	bool list;
};

static int read_list(const char **at, struct values *values, struct err *e)
{
	values->list = true;
	for (++*at;;) {
		if (values->n == ELEMENTS_MAX)
			return err_set(e, "the list has more than %d elements", ELEMENTS_MAX);
		if (read_scalar(at, values->n ? values->v[0].type : 0, &values->v[values->n], e) < 0)
			return -1;
		values->n++;
		*at += strspn(*at, " \t\n");
		if (**at == ']') {
			++*at;
			return 0;
		}
		if (*(*at)++ != ',')
			return err_set(e, "the list has no closing ]");
	}
}

static int read_values(const char *text, struct values *values, struct err *e)
{
	const char *at = text + strspn(text, " \t\n");
	if (*at == '[') {
		if (read_list(&at, values, e) < 0)
			return -1;
	} else {
		values->n = 1;
		if (read_scalar(&at, 0, &values->v[0], e) < 0)
			return -1;
	}
	at += strspn(at, " \t\n");
	return *at ? err_set(e, "\"%.40s\" stands behind the value", at) : 0;
}

static void values_free(struct values *values)
{
	for (size_t i = 0; i < values->n; i++)
		free(values->v[i].string.p);
	free(values);
}

/* --- NAMESec --- */

static bool in_seconds(const char *name)
{
	size_t len = strlen(name);
	return len > 3 && !strcmp(name + len - 3, "Sec") && (len < 4 || strcmp(name + len - 4, "USec"));
}

static int to_microseconds(struct values *values, struct err *e)
{
	struct value *v = &values->v[0];
	if (values->list || strchr("bs", v->type))
		return err_set(e, "seconds are a number");
	if (v->type == 'd' ? !(v->real >= 0 && v->real < 1e12) : v->number > 1000000000000)
		return err_set(e, "this is no number of seconds from 0 to 10^12");
	v->number = v->type == 'd' ? (uint64_t)(v->real * 1e6) : v->number * 1000000;
	v->type = 't';
	return 0;
}

/* --- together --- */

/* The caller frees the values, or gets NULL. */
static struct values *property_read(const char *name, const char *text, struct err *e)
{
	struct values *values = mem_alloc(sizeof *values);
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	int rc = 0;
	if (len < 3 || name[len] || !isupper((unsigned char)*name) || len > 100)
		rc = err_set(e, "\"%.40s\" is no name of a property, as KillSignal is", name);
	for (size_t i = 0; rc == 0 && own_properties[i]; i++)
		if (str_eq(name, own_properties[i]))
			rc = err_set(e, "hind sets this property itself");
	if (rc == 0)
		rc = read_values(text, values, e);
	if (rc == 0 && in_seconds(name))
		rc = to_microseconds(values, e);
	if (rc == 0)
		return values;
	values_free(values);
	return NULL;
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	for (size_t i = 0; i < config->n_annotations; i++) {
		const char *key = config->annotations[i].key;
		struct err e;
		if (!str_starts(key, PROPERTY_ANNOTATION))
			continue;
		struct values *values =
			property_read(key + strlen(PROPERTY_ANNOTATION), config->annotations[i].value, &e);
		if (values)
			values_free(values);
		else
			problem_add(problems, AT("annotations.%s", key), "%s", e.msg);
	}
}

static void put_value(struct text *t, const struct value *v)
{
	switch (v->type) {
	case 's':
		dbus_put_string(t, v->string.p ? v->string.p : "");
		break;
	case 'd':
		dbus_put_double(t, v->real);
		break;
	case 'y':
		dbus_put_byte(t, (uint8_t)v->number);
		break;
	case 'n':
		dbus_put_i16(t, (int16_t)v->number);
		break;
	case 'q':
		dbus_put_u16(t, (uint16_t)v->number);
		break;
	case 'i':
		dbus_put_i32(t, (int32_t)v->number);
		break;
	case 'x':
		dbus_put_i64(t, (int64_t)v->number);
		break;
	case 't':
		dbus_put_u64(t, v->number);
		break;
	default:
		dbus_put_u32(t, (uint32_t)v->number); /* u, b */
	}
}

static void put_property(struct text *t, const char *name, const struct values *values)
{
	char bus_name[128], signature[3] = { 0 };
	size_t len = strlen(name);
	snprintf(bus_name, sizeof bus_name, "%.*s%s", (int)(in_seconds(name) ? len - 3 : len), name,
		in_seconds(name) ? "USec" : "");
	signature[0] = values->list ? 'a' : values->v[0].type;
	signature[1] = values->list ? values->v[0].type : '\0';
	dbus_put_struct(t);
	dbus_put_string(t, bus_name);
	dbus_put_signature(t, signature);
	size_t begin = values->list ? dbus_put_array(t, signature + 1) : 0;
	for (size_t i = 0; i < values->n; i++)
		put_value(t, &values->v[i]);
	if (values->list)
		dbus_end_array(t, begin);
}

void property_annotations(struct text *t, const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_annotations; i++) {
		const char *key = config->annotations[i].key;
		struct err ignored;
		if (!str_starts(key, PROPERTY_ANNOTATION))
			continue;
		const char *name = key + strlen(PROPERTY_ANNOTATION);
		struct values *values = property_read(name, config->annotations[i].value, &ignored);
		if (!values)
			continue;
		put_property(t, name, values);
		values_free(values);
	}
}

const struct feature feature_systemd = { "systemd", "annotations", validate, .annotations = annotations };
