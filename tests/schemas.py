#!/usr/bin/env python3
"""Holds our schemas against the runtime-spec's (../shared/oci-schema; skipped where that is absent), property by property, and the
generator to its word that it fails on what it does not know. Prints `ok`, `not ok` and `skip` lines; exits with 1 after a `not ok`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = os.path.join(TOP, "schemas")
THEIRS = os.path.join(TOP, "..", "shared", "oci-schema")
INT64 = (-(2**63), 2**63 - 1)

# Where we differ and mean it.
CORRECTIONS = {
    "config.linux.devices[].fileMode": "the limit of 511 forgets set-user-ID, sticky and file type bits, which engines write",
    "config.linux.rootfsPropagation": "Docker writes rslave and rprivate",
    "state.status": "every runtime has paused",
}
IGNORED = {"config.vm", "config.windows", "config.solaris", "config.freebsd", "config.zos"}

failures = 0


def told(name, wrong):
    global failures
    failures += bool(wrong)
    print(f"not ok {name} - {wrong}" if wrong else f"ok {name}")


class Schemas:
    def __init__(self, folder):
        self.folder, self.files = folder, {}

    def file(self, name):
        if name not in self.files:
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                self.files[name] = json.load(file)
        return self.files[name]

    def plain(self, node, name):
        """The node without $ref, anyOf of one and allOf, as keyword -> value, and the file in which its own $refs begin."""
        if "$ref" in node:
            file, _, pointer = node["$ref"].partition("#")
            name, target = file or name, self.file(file or name)
            for part in pointer.strip("/").split("/") if pointer.strip("/") else []:
                target = target[part]
            return self.plain(target, name)
        if "anyOf" in node and len(node["anyOf"]) == 1:
            return self.plain(node["anyOf"][0], name)
        if "allOf" in node:
            merged = {"type": "object", "properties": {}, "required": []}
            for part in node["allOf"]:
                part, _ = self.plain(part, name)
                merged["properties"].update(part["properties"])
                merged["required"] += part.get("required", [])
            return merged, name
        return node, name


ours, theirs = Schemas(OURS), Schemas(THEIRS)


def integer_range(node):
    return (max(node.get("minimum", INT64[0]), INT64[0]), node.get("maximum", INT64[1]))


def words(node):
    """The strings that enum, or a pattern of one character class, allows."""
    if "enum" in node:
        return sorted(node["enum"])
    letters = re.fullmatch(r"\^\[([a-z]+)\]\$", node.get("pattern", ""))
    return sorted(letters[1]) if letters else node.get("pattern", "").replace("\\n", "\n")


def map_value(node):
    return node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)


def differences(our, our_file, their, their_file, path):
    """How the two nodes differ in what they accept, as (path, difference)."""
    their, their_file = theirs.plain(their, their_file)
    our, our_file = ours.plain(our, our_file)
    if our.get("type") != their.get("type", "object"):
        yield path, f"type {our.get('type')}, theirs {their.get('type')}"
    elif our["type"] == "integer" and integer_range(our) != integer_range(their):
        yield path, f"range {integer_range(our)}, theirs {integer_range(their)}"
    elif our["type"] == "string" and words(our) != words(their):
        yield path, f"strings {words(our)}, theirs {words(their)}"
    elif our["type"] == "array":
        if our.get("minItems") != their.get("minItems"):
            yield path, "minItems"
        yield from differences(our["items"], our_file, their["items"], their_file, path + "[]")
    elif our["type"] == "object" and map_value(their):
        yield from differences(map_value(our), our_file, map_value(their), their_file, path + ".*")
    elif our["type"] == "object":
        if set(our.get("required", [])) != set(their.get("required", [])):
            yield path, f"required {our.get('required')}, theirs {their.get('required')}"
        for key, value in their["properties"].items():
            if key not in our["properties"]:
                yield f"{path}.{key}", "we do not have it"
            elif f"{path}.{key}" not in IGNORED:
                yield from differences(our["properties"][key], our_file, value, their_file, f"{path}.{key}")


def compare():
    if not os.path.isdir(THEIRS):
        print("skip schemas against the runtime-spec's - ../shared/oci-schema is not there")
        return
    unused = set(CORRECTIONS)
    for name in ("config", "state", "features"):
        wrong = []
        their = name + "-schema.json"
        for path, difference in differences(ours.file(name + ".json"), name + ".json", theirs.file(their), their, name):
            if path in CORRECTIONS:
                unused.discard(path)
            else:
                wrong.append(f"{path}: {difference}")
        told(f"{name}.json accepts what the runtime-spec's schema does", "; ".join(wrong))
    told("every correction is still one", ", ".join(sorted(unused)))


def generate(folder):
    made = [os.path.join(folder, name) for name in ("oci.h", "oci.c")]
    script = os.path.join(OURS, "generate.py")
    return subprocess.run([sys.executable, script, *made, folder], capture_output=True, text=True, check=False)


def refuses(name, change, reason):
    """The generator stops, and says `reason`, when process.json has been changed so."""
    with tempfile.TemporaryDirectory() as folder:
        for file in os.listdir(OURS):
            if file.endswith(".json"):
                shutil.copy(os.path.join(OURS, file), folder)
        path = os.path.join(folder, "process.json")
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        change(schema)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(schema, file)
        result = generate(folder)
        made = os.path.exists(os.path.join(folder, "oci.c"))
    wrong = result.returncode == 0 or made or reason not in result.stderr
    told(f"generate.py refuses {name}", wrong and f"status {result.returncode}: {result.stderr.strip()}")


def rlimit(schema):
    return schema["$defs"]["Rlimit"]["properties"]["type"]


def refusals():
    refuses("an unknown keyword", lambda s: rlimit(s).update(maxLength=5), "keyword maxLength is not known")
    refuses("a property without a description", lambda s: rlimit(s).pop("description"), "type has no description")
    refuses("an unknown type", lambda s: rlimit(s).update(type="number"), "type number cannot stand here")
    refuses("a required member that does not exist", lambda s: s["required"].append("cmd"), "requires cmd")
    refuses("a pattern that is not anchored", lambda s: rlimit(s).update(pattern="RLIMIT_"), "is not anchored")
    refuses("a pattern beyond its means", lambda s: rlimit(s).update(pattern="^(a|b)$"), "is not understood")
    refuses("a pattern that needs backtracking", lambda s: rlimit(s).update(pattern="^[a-z]*[e]$"), "would need backtracking")
    refuses("a range that no integer has", lambda s: s["$defs"]["uint64"].update(maximum=2**64), "no integer type holds")
    refuses("an object without a name", lambda s: s["properties"].update(user={"type": "object", "description": "x", "properties": {}}),
            "objects belong into $defs")


def main():
    compare()
    refusals()
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
