#!/usr/bin/env python3
"""Holds the house to its rules: the direction of includes, who may use which library, names, lengths, tests.

Prints a line for each rule, `ok RULE` or `not ok RULE - what broke it`, and exits with 1 where one is broken.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# main -> cmd -> {container, image} -> {cgroup, linux} -> step -> {sys, json} -> base
RANK = {"base": 0, "sys": 1, "json": 1, "step": 2, "cgroup": 3, "linux": 3, "container": 4, "image": 4, "cmd": 5, "main": 6}

# Headers that the build makes; they have no directory. base knows nothing of containers and includes none of them.
GENERATED = {"oci.h", "default_config.h", "version.h"}

LIBRARIES = {
    "yajl": (r"<yajl/", r"^src/json/"),
    "libseccomp": (r"<seccomp\.h>", r"^src/linux/seccomp[a-z_]*\.c$"),
    "libcap": (r"<sys/capability\.h>", r"^src/linux/caps\.c$"),
    "libarchive": (r"<archive", r"^src/image/tar\.c$"),
    "D-Bus": (r"<(systemd/sd-bus|dbus/)", r"^src/cgroup/systemd\.c$"),
}

# These tell nothing about what is in the file. A kernel controller keeps its kernel name.
FORBIDDEN_NAMES = {"util", "utils", "common", "misc", "internal", "helper", "helpers"}
KERNEL_NAMES = {"src/cgroup/misc.c"}

# Calls that make a descriptor, and the word that each must carry. Function names as in the code, after comments are gone.
CLOEXEC = {
    "open": "O_CLOEXEC",
    "openat": "O_CLOEXEC",
    "pipe2": "O_CLOEXEC",
    "socket": "SOCK_CLOEXEC",
    "socketpair": "SOCK_CLOEXEC",
    "accept4": "SOCK_CLOEXEC",
    "epoll_create1": "EPOLL_CLOEXEC",
    "eventfd": "EFD_CLOEXEC",
    "signalfd": "SFD_CLOEXEC",
    "timerfd_create": "TFD_CLOEXEC",
    "memfd_create": "MFD_CLOEXEC",
    "inotify_init1": "IN_CLOEXEC",
    "fsopen": "FSOPEN_CLOEXEC",
    "fsmount": "FSMOUNT_CLOEXEC",
    "open_tree": "OPEN_TREE_CLOEXEC",
    "recvmsg": "MSG_CMSG_CLOEXEC",
}
NEVER = ["pipe", "accept", "dup", "creat", "epoll_create", "inotify_init", "system", "popen", "strcat", "sprintf",
         "gets", "tmpnam", "mktemp", "getpwnam", "getpwuid", "getgrnam", "dlopen"]

# In src/linux, paths may lie below a rootfs: only handles are passed to the kernel there (rule S1). "." and "/" are no paths
# that anybody could have prepared.
STRING_PATH_CALLS = ["mount", "umount", "umount2", "mknod", "mkdir", "rmdir", "symlink", "link", "unlink", "rename", "chmod",
                     "chown", "lchown", "chdir", "chroot", "truncate", "lstat", "readlink", "utime"]

# What stands at the top of the repository: a bundle that a trial left there was committed once.
TOP_LEVEL = {".ci", ".clang-format", ".gitignore", "LICENSE", "README.md", "contrib", "meson.build", "meson_options.txt",
             "schemas", "src", "tests"}

MAX_FILE = 600
MAX_FUNCTION = 60

failures = 0


def check(rule, wrong):
    global failures
    if wrong:
        failures += 1
        print("not ok %s - %s" % (rule, "; ".join(wrong)))
    else:
        print("ok %s" % rule)


def tree_files():
    """Every file that is in the repository, or would be once it is added."""
    if os.path.isdir(os.path.join(TOP, ".git")) or os.path.isfile(os.path.join(TOP, ".git")):
        out = subprocess.run(["git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "-co", "--exclude-standard"],
                             stdout=subprocess.PIPE, check=True)
        names = out.stdout.decode().splitlines()
        return sorted(n for n in names if os.path.isfile(os.path.join(TOP, n)))
    found = []
    for where, dirs, names in os.walk(TOP):
        dirs[:] = [d for d in dirs if not d.startswith("build") and d != ".git"]
        found += [os.path.relpath(os.path.join(where, n), TOP) for n in names]
    return sorted(found)


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def code_only(text):
    """The text without comments and without what stands in strings; lines keep their numbers."""
    def blank(m):
        s = m.group(0)
        if s[0] == '"':
            return s if s in ('"."', '"/"') else '""'
        if s[0] == "'":
            return "0"
        return re.sub(r"[^\n]", " ", s)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def calls(code, name):
    """(line, arguments) of each call of a function in code."""
    for m in re.finditer(r"(?<![\w.>])%s\s*\(" % re.escape(name), code):
        depth, end = 1, m.end()
        while end < len(code) and depth:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        line_start = code.rfind("\n", 0, m.start()) + 1
        before = code[line_start:m.start()]
        # A declaration or definition, not a call: a type stands before the name.
        if re.match(r"^(static |extern |inline )*(struct |unsigned |const )*\w+[ *]+$", before) and \
                not re.match(r"^\s*return\s+$", before):
            continue
        yield code.count("\n", 0, m.start()) + 1, code[m.end():end - 1]


def layer(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else parts[1].rsplit(".", 1)[0]


def includes(name):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', read(name), flags=re.M)


def check_includes(sources):
    wrong = []
    for name in sources:
        mine = layer(name)
        if mine not in RANK:
            wrong.append("%s lies in no layer" % name)
            continue
        for inc in includes(name):
            if "/" not in inc:
                if inc not in GENERATED:
                    wrong.append('%s includes "%s": write its directory' % (name, inc))
                elif mine == "base":
                    wrong.append('%s includes "%s": base knows nothing of containers' % (name, inc))
                continue
            other = inc.split("/")[0]
            if "src/" + inc not in sources:
                wrong.append('%s includes "%s", which is not there' % (name, inc))
            elif other != mine and RANK.get(other, 9) >= RANK[mine]:
                wrong.append('%s includes "%s": includes point downward' % (name, inc))
    check("includes point downward", wrong)


def check_cycles(sources):
    graph = {n: ["src/" + i for i in includes(n) if "src/" + i in sources] for n in sources}
    wrong, done = [], set()

    def visit(name, way):
        if name in way:
            wrong.append(" -> ".join(way[way.index(name):] + [name]))
        elif name not in done:
            for other in graph[name]:
                visit(other, way + [name])
            done.add(name)
    for name in sources:
        visit(name, [])
    check("no include goes in a circle", wrong)


def check_libraries(sources):
    for lib, (pattern, allowed) in LIBRARIES.items():
        check("%s has its place" % lib, ["%s includes it" % n for n in sources
                                        if re.search(r"#\s*include\s*" + pattern, read(n)) and not re.search(allowed, n)])


def check_descriptors(sources):
    wrong = []
    for name in sources:
        if not name.endswith(".c"):
            continue
        code = code_only(read(name))
        for call, word in CLOEXEC.items():
            for line, arguments in calls(code, call):
                if word not in arguments:
                    wrong.append("%s:%d: %s() without %s" % (name, line, call, word))
        for m in re.finditer(r'\bfopen\s*\([^;]*?"([^"]*)"\s*\)', read(name)):
            if "e" not in m.group(1):
                wrong.append('%s: fopen() with "%s", without e' % (name, m.group(1)))
    check("every descriptor is close-on-exec from birth", wrong)
    wrong = []
    for name in sources:
        code = code_only(read(name))
        for call in NEVER:
            wrong += ["%s:%d: %s()" % (name, line, call) for line, _ in calls(code, call)]
    check("no call that this house does without", wrong)


def check_paths(sources):
    wrong = []
    for name in sources:
        if not name.startswith("src/linux/"):
            continue
        code = code_only(read(name))
        for call in STRING_PATH_CALLS:
            for line, arguments in calls(code, call):
                if not arguments.strip().startswith(('"."', '"/"')):
                    wrong.append("%s:%d: %s() takes a path as a string" % (name, line, call))
    check("no path string below a rootfs", wrong)


def check_errors(sources):
    wrong = []
    for name in sources:
        if name == "src/main.c" or name.startswith("src/base/"):
            continue
        code = code_only(read(name))
        wrong += ["%s:%d" % (name, code.count("\n", 0, m.start()) + 1)
                  for m in re.finditer(r"\bfprintf\s*\(\s*stderr(?![^;]*;\s*abort\()|\bperror\s*\(|\bdprintf\s*\(\s*2\b", code)]
    check("only main.c and the log write to stderr", wrong)


def check_lengths(files):
    wrong_file, wrong_function = [], []
    for name in files:
        if not name.endswith((".c", ".h", ".py", ".sh")):
            continue
        lines = read(name).split("\n")
        if len(lines) - 1 > MAX_FILE:
            wrong_file.append("%s has %d lines" % (name, len(lines) - 1))
        if not name.endswith((".c", ".h")):
            continue
        start = None
        for i, line in enumerate(lines):
            if line == "{":
                start = i
            elif line == "}" and start is not None:
                if i - start + 1 > MAX_FUNCTION:
                    wrong_function.append("%s:%d: %d lines" % (name, start + 1, i - start + 1))
                start = None
    check("no file is longer than %d lines" % MAX_FILE, wrong_file)
    check("no function is longer than %d lines" % MAX_FUNCTION, wrong_function)


def check_names(files):
    for top in ("src", "tests"):
        seen, wrong = {}, []
        for name in files:
            if not name.startswith(top + "/") or not name.endswith((".c", ".h", ".sh")):
                continue
            base, where = os.path.basename(name), os.path.dirname(name)
            if seen.setdefault(base, where) != where:
                wrong.append("%s in %s and %s" % (base, seen[base], where))
        check("basenames are unique in %s" % top, wrong)
    check("no file name that says nothing", [n for n in files if n not in KERNEL_NAMES and
                                             os.path.basename(n).split(".")[0].lower() in FORBIDDEN_NAMES])


def check_top(files):
    tops = {n.split("/")[0] for n in files}
    check("nothing strange at the top", sorted(tops - TOP_LEVEL))


def check_tests(sources, files):
    """A test of the same name, or one that says `covers: NAME, NAME` in a comment."""
    covered = set()
    for name in files:
        if not re.match(r"^tests/(run|unit|cve|fail|json)/", name):
            continue
        if re.match(r"^tests/(run|unit)/", name):
            covered.add(os.path.basename(name).split(".")[0])
        if name.endswith((".c", ".sh")):
            for m in re.finditer(r"covers: ([a-z0-9_, ]+)", read(name)):
                covered.update(w.strip() for w in m.group(1).split(","))
    check("everything in src/linux and src/cmd has a test",
          [n for n in sources if re.match(r"^src/(linux|cmd)/.*\.c$", n) and os.path.basename(n)[:-2] not in covered])


def check_marks(files):
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    wrong = []
    for name in files:
        if name.endswith((".c", ".h", ".py", ".sh", ".json", ".md", ".build")):
            wrong += ["%s:%d" % (name, i + 1) for i, line in enumerate(read(name).split("\n")) if marks.search(line)]
    check("nothing is put off by a mark in the source", wrong)


def main():
    files = tree_files()
    sources = [n for n in files if n.startswith("src/") and n.endswith((".c", ".h"))]
    if not sources:
        check("there are sources", ["none below src/"])
    check_includes(sources)
    check_cycles(sources)
    check_libraries(sources)
    check_descriptors(sources)
    check_paths(sources)
    check_errors(sources)
    check_lengths(files)
    check_names(files)
    check_top(files)
    check_tests(sources, files)
    check_marks(files)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
