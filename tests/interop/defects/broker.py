"""A broker that is not ours, in the standard library alone: terminals at /, a POS for each at /pos/PINPAD-ID. It can be given
defects, one or several.   broker.py PORT [CA CERT KEY]; DEFECT="NAME …"; `broker.py --list` prints the names."""
import base64, hashlib, os, socketserver, ssl, struct, sys, threading, time

DEFECTS = """drops duplicates misroutes swaps mangles rewraps no-pong wrong-accept no-subprotocol other-subprotocol
delays all-pos loses-requests hangs-up falls-silent greets masks registers-late""".split()
MINE = {name for name in os.environ.get("DEFECT", "").split() if name in DEFECTS or sys.exit(f"there is no defect {name}")}
has, terminals, tills, lock, heard, held = MINE.__contains__, {}, {}, threading.RLock(), {}, {}


class Peer(socketserver.BaseRequestHandler):
    """A terminal or a POS, on a thread of its own."""

    def setup(self):
        self.line, self.read, self.pinpad = self.request, b"", None
        if len(files) == 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files[1], files[2])
            context.load_verify_locations(files[0])
            context.verify_mode = ssl.CERT_REQUIRED
            self.line = context.wrap_socket(self.line, server_side=True)

    def take(self, size=0, until=b""):
        while len(self.read) < size or (until and until not in self.read):
            more = self.line.recv(65536)
            if not more: raise OSError("gone")
            self.read += more
        size = self.read.index(until) + len(until) if until else size
        taken, self.read = self.read[:size], self.read[size:]
        return taken

    def say(self, opcode, data):
        size, mask = len(data), b"\1\2\3\4" if has("masks") else b""
        first = (128 if mask else 0) | (size if size < 126 else 126 if size < 65536 else 127)
        length = b"" if size < 126 else struct.pack("!H" if size < 65536 else "!Q", size)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(data)) if mask else data
        try:
            with lock: self.line.sendall(bytes([128 | opcode, first]) + length + mask + data)
        except OSError:
            pass

    def handle(self):
        try:
            self.converse()
        except (OSError, ValueError, IndexError):
            pass
        with lock:
            if terminals.get(self.pinpad) is self: del terminals[self.pinpad]
            tills.get(self.pinpad, set()).discard(self)

    def is_there(self, is_till):
        with lock: tills.setdefault(self.pinpad, set()).add(self) if is_till else terminals.update({self.pinpad: self})

    def converse(self):
        first, *others = self.take(until=b"\r\n\r\n").decode("latin-1").strip().split("\r\n")
        asked = {name.lower(): value.strip() for name, _, value in (other.partition(":") for other in others)}
        path = first.split(" ")[1]
        is_till, self.pinpad = path.startswith("/pos/"), path[5:] if path.startswith("/pos/") else asked.get("x-vfi-pinpad-id", "")
        accept = hashlib.sha1(asked["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        accept = base64.b64encode(b"0" * 20 if has("wrong-accept") and not is_till else accept).decode()
        head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        if "sci" in asked.get("sec-websocket-protocol", "") and (is_till or not has("no-subprotocol")):
            head.append(f"Sec-WebSocket-Protocol: {'chat' if has('other-subprotocol') and not is_till else 'sci'}")
        late = has("registers-late") and not is_till
        with lock:
            self.line.sendall("\r\n".join([*head, "", ""]).encode())
            if not late: self.is_there(is_till)
        if late: time.sleep(0.3), self.is_there(is_till)
        if has("greets") and not is_till: self.say(1, b"<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND></TRANSACTION>")
        text = b""
        while True:
            first, size = self.take(2)
            size, masked = size & 127, size & 128
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big") if size > 125 else size
            mask = self.take(4) if masked else b"\0" * 4
            data, opcode = bytes(b ^ mask[i % 4] for i, b in enumerate(self.take(size))), first & 15
            if opcode == 8: return self.say(8, data[:2])
            if opcode == 9 and (is_till or not has("no-pong")): self.say(10, data)
            if opcode > 2: continue
            text += data
            if first > 127: text = (to_terminal if is_till else to_tills)(self.pinpad, text) or b""


def to_terminal(pinpad, text):
    """What a POS says."""
    with lock:
        heard[pinpad, 0] = heard.get((pinpad, 0), 0) + 1
        to = terminals.get(pinpad)
    if to and not (has("loses-requests") and heard[pinpad, 0] % 2 == 0): to.say(1, text)


def to_tills(pinpad, text):
    """What a terminal says."""
    with lock:
        number = heard[pinpad, 1] = heard.get((pinpad, 1), 0) + 1
        mine = [till for name, all in tills.items() for till in all if (name == pinpad) != has("misroutes") or has("all-pos")]
    if has("drops") and number % 2 == 0: return
    if has("falls-silent") and number > 1: return time.sleep(3600)
    if has("hangs-up") and number == 2: return terminals[pinpad].line.shutdown(2)
    if has("delays"): time.sleep(8)
    if has("mangles"): text = text.decode("latin-1").encode("utf-8")
    if has("rewraps"): text = b"".join(part.strip() for part in text.split(b"\n"))
    if has("swaps") and number % 2 == 1:
        held[pinpad] = text
        return threading.Timer(1, let_go, [pinpad, mine]).start()
    for till in mine * (2 if has("duplicates") else 1): till.say(1, text)
    let_go(pinpad, mine)


def let_go(pinpad, mine):
    with lock: text = held.pop(pinpad, None)
    for till in mine if text else []: till.say(1, text)


if "--list" in sys.argv: sys.exit(print(*DEFECTS, sep="\n"))
port, *files = sys.argv[1:]
socketserver.ThreadingTCPServer.allow_reuse_address = socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", int(port)), Peer) as server:
    print(f"listening: Python {sys.version.split()[0]}, port {server.server_address[1]}", flush=True)
    server.serve_forever()
