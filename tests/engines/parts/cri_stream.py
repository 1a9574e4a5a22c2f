"""A stream of Kubernetes' Container Runtime Interface for shell scripts: cri_stream.py PROTOCOL URL ACTION...

Speaks with the server whose address Exec, Attach and PortForward have given: PROTOCOL is spdy, which the kubelet speaks for
kubectl, or a WebSocket's, such as v4.channel.k8s.io. What comes goes to stdout and stderr; the exit status is the command's,
or 255 where the error channel says something else, which goes to stderr. The actions are done in order, then all is read
until the server closes:
  port:N          first: it is that port of a pod
  tty             first: with a terminal
  size:COLSxROWS  of the terminal
  send:TEXT       to stdin, or through the forwarded port (\\n and such as in Python)
  bytes:N         so many zeros
  await:REGEX     until that has come on stdout, after what was awaited before
  end             of stdin (SPDY alone can say so)
  drop            ends the connection, as one who goes away
Of Debian's package python3-websocket."""
import json
import re
import socket
import struct
import sys
import urllib.parse
import zlib

import websocket

STDIN, STDOUT, STDERR, ERROR, RESIZE = "stdin", "stdout", "stderr", "error", "resize"
DATA = "data"  # of a port, both ways


class WebSocket:
    """Each message begins with the number of its channel."""

    def __init__(self, protocol, url, port):
        self.channels = [DATA, ERROR] if port else [STDIN, STDOUT, STDERR, ERROR, RESIZE]
        # Each channel of a port begins with the port's number.
        self.skip = {channel: 2 if port else 0 for channel in self.channels}
        self.socket = websocket.create_connection(url.replace("http:", "ws:", 1) + (f"?port={port}" if port else ""),
                                                  subprotocols=[protocol], timeout=30)

    def write(self, channel, data):
        self.socket.send_binary(bytes([self.channels.index(channel)]) + data)

    def read(self):
        try:
            opcode, message = self.socket.recv_data()
        except websocket.WebSocketConnectionClosedException:
            return None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return None
        channel = self.channels[message[0]]
        data = message[1 + self.skip[channel]:]
        self.skip[channel] = 0
        return channel, data

    def close(self):
        self.socket.close()


class Spdy:
    """SPDY 3.1, as far as moby's spdystream does it: no flow control. The headers are compressed without the dictionary."""

    CONTROL, SYN_STREAM, RST_STREAM = 0x80030000, 1, 3
    FIN = 1  # a flag

    def __init__(self, url, port, tty):
        place = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((place.hostname, place.port), timeout=30)
        self.file = self.socket.makefile("rb")
        protocol = "portforward.k8s.io" if port else "v4.channel.k8s.io"
        self.socket.sendall(f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: Upgrade\r\n"
                            f"Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {protocol}\r\n\r\n".encode())
        status = self.file.readline().decode()
        while self.file.readline().strip():
            pass
        if " 101 " not in status:
            raise SystemExit(f"no SPDY: {status}")
        self.zlib = zlib.compressobj()
        self.channels = [ERROR, DATA] if port else [ERROR, STDIN, STDOUT, RESIZE if tty else STDERR]
        self.open = {ERROR, DATA} if port else {ERROR}
        for channel in self.channels:
            self.open_stream(channel, {"port": str(port), "requestid": "0"} if port else {})

    def open_stream(self, channel, headers):
        pairs = {"streamtype": channel, **headers}
        block = struct.pack(">I", len(pairs))
        for word in (word.encode() for pair in pairs.items() for word in pair):
            block += struct.pack(">I", len(word)) + word
        block = self.zlib.compress(block) + self.zlib.flush(zlib.Z_SYNC_FLUSH)
        frame = struct.pack(">IIH", self.number(channel), 0, 0) + block
        self.socket.sendall(struct.pack(">II", self.CONTROL | self.SYN_STREAM, len(frame)) + frame)

    def number(self, channel):
        return 2 * self.channels.index(channel) + 1

    def write(self, channel, data, flags=0):
        self.socket.sendall(struct.pack(">II", self.number(channel), flags << 24 | len(data)) + data)

    def end(self, channel):
        self.write(channel, b"", self.FIN)

    def read(self):
        while self.open:
            header = self.file.read(8)
            if len(header) < 8:
                break
            number, rest = struct.unpack(">II", header)
            data = self.file.read(rest & 0xffffff)
            if number == self.CONTROL | self.RST_STREAM:
                self.open.discard(self.channels[struct.unpack(">I", data[:4])[0] // 2])
            if number >> 31:  # what else controls answers what was opened
                continue
            channel = self.channels[number // 2]
            if rest >> 24 & self.FIN:
                self.open.discard(channel)
            return channel, data
        return None

    def close(self):
        self.socket.close()
        self.file.close()


class Stream:
    def __init__(self, protocol, url, actions):
        port = next((int(action[5:]) for action in actions if action.startswith("port:")), None)
        self.channel = Spdy(url, port, "tty" in actions) if protocol == "spdy" else WebSocket(protocol, url, port)
        self.input = DATA if port else STDIN
        self.stdout = b""
        self.awaited = 0  # in stdout
        self.error = b""

    def read(self):
        """One message; False where the server has closed."""
        message = self.channel.read()
        if message is None:
            return False
        channel, data = message
        if channel == ERROR:
            self.error += data
        elif channel == STDERR:
            sys.stderr.buffer.write(data)
        else:
            self.stdout += data
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return True

    def wait_for(self, regex):
        while not (match := re.compile(regex.encode()).search(self.stdout, self.awaited)):
            if not self.read():
                raise SystemExit(f"closed before /{regex}/ has come: {self.stdout!r} {self.error!r}")
        self.awaited = match.end()

    def act(self, action):
        verb, _, word = action.partition(":")
        if verb == "size":
            columns, rows = word.split("x")
            self.channel.write(RESIZE, json.dumps({"Width": int(columns), "Height": int(rows)}).encode())
        elif verb == "send":
            self.channel.write(self.input, word.encode().decode("unicode_escape").encode())
        elif verb == "bytes":
            for _ in range(int(word) // 4096):
                self.channel.write(self.input, bytes(4096))
        elif verb == "await":
            self.wait_for(word)
        elif verb == "end":
            self.channel.end(self.input)
        elif verb == "drop":
            self.channel.close()
            raise SystemExit(0)
        elif verb not in ("port", "tty"):
            raise SystemExit(f"what is {action}?")

    def status(self):
        try:
            result = json.loads(self.error)
        except ValueError:  # a forwarded port's, and that of the protocols before v4, is plain text
            result = {"status": "Failure" if self.error else "Success", "message": self.error.decode()}
        if result["status"] == "Success":
            return 0
        if result.get("reason") == "NonZeroExitCode":
            return int(next(cause["message"] for cause in result["details"]["causes"] if cause["reason"] == "ExitCode"))
        print(result["message"], file=sys.stderr)
        return 255


def main(protocol, url, *actions):
    stream = Stream(protocol, url, actions)
    for action in actions:
        stream.act(action)
    while stream.read():
        pass
    return stream.status()


sys.exit(main(*sys.argv[1:]))
