"""Files of packets, written byte by byte: with gaps, begun late, of both sides of a broker, of the classic ports. `sca-sim
import` reads them through tshark; what it makes of each has to play, and to say what is missing.
"""

import base64
import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
KEY = "fg8IQ1zNVtTDILSUkjwnKA=="
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
ASKS = (
    f"GET / HTTP/1.1\r\nHost: 10.0.0.1\r\nOrigin: http://10.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: sci\r\nSec-WebSocket-Version: 13\r\nx-vfi-pinpad-id: 7\r\n\r\n"
)
AS_POS = ASKS.replace("GET / ", "GET /pos/7 ").replace("x-vfi-pinpad-id: 7\r\n", "")
ANSWERS = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
)
FIN, SYN, RESET, PUSH, ACK = 1, 2, 4, 8, 16
MASK = b"\x11\x22\x33\x44"


class Packets:
    def __init__(self):
        self.all = []

    def write(self, path, without=(), longest=262144):
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
        with open(path, "wb") as file:
            file.write(head)
            for number, (at, packet) in enumerate(self.all):
                if number not in without:
                    micros = round(at * 1e6)
                    size = len(packet)
                    kept = packet[:longest]
                    file.write(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(kept), size) + kept)


class Connection:
    """A TCP connection between a client (side 0) and a server (side 1)."""

    def __init__(self, packets, client=("10.0.0.7", 40000), server=("10.0.0.1", 80)):
        self.packets, self.ends, self.next = packets, (client, server), [1000, 5000]

    def sends(self, at, side, flags, data=b""):
        (source, from_port), (target, to_port) = self.ends[side], self.ends[1 - side]
        numbers = self.next[side], self.next[1 - side]
        tcp = struct.pack("!HHIIBBHHH", from_port, to_port, *numbers, 5 << 4, flags, 65535, 0, 0) + data
        addresses = [bytes(map(int, address.split("."))) for address in (source, target)]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, *addresses)
        self.packets.all.append((1_700_000_000 + at, b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + ip + tcp))
        self.next[side] += len(data) + bool(flags & (SYN | FIN))

    def opens(self, at):
        self.sends(at, 0, SYN), self.sends(at + 0.01, 1, SYN | ACK), self.sends(at + 0.02, 0, ACK)

    def says(self, at, side, data):
        self.sends(at, side, PUSH | ACK, data if isinstance(data, bytes) else data.encode())

    def upgrades(self, at, asks=ASKS):
        self.opens(at), self.says(at + 0.1, 0, asks), self.says(at + 0.2, 1, ANSWERS)


def frame(text, masked=False):
    data = text.encode()
    head = bytes([0x81]) + (
        bytes([masked << 7 | len(data)]) if len(data) < 126 else bytes([masked << 7 | 126]) + struct.pack("!H", len(data))
    )
    if masked:
        head, data = head + MASK, bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data))
    return head + data


def asks(counter, more=""):
    return (
        f"<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><COUNTER>{counter}</COUNTER>{more}"
        "</TRANSACTION>"
    )


def says(counter):
    return (
        "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>"
        f"<TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS><COUNTER>{counter}</COUNTER></RESPONSE>"
    )


FOLDER = pathlib.Path(tempfile.mkdtemp())


def becomes(name, packets, code, has=(), has_not=(), said=(), without=(), parts=1, longest=262144, times=None):
    """Imports packets, and plays what comes of them."""
    file, out = FOLDER / f"{name}.pcap", FOLDER / name
    packets.write(file, without, longest)
    done = subprocess.run([PROGRAM, "import", file, "--out", out], capture_output=True, text=True, timeout=120)
    texts = [path.read_text() for path in sorted(out.glob("*.sca"))]
    text = "\n".join(texts)
    wrong = [f"exit {done.returncode}, not {code}"] if done.returncode != code else []
    wrong += [f"{len(texts)} scenarios, not {parts}"] if len(texts) != parts else []
    wrong += [f"not told: {one}" for one in said if one not in done.stderr]
    wrong += [f"missing: {one}" for one in has if one not in text]
    wrong += [f"invented: {one}" for one in has_not if one in text]
    if times and text.count(times[0]) != times[1]:
        wrong.append(f"{times[0]} {text.count(times[0])} times, not {times[1]}")
    played = subprocess.run([PROGRAM, "run", out], capture_output=True, text=True, timeout=120, cwd=FOLDER)
    wrong += [f"it does not play\n{played.stderr}"] if played.returncode else []
    if wrong:
        raise SystemExit(f"FAILED: {name}: " + "; ".join(wrong) + f"\n{done.stderr}\n{text}")
    print(f"passed: packets: {name.replace('-', ' ')}")


def talk(packets):
    connection = Connection(packets)
    connection.upgrades(0)
    for number in range(1, 6):
        connection.says(number, 1, frame(asks(number)))
        answer = frame(says(number), masked=True)
        connection.says(number + 0.1, 0, answer[:60])
        connection.says(number + 0.11, 0, answer[60:])
    connection.sends(10, 1, RESET)
    return packets


