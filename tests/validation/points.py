#!/usr/bin/env python3
"""Compares what the validation programs said of each runtime, point by point; tests/validation/run calls this.

    points.py RESULTS KNOWN RUNTIME PEER...

RESULTS/RUNTIME/PROGRAM holds `tap`, `stderr` and `status`. A program is `ok` for RUNTIME where each point that it passes for
a PEER is passed for RUNTIME as often, and where it came to its end if it did for a PEER; but for what KNOWN explains, a
`PROGRAM: POINT: REASON` a line, the first two of them regular expressions.
"""

import collections
import json
import os
import re
import sys

# A point is named by its words; what differs from run to run is left out.
VARYING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{5,}|/proc/\d+")
INSIDE = re.compile(r'^\s*"stdout": ("(?:[^"\\]|\\.)*")', re.M)
COMPLAINT = re.compile(r'^\s*"error": ("(?:[^"\\]|\\.)+")', re.M)


class Outcome:
    """What a program said of a runtime: the points that hold, those that do not, and whether it came to its end."""

    def __init__(self, directory):
        self.passed, self.failed = collections.Counter(), collections.Counter()
        self.ran = os.path.exists(os.path.join(directory, "status"))
        self.ended = read(directory, "status").strip() == "0"
        text = read(directory, "tap")
        self.count(text, "")
        # A program that looks from outside shows what the one inside the container has found beside its own point.
        for quoted in INSIDE.findall(text):
            self.count(json.loads(quoted), "inside: ")
        # A program without points complains, or it is content.
        if not self.passed and not self.failed:
            for complaint in COMPLAINT.findall(text):
                self.failed[" ".join(json.loads(complaint).split("\nRefer to")[0].split())] += 1
            if self.ended and not self.failed:
                self.passed["no complaint"] += 1
        said = " ".join((read(directory, "stderr") or read(directory, "terminal") or read(directory, "log")).split())
        self.end = "coming to its end (%s)" % said[:400]

    def count(self, text, where):
        for word, directive, point in re.findall(r"^(ok|not ok) \d+ (-|# [A-Z]+) ?(.*)$", text, re.M):
            if directive == "-":
                counter = self.passed if word == "ok" else self.failed
                counter[where + VARYING.sub("*", point)] += 1

    def figures(self):
        passed, failed = sum(self.passed.values()), sum(self.failed.values())
        return "%d of %d%s" % (passed, passed + failed, "" if self.ended else " (not to its end)")


def read(directory, name):
    try:
        with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def missing(mine, theirs):
    """The points that only the peer passes."""
    points = [point for point, times in theirs.passed.items() if mine.passed[point] < times]
    if theirs.ended and not mine.ended:
        points.append(mine.end)
    return points


def reason(known, program, point):
    for program_pattern, point_pattern, why in known:
        if re.fullmatch(program_pattern, program) and re.fullmatch(point_pattern, point):
            return why
    return None


def judge(program, outcomes, runtimes, known):
    mine = outcomes[0]
    figures = ", ".join("%s %s" % (name, outcome.figures()) for name, outcome in zip(runtimes, outcomes))
    # What ends a program early takes all its points away.
    excused = not mine.ended and reason(known, program, mine.end) is not None
    wrong = [] if mine.ran else ["it did not run"]
    for name, theirs in zip(runtimes[1:], outcomes[1:]):
        for point in missing(mine, theirs):
            if not excused and reason(known, program, point) is None:
                wrong.append("%s passes: %s" % (name, point))
    print("%s validation: %s - %s" % ("not ok" if wrong else "ok", program, "; ".join(wrong) or figures))
    return not wrong


def unpassed(program, outcomes, runtimes, known):
    """Tells what does not hold for the runtime, with whom it does, and why that is so."""
    mine = outcomes[0]
    points = [(point, [name for name, o in zip(runtimes, outcomes) if o.passed[point]]) for point in sorted(mine.failed)]
    if not mine.ended:
        points.append((mine.end, [name for name, o in zip(runtimes, outcomes) if o.ended]))
    for point, others in points:
        print("# passes with %s: %s: %s: %s" % (" and ".join(others) if others else "no runtime", program, point,
                                               reason(known, program, point) or "nobody has said why"))


def main():
    results, known_file, *runtimes = sys.argv[1:]
    with open(known_file, encoding="utf-8") as file:
        known = [line.rstrip("\n").split(": ", 2) for line in file if line.strip() and not line.startswith("#")]
    programs = sorted({program for runtime in runtimes for program in os.listdir(os.path.join(results, runtime))})
    said = [[Outcome(os.path.join(results, runtime, program)) for runtime in runtimes] for program in programs]
    good = bool(programs)
    for program, outcomes in zip(programs, said):
        good &= judge(program, outcomes, runtimes, known)
    sums = ["%s %d and %d" % (runtime, sum(sum(o.passed.values()) for o in column), sum(sum(o.failed.values()) for o in column))
            for runtime, column in zip(runtimes, zip(*said))]
    print("# points that hold and that do not: " + ", ".join(sums))
    for program, outcomes in zip(programs, said):
        unpassed(program, outcomes, runtimes, known)
    sys.exit(0 if good else 1)


main()
