#!/usr/bin/env python3
"""A CRIU that only writes down what it is asked: `fake_criu.py swrk FD`.

Each member of each request becomes a line `TYPE MEMBER=VALUE` of $FAKE_CRIU_LOG (a member of an inner message: `MEMBER.INNER`). It
answers that it has done what it was asked, a restore that it could not. $FAKE_CRIU_VERSION: "MAJOR MINOR" of what it says to be;
$FAKE_CRIU_FEATURES: 0 where the kernel can nothing.
"""

import os
import socket
import sys

TYPES = {1: "DUMP", 2: "RESTORE", 4: "PRE_DUMP", 6: "NOTIFY", 9: "FEATURE_CHECK", 10: "VERSION"}
MESSAGES = {11, 25, 27, 39}  # members of the options that are messages themselves


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def members(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value = data[at:at + length]
            assert len(value) == length, "a string that is cut short"
            at += length
        else:
            raise AssertionError("kind %d" % (key & 7))
        yield key >> 3, value


def show(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def number(member, value):
    assert value < 128
    return bytes([member << 3, value])


def message(member, data):
    return bytes([member << 3 | 2, len(data)]) + data


def answer(kind):
    success = number(1, kind) + number(2, 1)
    if kind == 10:
        major, minor = os.environ.get("FAKE_CRIU_VERSION", "4 2").split()
        return success + message(10, number(1, int(major)) + number(2, int(minor)))
    if kind == 9:
        known = int(os.environ.get("FAKE_CRIU_FEATURES", "1"))
        return success + message(8, number(1, known) + number(2, known))
    if kind == 2:
        return number(1, kind) + number(2, 0) + number(7, 2)
    return success


def main():
    sock = socket.socket(fileno=int(sys.argv[2]))
    while True:
        data = sock.recv(1 << 20)
        if not data:
            return
        request = dict(members(data))
        kind = request[1]
        with open(os.environ["FAKE_CRIU_LOG"], "a") as log:
            for member, value in members(request.get(2, b"")):
                if member in MESSAGES:
                    value = ",".join("%d.%s" % (m, show(v)) for m, v in members(value))
                log.write("%s %d=%s\n" % (TYPES[kind], member, show(value)))
        sock.send(answer(kind))


main()
