"""What CRI-O itself does with conmon, for shell scripts.

crio.py conmon ARG...           starts conmon as CRI-O does, with a pipe to begin and one for the answer, which is printed
crio.py attach SOCKET ACTION... to conmon's socket: send:TEXT; await:REGEX of the output so far; end, of what is sent"""
import os
import re
import socket
import subprocess
import sys


def conmon(*args):
    answer, sync = os.pipe()
    begin, start = os.pipe()
    # The rest of the environment is conmon_env of crio.conf, whose default is a PATH.
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   "_OCI_SYNCPIPE": str(sync), "_OCI_STARTPIPE": str(begin)}
    process = subprocess.Popen(["conmon", *args], pass_fds=(sync, begin), env=environment, stdin=subprocess.DEVNULL)
    os.close(sync)
    os.close(begin)
    os.write(start, b"\0")
    os.close(start)
    process.wait()
    with os.fdopen(answer) as file:
        print(file.readline().strip())


def attach(path, *actions):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(30)
    connection.connect(path)
    output = b""
    for action in actions:
        verb, _, word = action.partition(":")
        if verb == "send":
            connection.send(word.encode().decode("unicode_escape").encode())
        elif verb == "end":
            connection.shutdown(socket.SHUT_WR)
        while verb == "await" and not re.search(word.encode(), output):
            packet = connection.recv(8193)
            if not packet:
                sys.exit(f"closed before /{word}/ has come: {output!r}")
            output += packet[1:]  # the first byte says which of the streams
    sys.stdout.buffer.write(output)


{"conmon": conmon, "attach": attach}[sys.argv[1]](*sys.argv[2:])
