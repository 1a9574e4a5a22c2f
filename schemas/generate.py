#!/usr/bin/env python3
"""Makes oci.h (structs) and oci.c (the tables that src/json reads) of the schemas beside this file.

usage: generate.py OUT_H OUT_C SCHEMA_DIR

Every object is a struct: the root of X.json is struct oci_x, an object of $defs is named by its key. What is understood is
listed in KEYWORDS; anything else in a schema is an error, so that no rule of a schema can be silently without effect.
x-as-map (ours): an object with a fixed set of members, which all have one type, is kept as a map.
"""

import json
import os
import re
import sys

FILES = ["process", "resources", "config", "state", "features", "profile", "mounts"]
EMBEDDED = ["default-config", "default-seccomp"]  # NAME.json becomes NAME_json[]
KEYWORDS = {
    "$schema", "$defs", "$ref", "title", "description", "examples", "x-as-map",
    "type", "properties", "required", "additionalProperties", "items", "enum",
    "minimum", "maximum", "minLength", "minItems", "pattern",
}  # fmt: skip
INTEGERS = [  # C type, its range; the first that holds a schema's range is taken
    ("uint16_t", 0, 2**16 - 1),
    ("uint32_t", 0, 2**32 - 1),
    ("uint64_t", 0, 2**64 - 1),
    ("int32_t", -(2**31), 2**31 - 1),
    ("int64_t", -(2**63), 2**63 - 1),
]


class SchemaError(Exception):
    pass


def snake(name):
    """oomScoreAdj -> oom_score_adj, execCPUAffinity -> exec_cpu_affinity, l3CacheSchema -> l3_cache_schema"""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def quoted(text):
    return json.dumps(text, ensure_ascii=True)


def refuse_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise SchemaError("a key comes twice among " + ", ".join(keys))
    return dict(pairs)


