"""A POS that is not ours on the terminal's classic ports: plain sockets, RSA and AES by openssl, HMAC by hashlib.

It registers, proves its MAC, is refused a replay, sells with a card that is tapped, cancels on the secondary port, and
speaks encrypted; the payment host is `sca-sim host`. Waits for events with deadlines, never for a length of time.
"""

import base64
import hashlib
import hmac
import os
import re
import signal
import socket
import subprocess
import tempfile

from process import DEADLINE, PROGRAM, Process


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def check(holds, what):
    if not holds:
        raise SystemExit(f"FAILED: {what}")


class Port:
    """One classic port: a document out, a document in."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.settimeout(DEADLINE)
        self.waiting = b""

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self, root="RESPONSE"):
        end = f"</{root}>".encode()
        while end not in self.waiting:
            more = self.socket.recv(4096)
            check(more, f"the terminal hung up after {self.waiting!r}")
            self.waiting += more
        at = self.waiting.index(end) + len(end)
        text, self.waiting = self.waiting[:at], self.waiting[at:]
        return text.decode()


def fields(text):
    return dict(re.findall(r"<([A-Z_]+)>([^<]*)</\1>", text))


def request(kind, command, **more):
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (f"<TRANSACTION><FUNCTION_TYPE>{kind}</FUNCTION_TYPE><COMMAND>{command}</COMMAND>{inside}</TRANSACTION>")


class Pos:
    """Keys and counter of one registration."""

    def __init__(self, label, key):
        self.label, self.key, self.counter = label, key, 0

    def signed(self, kind, command, counter=None, **more):
        self.counter += 1
        counter = counter or self.counter
        mac = hmac.new(self.key, str(counter).encode(), hashlib.sha256).digest()
        return request(kind, command, COUNTER=counter, MAC_LABEL=self.label,
                       MAC=base64.b64encode(mac).decode(), **more)

    def crypt(self, data, iv, *how):
        return openssl("enc", "-aes-128-cbc", *how, "-K", self.key.hex(), "-iv", iv.hex(), data=data)

    def sealed(self, text):
        iv = os.urandom(16)
        payload = base64.b64encode(self.crypt(text.encode(), iv, "-e")).decode()
        return (f"<ETRANSACTION><MAC_LABEL>{self.label}</MAC_LABEL><IV>{base64.b64encode(iv).decode()}</IV>"
                f"<PAYLOAD>{payload}</PAYLOAD></ETRANSACTION>")

    def opened(self, text):
        packet = fields(text)
        return self.crypt(base64.b64decode(packet["PAYLOAD"]), base64.b64decode(packet["IV"]), "-d").decode()


def main():
    with tempfile.TemporaryDirectory() as folder:
        private = os.path.join(folder, "pos.pem")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
        public = base64.b64encode(openssl("pkey", "-in", private, "-pubout", "-outform", "DER")).decode()

        def unseal(sealed, *padding):
            return openssl("pkeyutl", "-decrypt", "-inkey", private, *padding, data=base64.b64decode(sealed))

        host = Process(PROGRAM, "host", "--listen", "127.0.0.1:0")
        place = host.wait_for("where it listens", lambda line: "listening" in line).split()[-1]
        terminal = Process(
            PROGRAM, "terminal", "--set", "POSCONNECTALLOW=ETHERNET", "--set", "DEVICEPORT=0",
            "--set", "DEVICEPORTSECONDARY=0", "--set", f"payment-host={place}", "--flash",
            os.path.join(folder, "flash"))
        ports = {}
        for line in ("primary", "secondary"):
            told = terminal.wait_for(f"its {line} port", lambda text: "listens on" in text and f"the {line} port" in text)
            ports[line] = int(re.search(r"127\.0\.0\.1:(\d+)", told)[1])
        primary, secondary = Port(ports["primary"]), Port(ports["secondary"])

        primary.say(request("DEVICE", "VERSION", COUNTER=1))
        check(fields(primary.hear())["RESULT_CODE"] == "40007", "a request without MAC is refused")
        primary.say(request("SECURITY", "REGISTER", ENTRY_CODE="1234", KEY=public))
        terminal.wait_for("that it pairs", lambda line: "screen pairing" in line)
        terminal.type("enters 1234")
        answer = fields(primary.hear())
        check(answer["RESULT"] == "OK", f"REGISTER: {answer}")
        pos = Pos(answer["MAC_LABEL"], unseal(answer["MAC_KEY"]))
        check(len(pos.key) == 16, "MAC_KEY is a key of 16 bytes")
        primary.say(pos.signed("SECURITY", "TEST_MAC"))
        check(fields(primary.hear())["RESPONSE_TEXT"] == "Match", "TEST_MAC: our HMAC is theirs")
        primary.say(pos.signed("DEVICE", "VERSION", counter=1))
        check(fields(primary.hear())["RESULT_CODE"] == "59040", "a replay is refused")

        primary.say(pos.signed("SESSION", "START", INVOICE="1"))
        check(fields(primary.hear())["RESPONSE_TEXT"] == "Session Started", "START")
        primary.say(pos.signed("PAYMENT", "CAPTURE", TRANS_AMOUNT="12.40"))
        terminal.wait_for("that it waits for a card", lambda line: "screen card-entry" in line)
        terminal.type("taps visa")
        answer = fields(primary.hear())
        check((answer["RESULT"], answer["APPROVED_AMOUNT"]) == ("CAPTURED", "12.40"), f"a sale: {answer}")
        primary.say(pos.signed("PAYMENT", "CAPTURE", TRANS_AMOUNT="5.00"))
        terminal.wait_for("that it waits for a card", lambda line: "screen card-entry" in line)
        secondary.say(request("SECONDARYPORT", "CANCEL"))
        check(fields(secondary.hear())["RESULT_CODE"] == "-1", "CANCEL on the secondary port")
        check(fields(primary.hear())["RESULT_CODE"] == "59001", "the cancelled payment")
        primary.say(pos.signed("SESSION", "FINISH"))
        check(fields(primary.hear())["RESULT"] == "OK", "FINISH")

        primary.say(request("SECURITY", "REGISTER_ENCRYPTION", REG_VER="2", KEY=public))
        terminal.wait_for("that it pairs", lambda line: "screen pairing" in line)
        terminal.type("enters AB12CD34")
        answer = fields(primary.hear())
        oaep = ("-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256")
        secret = Pos(answer["MAC_LABEL"], unseal(answer["TERMINAL_KEY"], *oaep))
        check(base64.b64decode(answer["ENTRY_CODE"]) == b"AB12CD34", "what was typed comes back")
        primary.say(secret.sealed(secret.signed("DEVICE", "VERSION")))
        answer = fields(secret.opened(primary.hear("ERESPONSE")))
        check(answer["RESULT"] == "OK" and "VERSION_INFO" in answer, f"an encrypted request: {answer}")

        kept = os.listdir(os.path.join(folder, "flash"))
        check("registrations" in kept and "last_tran.xml" in kept, f"the flash keeps its files: {kept}")
        mode = os.stat(os.path.join(folder, "flash", "registrations")).st_mode & 0o777
        check(mode == 0o600, f"only its owner reads the keys: {mode:o}")
        told = "\n".join(terminal.seen + host.seen)
        for shown in (base64.b64encode(pos.key).decode(), pos.key.hex(), base64.b64encode(secret.key).decode()):
            check(shown not in told, "no ladder shows a key")
        terminal.end(signal.SIGINT)
        host.end(signal.SIGINT)
    print("passed: a POS of plain sockets and openssl on the classic ports, in plain and encrypted, with a payment host")


main()
