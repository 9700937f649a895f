"""A terminal that is not ours, in the standard library alone: it knows the link, sessions and the counter, nothing else of
what a terminal does, and can be given defects, one or several.   terminal.py URL [CA CERT KEY] [PINPAD]; DEFECT="NAME …"
`terminal.py --list` prints the names. PING, FIRST: seconds of idleness before a ping, of the first pause."""
import base64, hashlib, os, random, socket, ssl, struct, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from device import Device

DEFECTS = """no-reconnect no-growth hammers answers-twice swallows late wrong-counter unechoed two-connections
text-before-answer subprotocol no-origin pinpad version path same-key any-accept close-code ignores-close no-pong other-pong
unmasked keeps-dead-link xml-declaration field-order forgets-session busy-for-ever notice-as-answer wrong-result dies""".split()
MINE = {name for name in os.environ.get("DEFECT", "").split() if name in DEFECTS or sys.exit(f"there is no defect {name}")}
PING, FIRST, MOST = float(os.environ.get("PING", 20)), float(os.environ.get("FIRST", 1)), 20
has, device, asked = MINE.__contains__, Device(), 0


def answer(text):
    """The document that answers a text."""
    ask, fields = device.answer(text)
    if ask == ("ADMIN", "GET_COUNTER") and has("wrong-counter"): fields["COUNTER"] = device.counter + 1
    if has("busy-for-ever") and asked > 1:
        fields |= {"RESPONSE_TEXT": "Device is busy", "RESULT": "BUSY", "RESULT_CODE": 59002, "TERMINATION_STATUS": "FAILURE"}
    if has("notice-as-answer"):
        fields = {"RESPONSE_TEXT": "CARD INSERTED", "RESULT": "OK", "RESULT_CODE": 20, "TERMINATION_STATUS": "SUCCESS"}
    if has("wrong-result"): fields["RESULT"] = "FINE"
    if has("unechoed"): fields.pop("COUNTER", None)
    lines = [f"  <{name}>{value}</{name}>" for name, value in fields.items()][:: -1 if has("field-order") else 1]
    return "\n".join(["<?xml version=\"1.0\"?>"] * has("xml-declaration") + ["<RESPONSE>", *lines, "</RESPONSE>"])


class Link:
    """A connection: TCP, TLS, the upgrade, then frames."""

    def __init__(self, url, ca="", cert="", key="", pinpad="1"):
        scheme, where = url.split("://")
        host, port = where.rsplit(":", 1)
        self.line, self.read, self.waits = socket.create_connection((host, int(port)), 10), b"", False
        if scheme == "wss":
            context = ssl.create_default_context(cafile=ca)
            context.load_cert_chain(cert, key) if cert else None
            self.line = context.wrap_socket(self.line, server_hostname=host)
        nonce = base64.b64encode(b"0" * 16 if has("same-key") else os.urandom(16)).decode()
        head = [f"GET /{'sci' * has('path')} HTTP/1.1", "Pragma: no-cache", "Cache-Control: no-cache", f"Host: {where}"]
        head += [f"Origin: http{scheme[2:]}://{where}"] * (not has("no-origin")) + ["Upgrade: websocket", "Connection: Upgrade"]
        head += [f"Sec-WebSocket-Key: {nonce}", f"Sec-WebSocket-Protocol: {'chat' if has('subprotocol') else 'sci'}"]
        head += [f"Sec-WebSocket-Version: {8 if has('version') else 13}", f"x-vfi-pinpad-id: {99 if has('pinpad') else pinpad}"]
        self.line.sendall("\r\n".join([*head, "", ""]).encode())
        if has("text-before-answer"): self.say(1, answer("").encode())
        while b"\r\n\r\n" not in self.read and len(self.read) < 65536: self.hear()
        told, _, self.read = self.read.partition(b"\r\n\r\n")
        first, *others = told.decode("latin-1").split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (other.partition(":") for other in others)}
        mine = base64.b64encode(hashlib.sha1(nonce.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        told = (first.split(" ")[:2], found.get("upgrade", "").lower(), found.get("connection", "").lower().count("upgrade"))
        is_mine = found.get("sec-websocket-accept") == mine or has("any-accept")
        if told != (["HTTP/1.1", "101"], "websocket", 1) or not is_mine or "sec-websocket-extensions" in found:
            raise OSError(f"refused: {first}")

    def hear(self):
        more = self.line.recv(65536)
        if not more: raise OSError("the broker has hung up")
        self.read += more

    def take(self, size):
        """So many bytes; while none come, a ping, and then no more patience."""
        while len(self.read) < size:
            self.line.settimeout(PING / (2 if self.waits else 1))
            try:
                self.hear()
                self.waits = False
            except TimeoutError:
                if self.waits and not has("keeps-dead-link"): raise OSError("no pong") from None
                self.waits = True
                self.say(9, b"?")
        taken, self.read = self.read[:size], self.read[size:]
        return taken

    def say(self, opcode, data):
        size, mask = len(data), b"\0\0\0\0" if has("unmasked") else os.urandom(4)
        length = struct.pack("!B", size) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ", 127, size)
        masked = length if has("unmasked") else bytes([length[0] | 128]) + length[1:] + mask
        self.line.sendall(bytes([128 | opcode]) + masked + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def converse(self):
        """Answers what comes until there is a close."""
        global asked
        text = b""
        while True:
            first, size = self.take(2)
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big") if size > 125 else size
            data, opcode = self.take(size), first & 15
            if opcode == 8 and not has("ignores-close"):
                return self.say(8, b"\x03\xea" if has("close-code") or len(data) == 1 else data[:2])
            if opcode == 9 and not has("no-pong"): self.say(10, b"pong" if has("other-pong") else data)
            if opcode > 2: continue
            text += data
            if first < 128: continue
            asked += 1
            if has("dies"): print("the printer is on fire", flush=True), os._exit(3)
            said, text = answer(text).encode(), b""
            if has("late"): time.sleep(33)
            for _ in range(0 if has("swallows") and asked == 2 else 2 if has("answers-twice") else 1): self.say(1, said)


def main(*words):
    pause, links, known = FIRST, [], 0
    while True:
        try:
            links.append(Link(*words))
            if has("two-connections") and len(links) == 1: links.insert(0, Link(*words))
            links[-1].converse()
        except (OSError, ValueError) as why:
            print(f"lost: {why!r}", flush=True)
        for link in [] if has("two-connections") else links: link.line.close()
        links, device.session = links if has("two-connections") else [], device.session and not has("forgets-session")
        pause, known = (FIRST if asked > known else pause), asked
        time.sleep(1e6 if has("no-reconnect") else 0.01 if has("hammers") else pause * random.uniform(1, 1.3))
        pause = pause if has("no-growth") else min(pause * 2, MOST)


print(*DEFECTS, sep="\n") if "--list" in sys.argv else main(*sys.argv[1:])
