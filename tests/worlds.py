#!/usr/bin/env python3
"""The same tests in each world, side by side: one row for each file of tests/{run,fail,cve}, one column
for each world.

    tests/worlds.py RESULTS...

RESULTS holds the lines `ok TAG dir/file.sh: case`, `skip ...` and `not ok ...` that the runner prints; the tag names the
world (none: this machine). A cell counts the cases; `-`: none of this file was run there, and `n of m`: some.
"""
import os
import re
import sys

LINE = re.compile(r"^(ok|not ok|skip) (?:(\S+) )?((?:run|fail|cve)/\S+\.sh): (\S+)")
WORLDS = [("", None), ("v2", "cgroup v2"), ("systemd", "systemd, root"), ("systemd-user", "systemd, user")]
ORDER = ["ok", "skip", "not ok"]


def this_machine():
    """Its name, by what /sys/fs/cgroup is."""
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return "here (v2)"
    return "here (hybrid)" if os.path.isdir("/sys/fs/cgroup/unified") else "here (v1)"


def read(paths):
    """{file: {case: {tag: outcome}}}: of a case that ran twice, the worse."""
    files = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for outcome, tag, file, case in (m.groups() for m in map(LINE.match, lines) if m):
                worlds = files.setdefault(file, {}).setdefault(case, {})
                worlds[tag or ""] = max(outcome, worlds.get(tag or "", outcome), key=ORDER.index)
    return files


def cell(outcomes, known):
    """`12`, `11 1 skip`, `2 of 9`, `-`."""
    if not outcomes:
        return "-"
    n = {word: outcomes.count(word) for word in ORDER}
    words = [str(n["ok"])] + [f"{n[word]} {word}" for word in ORDER[1:] if n[word]]
    return ", ".join(words) + (f" of {known}" if len(outcomes) < known else "")


def rows(files):
    yield [""] + [name or this_machine() for _, name in WORLDS]
    totals = {tag: [] for tag, _ in WORLDS}
    for file in sorted(files, key=lambda name: (not name.startswith("run/"), name)):
        cases = files[file].values()
        row = [file]
        for tag, _ in WORLDS:
            outcomes = [case[tag] for case in cases if tag in case]
            totals[tag] += outcomes
            row.append(cell(outcomes, len(cases)))
        yield row
    known = sum(map(len, files.values()))
    yield ["all"] + [cell(totals[tag], known) for tag, _ in WORLDS]


def main():
    table = list(rows(read(sys.argv[1:])))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    main()
