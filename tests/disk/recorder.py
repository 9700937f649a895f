"""A recorder on a disk of 16 KiB: what passes through it goes on passing, and what stands is a scenario. Arguments: the
program, an empty folder that is the small disk."""

import base64
import hashlib
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading

PROGRAM, SMALL = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
ASKED = b"<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE><COMMAND>GET_COUNTER</COMMAND></TRANSACTION>"
ANSWER = b"<RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE><COUNTER>1</COUNTER></RESPONSE>"


def head(file):
    lines = iter(file.readline, b"\r\n")
    return b"".join(lines).decode()


def frame(payload, mask):
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack(">H", len(payload))
    if not mask:
        return b"\x81" + size + payload
    return b"\x81" + bytes([size[0] | 0x80]) + size[1:] + bytes(4) + payload


def take(file):
    first = file.read(2)
    if len(first) < 2:
        return None
    size = first[1] & 0x7F
    if size == 126:
        size = struct.unpack(">H", file.read(2))[0]
    if first[1] & 0x80:
        file.read(4)
    return file.read(size)


def broker(listener):
    stream, _ = listener.accept()
    file = stream.makefile("rwb")
    key = re.search(r"(?i)sec-websocket-key: *(\S+)", head(file)).group(1)
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    file.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    file.write(f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: sci\r\n\r\n".encode())
    file.flush()
    for _ in range(400):
        file.write(frame(ASKED, False))
        file.flush()
        if take(file) != ANSWER:
            return
    file.write(b"\x88\x02\x03\xe8")
    file.flush()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=broker, args=(listener,), daemon=True).start()
    to = f"ws://127.0.0.1:{listener.getsockname()[1]}"
    command = [PROGRAM, "record", "--listen", "127.0.0.1:0", "--to", to, "--out", SMALL / "out"]
    recorder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)\s*$", recorder.stdout.readline()).group(1))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as terminal:
        file = terminal.makefile("rwb")
        file.write(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
        file.write(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sci\r\nx-vfi-pinpad-id: 1\r\n\r\n")
        file.flush()
        head(file)
        passed = 0
        while (asked := take(file)) == ASKED:
            file.write(frame(ANSWER, True))
            file.flush()
            passed += 1
    recorder.terminate()
    said, complained = recorder.communicate(timeout=20)
    if passed != 400 or asked != b"\x03\xe8":
        sys.exit(f"{passed} of 400 requests came through: {said}{complained}")
    if "No space left" not in said or recorder.returncode != 4:
        sys.exit(f"the recorder said {recorder.returncode}: {said}{complained}")
    valid = subprocess.run([PROGRAM, "check", SMALL / "out"], capture_output=True, text=True)
    if valid.returncode != 0:
        sys.exit(f"what stands is no scenario: {valid.stderr}")
    for path in sorted((SMALL / "out").glob("*.sca")):
        last = path.read_text().rsplit("\n", 2)
        if last[-1] or not re.search(r"  (re|as) q\d+$|RESULT_CODE=-1\b", last[-2]):
            sys.exit(f"the last line of {path.name} is not whole: {last[-2]!r}")
    print("a recorder on a full disk: 400 requests passed on, and what stands is a scenario")


main()
