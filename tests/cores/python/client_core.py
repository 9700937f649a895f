#!/usr/bin/env python3
"""A client core in Python, played by `sca-sim run --core 'python3 client_core.py'`.

It keeps one WebSocket connection to the broker for ever: it dials, asks for the upgrade, judges the answer, passes
documents on, pings, and comes back after a loss. It never reads a clock: every question brings the time.

`--defect NAME` plants one of the faults in DEFECTS, which scenarios, a sweep or the explorer have to find.
"""

import base64
import email.utils
import hashlib
import json
import random
import sys

DEFECTS = [
    "no-growth", "no-cap", "ignores-retry-after", "dials-twice", "gives-up", "keeps-pausing", "no-loss-report",
    "silent-after-loss", "answers-on-old", "no-pong-watch", "no-limit", "deaf-after-loss",
    # These two are found by `core check`: no broker of the explorer answers so, and no network delivers so late.
    "old-connection", "accepts-any-key",
]


class Core:
    """The state of one core: what it waits for, until when, and on which connection."""

    def __init__(self, init, defect=None):
        self.settings = init["settings"]
        self.random = random.Random(init["seed"])
        self.defect = defect
        self.state = "off"  # off, waiting, dialling, upgrading, up
        self.connection = 0
        self.deadline = None
        self.pauses = 0
        self.ping_due = self.pong_due = self.ping_next = None
        self.pings = 0
        self.key = ""
        self.losses = 0

    def handle(self, now, wall, name, value):
        """One input: its name and its fields. Returns the outputs."""
        self.now, self.wall = now, wall
        if name == "configure":
            self.settings = value["settings"]
            return []
        handler = getattr(self, "on_" + name.replace("-", "_"), None)
        if handler is None:
            raise NotImplementedError("the input " + name)
        return handler(**value)

    # What happens to the device.

    def on_start(self):
        self.pauses = 0
        self.wait("waiting", self.settings["boot-time"])
        return []

    def on_stop(self):
        return self.leave(self.drop)

    def on_leave(self, code):
        return self.leave(lambda: self.close(code))

    def on_send(self, text):
        if self.state != "up":
            return []
        connection = self.connection - 1 if self.defect == "answers-on-old" and self.losses else self.connection
        return [{"text": {"connection": connection, "text": text}}]

    def on_tick(self):
        if self.next_deadline() is None or self.now < self.next_deadline():
            return []
        if self.state == "waiting":
            return self.dial()
        if self.state in ("dialling", "upgrading"):
            return self.drop() + self.fail("timeout")
        return self.watch()

    # What happens on a connection.

    def on_link(self, connection, event, **fields):
        if connection != self.connection and self.defect != "old-connection":
            return []
        return getattr(self, "link_" + event)(**fields)

    def link_opened(self):
        if self.state != "dialling":
            return []
        if self.settings["secure"]:
            self.wait("dialling", self.settings["tls-timeout"])
            return []
        return self.request()

    def link_secured(self):
        return self.request()

    def link_answered(self, status, version, headers):
        if self.state != "upgrading":
            return []
        why = self.judge(status, version, headers)
        if why:
            after = self.retry_after(headers)
            return self.drop() + self.fail(why, after)
        return [{"open": {"connection": self.connection}}] + self.connects()

    def link_failed(self, reason):
        if self.state == "up":
            return self.lose()
        return self.fail(reason) if self.state in ("dialling", "upgrading") else []

    def link_text(self, text):
        if self.state != "up" or (self.defect == "deaf-after-loss" and self.losses):
            return []
        if self.defect != "keeps-pausing":
            self.pauses = 0
        return [{"received": {"connection": self.connection, "text": text}}]

    def link_binary(self, **payload):
        return [{"received-binary": {"connection": self.connection}}] if self.state == "up" else []

    def link_pong(self, text=None, bytes=None):
        if self.state == "up" and self.pong_due is not None and text == str(self.pings):
            self.pong_due = None
            self.ping_due = self.ping_next and max(self.ping_next, self.now)
        return []

    def link_closed(self):
        return self.lose() if self.state == "up" else []

    def link_lost(self):
        return self.lose() if self.state == "up" else []

    def link_violation(self, code):
        return self.close(code) + self.lose() if self.state == "up" else []

    # How a connection ends by this side, and how it pings.

    def drop(self):
        return [{"drop": {"connection": self.connection}}]

    def close(self, code):
        return [{"close": {"connection": self.connection, "code": code}}]

    def ping(self, payload):
        return [{"ping": {"connection": self.connection, "text": payload}}]

    # What follows.

    def dial(self):
        if self.defect == "gives-up" and self.pauses > 6:
            self.state = "off"
            return []
        out = []
        for _ in range(2 if self.defect == "dials-twice" and self.losses else 1):
            self.connection += 1
            address = {key: self.settings[key] for key in ("host", "port", "secure")}
            out += [report("attempts"), {"dial": {"connection": self.connection, **address}}]
        self.wait("dialling", self.settings["connect-timeout"])
        return out

    def connects(self):
        self.state = "up"
        self.ping_due = self.later(self.settings["ping-interval"])
        self.pong_due = None
        return [report("connects")]

    def request(self):
        if self.state != "dialling":
            return []
        s = self.settings
        self.key = base64.b64encode(self.random.randbytes(16)).decode()
        default = s["port"] == (443 if s["secure"] else 80)
        named = s["host-port"] == "always" or (s["host-port"] == "auto" and not default)
        host = "[%s]" % s["host"] if ":" in s["host"] else s["host"]
        address = "%s:%d" % (host, s["port"]) if named else host
        lines = [
            "GET / HTTP/1.1",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Host: " + address,
            "Origin: http%s://%s" % ("s" if s["secure"] else "", address),
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: " + self.key,
            "Sec-WebSocket-Protocol: sci",
            "Sec-WebSocket-Version: 13",
            "x-vfi-pinpad-id%s: %s" % (" " if s["header-space-before-colon"] else "", s["pinpad-id"]),
        ]
        self.wait("upgrading", s["upgrade-timeout"])
        return [{"request": {"connection": self.connection, "head": "\r\n".join(lines) + "\r\n\r\n"}}]

    def judge(self, status, version, headers):
        """Why the answer to the upgrade is not acceptable; None if it is (RFC 6455, section 4.1)."""
        values = lambda name: [value for key, value in headers if key.lower() == name]
        lists = lambda name, word: any(
            part.strip().lower() == word for value in values(name) for part in value.split(",")
        )
        digest = hashlib.sha1((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        if status != 101:
            return "http %d" % status
        if version != 1:
            return "handshake version"
        if not lists("upgrade", "websocket"):
            return "handshake upgrade"
        if not lists("connection", "upgrade"):
            return "handshake connection"
        if values("sec-websocket-accept") != [base64.b64encode(digest).decode()] and self.defect != "accepts-any-key":
            return "handshake accept"
        if values("sec-websocket-extensions"):
            return "handshake extension"
        protocols = values("sec-websocket-protocol")
        if not protocols:
            return "handshake no-subprotocol" if self.settings["subprotocol-required"] else None
        return None if protocols == ["sci"] else "handshake subprotocol"

    def retry_after(self, headers):
        """The pause that the broker asks for, in nanoseconds (RFC 9110, section 10.2.3)."""
        wanted = [value for key, value in headers if key.lower() == "retry-after"]
        if not wanted or self.defect == "ignores-retry-after":
            return None
        if wanted[0].isascii() and wanted[0].isdigit():
            seconds = int(wanted[0])
        else:
            try:
                seconds = email.utils.parsedate_to_datetime(wanted[0]).timestamp() - self.wall
            except ValueError:
                return None
        return min(max(0, int(seconds)) * 10**9, self.settings["retry-after-max"])

    def fail(self, reason, after=None):
        return [report("fails", reason=reason)] + self.pause(after)

    def lose(self):
        self.losses += 1
        if self.defect == "silent-after-loss" and self.losses > 1:
            self.state = "off"
            return [report("loses")]
        return ([] if self.defect == "no-loss-report" and self.losses > 1 else [report("loses")]) + self.pause()

    def pause(self, after=None):
        s = self.settings
        growth = 1 if self.defect == "no-growth" else s["retry-growth"]
        pause = s["retry-first"] * growth ** min(self.pauses, 40)
        # The cap bounds the pause with its jitter.
        if self.defect != "no-cap":
            pause = min(pause, s["retry-cap"] * 100 // (100 + s["retry-jitter"]))
        jitter = pause * s["retry-jitter"] // 100 * self.random.randrange(1000) // 1000
        self.pauses += 1
        self.wait("waiting", max(pause, after or 0) + jitter)
        return []

    def watch(self):
        """Pings a link that is up, and gives it up when a pong is late."""
        if self.pong_due is not None and self.now >= self.pong_due and self.defect != "no-pong-watch":
            return self.close(1001) + self.lose()
        self.pings += 1
        self.pong_due, self.ping_due = self.now + self.settings["pong-timeout"], None
        self.ping_next = self.later(self.settings["ping-interval"])
        return self.ping(str(self.pings))

    def leave(self, last):
        was, self.state = self.state, "off"
        if was == "up":
            return last() + [report("loses")]
        return self.drop() if was in ("dialling", "upgrading") else []

    def wait(self, state, span):
        self.state, self.deadline = state, self.now + span

    def later(self, seconds):
        return self.now + seconds * 10**9 if seconds else None

    def next_deadline(self):
        if self.state == "off":
            return None
        if self.state == "up":
            due = [at for at in (self.ping_due, self.pong_due) if at is not None]
            return min(due) if due and self.defect != "no-pong-watch" else self.ping_due
        if self.defect == "no-limit" and self.state == "dialling":
            return None
        return self.deadline


def report(link, **fields):
    return {"report": {"link": link, **fields}}


def serve(make, about):
    """Answers every question, for ever. `make` makes the core of a new run."""
    core = None
    read, write = json.JSONDecoder().decode, json.JSONEncoder(separators=(",", ":")).encode
    answers = open(1, "wb", buffering=0, closefd=False)
    for line in sys.stdin:
        question = read(line)
        try:
            if "init" not in question:
                (name, value), = question["input"].items()
                outputs = core.handle(question["now"], question["wall"], name, value)
                answer = {"outputs": outputs, "deadline": core.next_deadline()}
            elif question["init"]["level"] != about["level"]:
                raise NotImplementedError("the level " + question["init"]["level"])
            else:
                core = make(question["init"])
                answer = {"ok": about, "deadline": None}
        except NotImplementedError as what:
            answer = {"unsupported": str(what)}
        answers.write(write(answer).encode() + b"\n")


def main():
    chosen = sys.argv[sys.argv.index("--defect") + 1] if "--defect" in sys.argv else None
    serve(
        lambda init: Core(init, chosen),
        {"name": "python-sample", "version": "1", "level": "documents", "supports": ["proxy", "ping"]},
    )


if __name__ == "__main__":
    main()
