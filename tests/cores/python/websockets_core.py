#!/usr/bin/env python3
"""A client core with a TLS and a WebSocket of its own: the library `websockets` over OpenSSL, without a socket.

Played by `sca-sim run --core 'python3 websockets_core.py' --core-level bytes`. When it dials, pauses and gives up is that
of client_core.py beside it; here is what becomes of the bytes.
"""

import base64
import os
import ssl

from websockets import exceptions as failures
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

import client_core
from client_core import report

# OpenSSL checks dates by the clock of the machine; with this flag it leaves them to us (X509_V_FLAG_NO_CHECK_TIME).
NO_CHECK_TIME = 0x200000

# What OpenSSL says of a certificate, by its number, and of TLS, by its name: as scenarios have it.
OF_CERTIFICATE = {
    3: "unknown-revocation", 7: "bad-signature", 9: "not-yet-valid", 10: "expired", 12: "unknown-revocation",
    18: "unknown-authority", 19: "unknown-authority", 20: "unknown-authority", 21: "unknown-authority",
    22: "long-chain", 23: "revoked", 25: "long-chain", 26: "wrong-usage", 47: "name-constraints",
    48: "name-constraints", 62: "wrong-name", 64: "wrong-name",
}
OF_TLS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "alert-certificate-required",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "alert-certificate-expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "alert-certificate-revoked",
    "TLSV1_ALERT_UNKNOWN_CA": "alert-unknown-ca",
    "SSLV3_ALERT_BAD_CERTIFICATE": "alert-bad-certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "alert-unsupported-certificate",
    "TLSV1_ALERT_DECRYPT_ERROR": "alert-decrypt-error",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "alert-handshake-failure",
    "TLSV1_ALERT_PROTOCOL_VERSION": "alert-protocol-version",
    "UNSUPPORTED_PROTOCOL": "version",
    "WRONG_VERSION_NUMBER": "garbage",
    "BAD_SIGNATURE": "bad-signature",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "corrupt",
}


class Tls:
    """TLS between two buffers."""

    contexts = {}

    def __init__(self, material, host):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        key = tuple(sorted(material.items()))
        if key not in self.contexts:
            self.contexts[key] = context_of(material)
        self.ssl = self.contexts[key].wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self.is_complete = False

    def step(self):
        """Goes on with the handshake. Whether it is complete."""
        if not self.is_complete:
            try:
                self.ssl.do_handshake()
                self.is_complete = True
            except ssl.SSLWantReadError:
                pass
        return self.is_complete

    def read(self):
        """The plaintext that has arrived."""
        plain = b""
        while True:
            try:
                some = self.ssl.read(65536)
            except ssl.SSLWantReadError:
                return plain
            except ssl.SSLZeroReturnError:
                return plain
            if not some:
                return plain
            plain += some

    def dates(self, wall):
        """Why the broker's certificate is not valid now; None if it is."""
        certificate = self.ssl.getpeercert()
        if wall < ssl.cert_time_to_seconds(certificate["notBefore"]):
            return "tls not-yet-valid"
        return "tls expired" if wall > ssl.cert_time_to_seconds(certificate["notAfter"]) else None


def context_of(material):
    if material["groups"] != "all":
        raise NotImplementedError("the choice of a key exchange group: Python's ssl has none for clients")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=material["roots"])
    context.verify_flags |= NO_CHECK_TIME
    versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    if material["versions"] in versions:
        context.minimum_version = context.maximum_version = versions[material["versions"]]
    if material["revocation-lists"]:
        with_file(material["revocation-lists"], context.load_verify_locations)
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    if material["certificate"]:
        try:
            with_file(material["certificate"] + material["key"], context.load_cert_chain)
        except ssl.SSLError as error:
            raise NotImplementedError("this certificate with this key: OpenSSL does not load it: %s" % error) from error
    return context


def with_file(text, use):
    """Hands a text to a function that wants the path of a file; nothing is written to a disk."""
    file = os.memfd_create("pem")
    try:
        os.write(file, text.encode())
        os.lseek(file, 0, os.SEEK_SET)
        use("/proc/self/fd/%d" % file)
    finally:
        os.close(file)