INVENTED = ("sent an invalid frame", "notice", "close", "cannot parse the rest")
becomes("nothing-missing", talk(Packets()), 0, has=["re q5", "fault reset"], has_not=INVENTED)
for number in range(5, 20):
    # A segment of the broker, or the first or the second of an answer.
    is_of_broker = (number - 5) % 3 == 0
    missing = "from the broker" if is_of_broker else "from the terminal"
    if number == 19:
        # Nothing of the terminal comes behind it: that it is missing nobody can see.
        continue
    becomes(
        f"segment-{number}-missing", talk(Packets()), 1, without=[number], has_not=INVENTED,
        has=["the capture has a gap here", missing, "fault reset", *(["COUNTER=5"] if number != 17 else [])],
        said=["are missing in the capture", "1 part of"], times=("RESPONSE_TEXT=", 4),
    )

# What is longer than the capture keeps of a packet has a gap at its end.
becomes(
    "packets-cut-short", talk(Packets()), 1, longest=230, has=["the capture has a gap here"], has_not=INVENTED,
    said=["part"],
)

secret = Packets()
connection = Connection(secret)
connection.upgrades(0, ASKS.replace("Host:", "Authorization: Basic dGlsbDpodW50ZXIy\r\nX-Extra: Bearer abcdef012345\r\nHost:"))
connection.says(1, 1, frame(asks(1))), connection.says(1.1, 0, frame(says(1), masked=True))
becomes("an-upgrade-with-credentials", secret, 0, has=["re q1"], has_not=["dGlsbDpodW50ZXIy", "abcdef012345", *INVENTED])

late = Packets()
connection = Connection(late)
connection.next = [77_777, 99_999]
connection.says(1, 1, frame(asks(7)))
connection.says(1.1, 0, frame(says(7), masked=True))
connection.sends(3, 1, RESET)
becomes("begun-within-a-connection", late, 0, has=["begins within", "COUNTER=7", "fault reset"], has_not=["attempts", *INVENTED])

port = Packets()
terminal, pos = Connection(port), Connection(port, client=("10.0.0.50", 50_000))
terminal.upgrades(0), pos.upgrades(0.3, AS_POS)
for number in range(1, 4):
    pos.says(number, 0, frame(asks(number), masked=True)), terminal.says(number + 0.01, 1, frame(asks(number)))
    terminal.says(number + 0.1, 0, frame(says(number), masked=True)), pos.says(number + 0.11, 1, frame(says(number)))
pos.sends(5, 0, FIN | ACK), terminal.sends(6, 1, RESET)
becomes("both-sides-of-a-broker", port, 0, has=["+6.000 fault reset"], has_not=["+5.000", *INVENTED], said=["is a POS"])

till = Packets()
pos = Connection(till, client=("10.0.0.50", 50_000))
pos.upgrades(0, AS_POS)
for number in range(1, 4):
    pos.says(number, 0, frame(asks(number), masked=True)), pos.says(number + 0.11, 1, frame(says(number)))
pos.sends(5, 0, FIN | ACK)
becomes("the-side-of-a-pos", till, 0, has=["VERSION COUNTER=3"], has_not=["fault", *INVENTED])

twice = Packets()
for number in (0, 1):
    connection = Connection(twice, client=("10.0.0.7", 40_000 + number))
    connection.upgrades(20 * number)
    connection.says(20 * number + 1, 1, frame(asks(number + 1)))
    connection.says(20 * number + 1.1, 0, frame(says(number + 1), masked=True))
becomes("two-connections-without-an-end", twice, 0, has=["part 2 of 2", "is not in the capture"], has_not=["fault", *INVENTED], parts=2)

classic = Packets()
signed = "<MAC>YWJjZA==</MAC><MAC_LABEL>REG7</MAC_LABEL>"
first = Connection(classic, client=("10.0.0.50", 50_000), server=("10.0.0.7", 5015))
first.opens(0)
first.says(1, 0, asks(57, signed)), first.says(1.1, 1, says(57))
request = asks(58, signed)
first.says(2, 0, request[:20]), first.says(2.01, 0, request[20:]), first.says(2.1, 1, says(58))
first.sends(5, 0, FIN | ACK)
second = Connection(classic, client=("10.0.0.50", 50_001), server=("10.0.0.7", 5016))
second.opens(6)
second.says(6.1, 0, "<TRANSACTION><FUNCTION_TYPE>SECONDARYPORT</FUNCTION_TYPE><COMMAND>STATUS</COMMAND></TRANSACTION>")
second.says(
    6.2, 1, "<RESPONSE><RESPONSE_TEXT>Operation SUCCESSFUL</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>"
    "<TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS><SECONDARY_DATA>10</SECONDARY_DATA></RESPONSE>",
)
second.sends(7, 1, FIN | ACK)
becomes(
    "the-classic-ports", classic, 0,
    has=["POSCONNECTALLOW ETHERNET", 'MAC="{{mac}}"', "SECURITY REGISTER", "SECONDARYPORT STATUS", "re q3"],
    has_not=["REG7", "YWJjZA", "connects", *INVENTED],
)