def pattern_steps(pattern, where):
    """^RLIMIT_[A-Z]+$ -> [(characters, negated, at least, at most or None)]. Greedy matching has to be right: what follows a
    repetition may not begin with what it takes."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise SchemaError(f"{where}: pattern {pattern!r} is not anchored")
    steps, rest = [], pattern[1:-1]
    while rest:
        part = re.match(r"\[(\^?)([^\]\\]+)\]([*+]?)|([A-Za-z0-9_:]+)(?![*+?{])", rest)
        if not part:
            raise SchemaError(f"{where}: pattern {pattern!r} is not understood from {rest!r} on")
        rest = rest[part.end() :]
        if part[4]:
            steps += [(char, False, 1, 1) for char in part[4]]
            continue
        chars = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), part[2])
        steps.append((chars, bool(part[1]), 0 if part[3] == "*" else 1, None if part[3] else 1))
    for step, following in zip(steps, steps[1:]):
        if step[3] is None and (step[1] or following[1] or set(step[0]) & set(following[0])):
            raise SchemaError(f"{where}: pattern {pattern!r} would need backtracking")
    return steps


class Generator:
    def __init__(self, folder):
        self.folder = folder
        self.schemas = {}
        self.objects = {}  # struct name -> (schema, file)
        self.structs = []  # C text, in an order in which every struct is complete where it is embedded
        self.entries = set()
        self.tables = []
        self.values = {}  # initialiser -> name
        self.names = {}  # tuple of strings -> C name
        self.patterns = {}  # pattern -> C name
        self.members = {}  # struct name -> [(member key, initialiser)]
        self.done = []
        for name in FILES:
            path = os.path.join(folder, name + ".json")
            with open(path, encoding="utf-8") as file:
                self.schemas[name] = json.load(file, object_pairs_hook=refuse_duplicates)
        for name, schema in self.schemas.items():
            self.check(schema, name + ".json")
        for name in FILES:
            self.make_struct(self.struct_name(name, ""), self.schemas[name], name)
            for key, schema in self.schemas[name].get("$defs", {}).items():
                if schema.get("type") == "object" and not schema.get("x-as-map"):
                    self.make_struct(self.struct_name(name, key), schema, name)

    def check(self, schema, where):
        """Every keyword is known, every property described."""
        for keyword in schema:
            if keyword not in KEYWORDS:
                raise SchemaError(f"{where}: keyword {keyword} is not known to generate.py")
        for keyword in ("properties", "$defs"):
            for key, inner in schema.get(keyword, {}).items():
                self.check(inner, f"{where}: {key}")
                if keyword == "properties" and not self.described(inner, where):
                    raise SchemaError(f"{where}: {key} has no description")
        for keyword in ("items", "additionalProperties"):
            if keyword in schema:
                self.check(schema[keyword], f"{where}: {keyword}")
        for required in schema.get("required", []):
            if required not in schema["properties"]:
                raise SchemaError(f"{where}: requires {required}, which is no property")

    def described(self, schema, where):
        while "description" not in schema:
            if "$ref" not in schema:
                return False
            schema, _, _ = self.follow(schema, where.split(".json")[0])
        return True

    def struct_name(self, file, key):
        return snake(key) if key else snake(file)

    def follow(self, schema, file):
        """The schema that $ref names, its file, and its key in $defs ("" for a file's root)."""
        name, _, pointer = schema["$ref"].partition("#")
        file = name.removesuffix(".json") or file
        if not pointer:
            return self.schemas[file], file, ""
        if not pointer.startswith("/$defs/"):
            raise SchemaError(f"{file}.json: $ref {schema['$ref']} does not point into $defs")
        key = pointer.removeprefix("/$defs/")
        return self.schemas[file]["$defs"][key], file, key

    def resolve(self, schema, file):
        key = None
        while "$ref" in schema:
            schema, file, key = self.follow(schema, file)
        return schema, file, key

    # --- values

    def strings(self, values):
        values = tuple(values)
        if values not in self.names:
            self.names[values] = f"names_{len(self.names)}"
        return self.names[values]

    def matcher(self, pattern):
        if pattern not in self.patterns:
            self.patterns[pattern] = f"matches_{len(self.patterns)}"
        return self.patterns[pattern]

    def integer(self, schema, where):
        low = schema.get("minimum", -(2**63))
        high = schema.get("maximum", 2**63 - 1)
        # A range without an upper end is as far as int64_t goes, whatever its lower end is.
        types = INTEGERS if "maximum" in schema else INTEGERS[-1:]
        for c_type, least, most in types:
            if least <= low <= high <= most:
                return c_type, low, high
        raise SchemaError(f"{where}: no integer type holds {low} to {high}")

    def value(self, schema, file, where):
        """The C type and the initialiser of a string, boolean, integer or object."""
        schema, file, key = self.resolve(schema, file)
        kind = schema.get("type")
        if kind == "string":
            fields = [".kind = JSON_STRING", ".size = sizeof(char *)"]
            if "enum" in schema:
                fields += [f".names = {self.strings(schema['enum'])}", f".n_names = {len(schema['enum'])}"]
            if "pattern" in schema:
                fields += [f".matches = {self.matcher(schema['pattern'])}", f".example = {quoted(schema['examples'][0])}"]
            if "minLength" in schema:
                fields.append(f".min_length = {schema['minLength']}")
            return "char *", fields
        if kind == "boolean":
            return "bool", [".kind = JSON_BOOL", ".size = sizeof(bool)"]
        if kind == "integer":
            c_type, low, high = self.integer(schema, where)
            low_text = "INT64_MIN" if low == -(2**63) else str(low)
            signed = ", .is_signed = true" if c_type.startswith("int") else ""
            return c_type, [f".kind = JSON_INTEGER, .size = sizeof({c_type}){signed}, .min = {low_text}, .max = {high}u"]
        if kind == "object" and "properties" in schema and key is not None:
            name = self.struct_name(file, key)
            self.make_struct(name, schema, file)
            return f"struct oci_{name}", [f".kind = JSON_OBJECT, .size = sizeof(struct oci_{name}), .type = &json_oci_{name}"]
        if kind is None:
            return None, [".kind = JSON_IGNORED"]
        raise SchemaError(f"{where}: a value of type {kind} cannot stand here (objects belong into $defs)")

    def value_name(self, fields):
        text = ", ".join(fields)
        if text not in self.values:
            self.values[text] = f"value_{len(self.values)}"
        return self.values[text]

    # --- members

    def map_entry(self, c_type):
        """The struct of one entry of a map."""
        if c_type == "char *":
            return "struct oci_pair"
        entry = c_type + "_entry"
        if entry not in self.entries:
            self.entries.add(entry)
            self.structs.append(f"{entry} {{\n\tconst char *key;\n\t{c_type} value;\n}};")
        return entry

    def member(self, struct, key, schema, file):
        """The C declaration of one member, and its row of the table."""
        where = f"{file}.json: {key}"
        name = snake(key)
        resolved, at, _ = self.resolve(schema, file)
        shape, extra, count = "JSON_SINGLE", [], None
        if resolved.get("type") == "array":
            shape, count = "JSON_ARRAY", "n_" + name
            c_type, fields = self.value(resolved["items"], at, where)
            star = "" if c_type.endswith("*") else " "
            declaration = f"{c_type}{star}*{name};\n\tsize_t n_{name};"
            if "minItems" in resolved:
                extra.append(f".min_items = {resolved['minItems']}")
        elif "additionalProperties" in resolved or resolved.get("x-as-map"):
            shape, count = "JSON_MAP", "n_" + name
            inner = resolved.get("additionalProperties")
            if inner is None:
                keys = list(resolved["properties"])
                inner = resolved["properties"][keys[0]]
                if any(self.resolve(other, at) != self.resolve(inner, at) for other in resolved["properties"].values()):
                    raise SchemaError(f"{where}: the members of a map differ in type")
                extra += [f".keys = {self.strings(keys)}", f".n_keys = {len(keys)}"]
            c_type, fields = self.value(inner, at, where)
            entry = self.map_entry(c_type)
            fields = [re.sub(r"\.size = sizeof\([^)]*\)", f".size = sizeof({entry})", field) for field in fields]
            fields.append(f".value_offset = offsetof({entry}, value)")
            declaration = f"{entry} *{name};\n\tsize_t n_{name};"
        else:
            c_type, fields = self.value(schema, file, where)
            if c_type is None:
                declaration = None
            elif c_type == "char *":
                declaration = f"const char *{name};"
            elif c_type.startswith("struct"):
                declaration = f"{c_type} *{name};"
            else:
                count = "has_" + name
                declaration = f"{c_type} {name};\n\tbool has_{name};"
        row = [f".key = {quoted(key)}", f".key_len = {len(key)}", f".value = &{self.value_name(fields)}"]
        if shape != "JSON_SINGLE":
            row.append(f".shape = {shape}")
        if declaration:
            row.append(f".offset = offsetof(struct oci_{struct}, {name})")
        if count:
            row.append(f".count_offset = offsetof(struct oci_{struct}, {count})")
        return declaration, row + extra

    def make_struct(self, name, schema, file):
        if name in self.objects:
            if self.objects[name] is not schema:
                raise SchemaError(f"{file}.json: two objects are called {name}")
            return
        self.objects[name] = schema
        declarations, rows = [], []
        for key, inner in schema["properties"].items():
            declaration, row = self.member(name, key, inner, file)
            if key in schema.get("required", []):
                row.append(".required = true")
            if declaration:
                declarations.append("\t" + declaration)
            rows.append(row)
        if len(rows) > 64:
            raise SchemaError(f"{file}.json: {name} has more than 64 members")
        self.structs.append(f"struct oci_{name} {{\n" + "\n".join(declarations) + "\n};")
        self.members[name] = rows

    # --- output

    def header(self):
        lines = ["/* Made by schemas/generate.py of the schemas beside it. */", "#ifndef HIND_OCI_H", "#define HIND_OCI_H"]
        lines += ["#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", "", '#include "json/table.h"', ""]
        lines += [f"struct oci_{name};" for name in self.objects]
        lines += ["", "struct oci_pair {\n\tconst char *key, *value;\n};"]
        lines += self.structs
        lines += ["", "extern const struct json_type " + ", ".join(f"json_oci_{name}" for name in self.objects) + ";"]
        for name in EMBEDDED:
            c_name = name.replace("-", "_") + "_json"
            lines += ["", f"/* schemas/{name}.json, NUL-terminated; the length is without the NUL. */"]
            lines += [f"extern const char {c_name}[];", f"extern const size_t {c_name}_len;"]
        lines += ["", "#endif"]
        return "\n".join(lines) + "\n"

    def matcher_text(self, pattern, name):
        lines = [f"static bool {name}(const char *s) /* {pattern.encode('unicode_escape').decode()} */", "{"]
        body, count = [], False
        steps = pattern_steps(pattern, "pattern")
        while steps:
            chars, negated, least, most = steps[0]
            literal = ""
            while steps and len(steps[0][0]) == 1 and steps[0][1:] == (False, 1, 1):
                literal += steps.pop(0)[0]
            if literal:
                body.append(f"\tif (strncmp(s, {quoted(literal)}, {len(literal)}))\n\t\treturn false;\n\ts += {len(literal)};")
                continue
            steps.pop(0)
            span = f"str{'c' if negated else ''}spn(s, {quoted(chars)})"
            if most == 1:
                test = f"!*s || {'' if negated else '!'}strchr({quoted(chars)}, *s)"
                body.append(f"\tif ({test})\n\t\treturn false;\n\ts++;")
            elif least:
                count = True
                body.append(f"\tn = {span};\n\tif (!n)\n\t\treturn false;\n\ts += n;")
            else:
                body.append(f"\ts += {span};")
        if count:
            lines += ["\tsize_t n;", ""]
        return "\n".join(lines + body + ["\treturn !*s;", "}"])

    def source(self):
        lines = ["/* Made by schemas/generate.py of the schemas beside it. */", '#include "oci.h"', "", "#include <string.h>", ""]
        for pattern, name in self.patterns.items():
            lines += [self.matcher_text(pattern, name), ""]
        for strings, name in self.names.items():
            lines.append(f"static const char *const {name}[] = {{ " + ", ".join(map(quoted, strings)) + " };")
        lines.append("")
        for text, name in self.values.items():
            lines.append(f"static const struct json_value {name} = {{ {text} }};")
        for name, rows in self.members.items():
            lines += ["", f"static const struct json_member members_{name}[] = {{"]
            lines += ["\t{ " + ", ".join(row) + " }," for row in rows]
            lines.append("};")
            lines.append(f"const struct json_type json_oci_{name} = {{")
            lines.append(f"\t.name = {quoted(name)}, .size = sizeof(struct oci_{name}), .n = {len(rows)}, .members = members_{name},")
            lines.append("};")
        for name in EMBEDDED:
            c_name = name.replace("-", "_") + "_json"
            with open(os.path.join(self.folder, name + ".json"), encoding="utf-8") as file:
                text = file.read()
            json.loads(text, object_pairs_hook=refuse_duplicates)
            lines += ["", f"const char {c_name}[] ="]
            lines += ["\t" + quoted(line) for line in text.splitlines(keepends=True)]
            lines[-1] += ";"
            lines += [f"const size_t {c_name}_len = sizeof {c_name} - 1;"]
        return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        generator = Generator(sys.argv[3])
        texts = [generator.header(), generator.source()]
    except (SchemaError, OSError, ValueError) as error:
        sys.exit(f"generate.py: {error}")
    for path, text in zip(sys.argv[1:3], texts):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