def reason_of(error):
    """The word for an error of TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls " + OF_CERTIFICATE.get(error.verify_code, "other")
    if isinstance(error, ssl.SSLEOFError):
        return "tls eof"
    reason = error.reason or ""
    return "tls " + OF_TLS.get(reason, "alert-other" if "_ALERT_" in reason else "other")


class Core(client_core.Core):
    """The client core: bytes go through TLS, where there is any, into the WebSocket of `websockets`."""

    tls = ws = None
    is_connected = False

    # How a connection ends by this side, and how it pings and sends.

    def drop(self):
        return [{"end" if self.is_connected else "reset": {"connection": self.connection}}]

    def close(self, code):
        self.ws.send_close(code)
        return self.written() + [{"end": {"connection": self.connection}}]

    def ping(self, payload):
        self.ws.send_ping(payload.encode())
        return self.written()

    def on_send(self, text):
        if self.state != "up":
            return []
        self.ws.send_text(text.encode())
        return self.written()

    # What happens on a connection.

    def dial(self):
        self.tls = self.ws = None
        self.is_connected = False
        return super().dial()

    def link_opened(self, tls=None):
        if self.state != "dialling":
            return []
        self.is_connected = True
        if tls is None:
            return self.request()
        self.tls = Tls(tls, self.settings["host"])
        self.wait("dialling", self.settings["tls-timeout"])
        self.tls.step()
        return self.sent()

    def link_bytes(self, bytes):
        if self.state not in ("dialling", "upgrading", "up"):
            return []
        plain = base64.b64decode(bytes)
        out = []
        if self.tls:
            self.tls.incoming.write(plain)
            try:
                was_complete = self.tls.is_complete
                if not self.tls.step():
                    return self.sent()
                if not was_complete:
                    why = self.tls.dates(self.wall)
                    if why:
                        return self.sent() + self.drop() + self.fail(why)
                    out = self.request()
                plain = self.tls.read()
            except ssl.SSLError as error:
                # What TLS still has to say is an alert.
                return self.sent() + self.drop() + self.ends(reason_of(error))
        return out + self.received(plain)

    def link_ended(self):
        if self.state == "dialling":
            return self.drop() + self.fail("tls eof" if self.tls else "reset")
        if self.state == "up":
            return self.drop() + self.lose()
        # The body of a refusal without a length ends here.
        if self.ws:
            self.ws.receive_eof()
        return self.arrives() or self.drop() + self.fail("handshake truncated") if self.state == "upgrading" else []

    def link_reset(self):
        return self.ends("reset") if self.state in ("dialling", "upgrading", "up") else []

    def ends(self, why):
        return self.lose() if self.state == "up" else self.fail(why)

    # WebSocket.

    def request(self):
        s = self.settings
        if s["header-space-before-colon"]:
            raise NotImplementedError("a space before the colon of a header: `websockets` writes none")
        scheme = "wss" if s["secure"] else "ws"
        host = "[%s]" % s["host"] if ":" in s["host"] else s["host"]
        self.ws = ClientProtocol(
            parse_uri("%s://%s:%d/" % (scheme, host, s["port"])),
            subprotocols=["sci"],
            max_size=s["message-size-max"],
        )
        request = self.ws.connect()
        head = super().request()[0]["request"]["head"]
        request.headers.clear()
        for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:] if line):
            request.headers[name] = self.ws.key if name == "Sec-WebSocket-Key" else value
        self.fragments = []
        self.ws.send_request(request)
        return self.written()

    def received(self, plain):
        """What the bytes contain. A part of a message waits in `websockets` or in `fragments`."""
        if not plain:
            return []
        self.ws.receive_data(plain)
        return self.arrives()

    def arrives(self):
        out = []
        for event in self.ws.events_received():
            if isinstance(event, Response):
                out += self.judged(event)
            elif self.state == "up":
                out += self.frame(event)
        if self.state == "upgrading" and self.ws.handshake_exc is not None:
            return out + self.drop() + self.fail("handshake " + why_not(self.ws.handshake_exc))
        if self.state != "up":
            return out
        out += self.written()
        if self.ws.state is not State.OPEN:
            # A close frame has come and is answered, or the broker broke the protocol and is told so.
            out += [{"end": {"connection": self.connection}}] + self.lose()
        return out

    def judged(self, response):
        """What the answer to the upgrade means."""
        if self.ws.handshake_exc is None:
            if self.ws.subprotocol is None and self.settings["subprotocol-required"]:
                return self.drop() + self.fail("handshake no-subprotocol")
            return self.connects()
        if isinstance(self.ws.handshake_exc, failures.InvalidStatus):
            after = self.retry_after(list(response.headers.raw_items()))
            return self.drop() + self.fail("http %d" % response.status_code, after)
        return self.drop() + self.fail("handshake " + why_not(self.ws.handshake_exc))

    def frame(self, frame):
        if frame.opcode is Opcode.PONG:
            return self.link_pong(text=frame.data.decode(errors="replace"))
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self.fragments.append(frame)
            if frame.fin:
                return self.message()
        return []

    def message(self):
        whole = b"".join(frame.data for frame in self.fragments)
        is_text = self.fragments[0].opcode is Opcode.TEXT
        self.fragments = []
        if not is_text:
            return self.link_binary()
        try:
            return self.link_text(whole.decode())
        except UnicodeDecodeError:
            self.ws.fail(1007, "")
            return []

    # Bytes for the broker.

    def written(self):
        """What WebSocket has to send."""
        plain = b"".join(self.ws.data_to_send())
        if not self.tls:
            return self.bytes(plain)
        if plain:
            self.tls.ssl.write(plain)
        return self.sent()

    def sent(self):
        """What TLS has to send."""
        return self.bytes(self.tls.outgoing.read())

    def bytes(self, some):
        if not some:
            return []
        return [{"bytes": {"connection": self.connection, "bytes": base64.b64encode(some).decode()}}]


def why_not(error):
    """The word for what `websockets` says of an answer."""
    if isinstance(error, failures.InvalidHeader):
        return error.name.lower().replace("sec-websocket-", "").replace("protocol", "subprotocol")
    if isinstance(error, failures.NegotiationError):
        return "subprotocol" if "subprotocol" in str(error) else "extension"
    if isinstance(error.__cause__, EOFError):
        return "truncated"
    if isinstance(error.__cause__, failures.SecurityError):
        return "oversized"
    if isinstance(error, failures.InvalidMessage):
        return "version" if "expected HTTP/1.1: HTTP/" in str(error.__cause__) else "garbage"
    return "refused"


if __name__ == "__main__":
    client_core.serve(
        Core, {"name": "websockets", "version": "17", "level": "bytes", "supports": ["proxy", "ping", "tls"]}
    )
