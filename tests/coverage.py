#!/usr/bin/env python3
"""Which test shows what: every property of config.json, mount option, annotation and command line option, and the files that
say so of themselves.

usage: coverage.py HIND [TABLE]      TABLE: the file that the whole table goes to

A test file says in comments what it is about, with the shell's braces where that is shorter:
    # covers: process.rlimits[].{type,soft,hard} mount:{ro,rw} annotation:run.oci.x run/--bundle hind/--root
Saying so is not enough. The file has to use each name, in code, as somebody writes it who edits a configuration or a command
line; what is never written there has not been tested there. Prints `ok` and `not ok` lines, and exits with 1 after one that
is not.
"""

import glob
import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = ["tests/run/*.sh", "tests/cve/*.sh", "tests/fail/*.sh", "tests/engines/*.sh", "tests/vm/*.sh", "tests/unit/*.c"]

# Taken, and without an effect on Linux: there is nothing that a test could see but that nothing happens.
WITHOUT_EFFECT = {
    "process.commandLine": "Windows only",
    "process.user.username": "Windows only",
    "vm": "virtual machines only",
    "windows": "Windows only",
    "solaris": "Solaris only",
    "freebsd": "FreeBSD only",
    "zos": "z/OS only",
}

failures = 0


def told(rule, wrong):
    global failures
    failures += bool(wrong)
    print(f"not ok {rule} - {'; '.join(wrong)}" if wrong else f"ok {rule}")


# ---- what there is ----


def schema_file(name, files={}):
    if name not in files:
        with open(os.path.join(TOP, "schemas", name), encoding="utf-8") as file:
            files[name] = json.load(file)
    return files[name]


def properties(node, file, path):
    """The paths below node that hold a value of their own, as process.rlimits[].soft."""
    while "$ref" in node:
        name, _, pointer = node["$ref"].partition("#")
        file = name or file
        node = schema_file(file)
        for part in pointer.strip("/").split("/") if pointer.strip("/") else []:
            node = node[part]
    if "properties" in node:
        for key, value in node["properties"].items():
            yield from properties(value, file, f"{path}.{key}" if path else key)
    elif node.get("type") == "array":
        yield from properties(node["items"], file, path if "type" in node["items"] else path + "[]")
    elif isinstance(node.get("additionalProperties"), dict):
        yield from properties(node["additionalProperties"], file, path)
    else:
        yield path.removesuffix("[]")


def hind(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def options(program):
    """COMMAND/--OPTION -> its spellings, of every --help; the options of hind itself are hind/--OPTION."""
    usage = hind(program, "--help")
    commands = re.findall(r"^  ([a-z]+) ", usage.split("Commands:")[1].split("\n\n")[0], flags=re.M)
    found = {}
    for command in ["hind", *commands]:
        text = usage if command == "hind" else hind(program, command, "--help")
        for letter, name in re.findall(r"^ +(?:-([a-zA-Z]), )?--([a-z][a-z0-9-]*)", text, flags=re.M):
            found[f"{command}/--{name}"] = [f"--{name}"] + ([f"-{letter}"] if letter else [])
    return found


# ---- what the tests say and do ----


def braces(word):
    """a{b,c}d -> abd, acd"""
    part = re.match(r"^([^{]*)\{([^{}]*)\}(.*)$", word)
    if not part:
        return [word]
    return [each for middle in part[2].split(",") for each in braces(part[1] + middle + part[3])]


class Test:
    def __init__(self, path):
        self.name = os.path.relpath(path, TOP)
        self.is_c = path.endswith(".c")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.covers = [item for line in re.findall(r"^(?:#| \*|/\*)\s*covers: (.*)$", text, flags=re.M)
                       for word in line.replace("*/", "").split() for item in braces(word.rstrip(","))]
        self.code = re.sub(r"/\*.*?\*/" if self.is_c else r"^\s*#.*$", "", text, flags=re.M | re.S if self.is_c else re.M)
        self.code = self.code.replace("\\\n", " ")

    def writes(self, pattern):
        return re.search(pattern, self.code) is not None

    def edits(self, path):
        """Every name of the path stands where an edit of a configuration has it: .name, name: or "name":, and C's .name = or
        ->name. A name that is long enough to mean nothing else may also be a word of its own, as in a loop over hooks."""
        for name in re.findall(r"[A-Za-z0-9]+", path):
            snake = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)).lower()
            both = f"(?:{name}|{snake})"
            edit = rf"(?:\.|->){both}\b|\b{both}\\?\"?\s*:" + (rf"|\b{both}\b" if len(name) >= 8 else "")
            if not self.writes(edit):
                return False
        return True

    def passes_option(self, command, spellings):
        """On the command's own line; in C, where the command is the program under test, as a word of a string."""
        for option in spellings:
            word = rf"-[a-zA-Z]*{option[1]}[a-zA-Z]*" if len(option) == 2 else re.escape(option)
            before = '"' if self.is_c else r"\b(?:" + command + r"|hind|HIND)\b"
            if self.writes(rf"{before}[^\n|;]*?(?<![\w-]){word}(?![\w-])"):
                return True
        return False

    def shows(self, item, commands):
        """Does the file write down what it says that it covers?"""
        if item.startswith("mount:"):
            name = re.escape(item[6:])
            return self.writes(rf'["\',]{name}["\',=]|\bfor [a-z]+ in [^\n;]*(?<![\w-]){name}(?![\w-])')
        if item.startswith("annotation:"):
            return self.writes(re.escape(item[11:].rstrip(".")))
        if "/--" in item:
            return self.passes_option(item.split("/")[0], commands[item])
        return self.edits(item)


def main():
    program = sys.argv[1]
    features = json.loads(hind(program, "features"))
    commands = options(program)
    items = list(properties(schema_file("config.json"), "config.json", ""))
    items += ["mount:" + name for name in features["mountOptions"]]
    items += ["annotation:" + name for name in features["potentiallyUnsafeConfigAnnotations"]]
    items += sorted(commands)
    known = set(items)
    tests = [Test(path) for pattern in TESTS for path in sorted(glob.glob(os.path.join(TOP, pattern)))]

    shown = {item: [] for item in items}
    unknown, unused = [], []
    for test in tests:
        for item in test.covers:
            if item not in known:
                # tests/layers.py reads the names of source files by the same word.
                if re.search(r"[.:/\[]", item):
                    unknown.append(f"{test.name}: {item}")
            elif test.shows(item, commands):
                shown[item].append(test.name)
            else:
                unused.append(f"{test.name}: {item}")
    missing = [item for item in items if not shown[item] and item not in WITHOUT_EFFECT]
    table = "".join(f"{item}\t{' '.join(shown[item]) or WITHOUT_EFFECT.get(item, '-')}\n" for item in items)
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(table)
    told(f"{len(items)} properties, mount options, annotations and options have a test", missing)
    told("what a test covers is there", unknown)
    told("what a test covers is written in it", unused)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
