#!/usr/bin/env python3
"""A systemd of which nothing is there but its socket: greets, and answers each question with the string "/".

    tests/fake_systemd.py SOCKET

It is for hosts whose real one cannot be had, such as one with cgroup v1: what comes after the first answer is of no matter there.
"""
import socket
import struct
import sys


def padded(data):
    """Up to the next multiple of 8, as the header of a message is."""
    return data + b"\0" * (-len(data) % 8)


def answer(serial):
    """The reply to message `serial`: a variant that holds the string "/"."""
    body = b"\x01s\0" + b"\0" + struct.pack("<I", 1) + b"/\0"
    fields = b"\x05\x01u\0" + struct.pack("<I", serial) + b"\x08\x01g\0\x01v\0"
    return padded(struct.pack("<cBBBIII", b"l", 2, 0, 1, len(body), serial, len(fields)) + fields) + body


def main():
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    with server.accept()[0] as client, client.makefile("rb") as words:
        while words.readline() != b"BEGIN\r\n":
            pass
        client.sendall(b"DATA\r\nOK 00000000000000000000000000000000\r\n")
        while header := words.read(16):
            body, serial, fields = struct.unpack("<III", header[4:])
            words.read(fields + -fields % 8 + body)
            client.sendall(answer(serial))


if __name__ == "__main__":
    main()
