"""Runs `sca-sim terminal` against the Python broker, over ws and wss, through a restart of the broker, and judges what
both of them say. Waits for events with deadlines, never for a length of time.
"""

import json
import signal
import socket
import subprocess
import sys
import tempfile

from process import PROGRAM, Process

BROKER = [sys.executable, __file__.replace("check.py", "broker.py")]

def event(broker, name):
    def wanted(line):
        return line.startswith("{") and json.loads(line)["event"] == name

    return json.loads(broker.wait_for(name, wanted))


def fields(text, *pairs):
    for name, value in pairs:
        if f"<{name}>{value}</{name}>" not in text:
            raise SystemExit(f"FAILED: {name} is not {value} in\n{text}")


SAMPLE_HEADERS = [
    "Pragma", "Cache-Control", "Host", "Origin", "Upgrade", "Connection", "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "x-vfi-pinpad-id",
]


def served(broker, counter_before, subprotocol):
    """The whole exchange of one connection, as the broker saw it."""
    connected = event(broker, "connected")
    names = [name for name, _ in connected["headers"]]
    if connected["path"] != "/" or names != SAMPLE_HEADERS:
        raise SystemExit(f"FAILED: the upgrade was asked for as {connected}")
    if connected["subprotocol"] != subprotocol:
        raise SystemExit(f"FAILED: the subprotocol is {connected['subprotocol']}")
    start = event(broker, "answer")["text"]
    if counter_before is None:
        fields(start, ("RESPONSE_TEXT", "Session Started"), ("RESULT_CODE", "-1"), ("TRAINING_MODE", "OFF"))
    else:
        # The session has survived the broker.
        fields(start, ("RESULT_CODE", "59003"))
    fields(event(broker, "answer")["text"], ("RESULT", "OK"), ("COUNTER", str(counter_before or 1)))
    fields(event(broker, "answer")["text"], ("RESULT", "OK"), ("COUNTER", "41"))
    fields(event(broker, "answer")["text"], ("RESULT", "OK"), ("COUNTER", "41"))
    fields(event(broker, "answer")["text"], ("RESULT_CODE", "-2"))
    event(broker, "pong")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def case(name, scheme, certs, subprotocol):
    port = free_port()
    options = ["--port", str(port)]
    options += ["--certs", certs] if certs else []
    options += ["--subprotocol"] if subprotocol else []
    terminal_options = []
    if certs:
        terminal_options = ["--ca", f"{certs}/authority.pem", "--cert", f"{certs}/terminal.pem", "--key", f"{certs}/terminal.key"]
    running = []
    try:
        broker = Process(*BROKER, *options)
        running.append(broker)
        version = event(broker, "listening")["version"]
        terminal = Process(PROGRAM, "terminal", "--connect", f"{scheme}://localhost:{port}", *terminal_options)
        running.append(terminal)
        terminal.wait_for("that it connects", lambda line: "terminal connects" in line)
        served(broker, None, "sci" if subprotocol else None)
        terminal.wait_for("that a session is open", lambda line: "screen session" in line)

        broker.end(signal.SIGKILL)
        terminal.wait_for("that the link is lost", lambda line: "loses the link" in line)
        terminal.wait_for("why it cannot connect", lambda line: "fails refused" in line)
        broker = Process(*BROKER, *options)
        running.append(broker)
        event(broker, "listening")
        terminal.wait_for("that it connects again", lambda line: "terminal connects" in line)
        served(broker, 41, "sci" if subprotocol else None)
        print(f"passed: {name} (websockets {version})")
    finally:
        for process in running:
            process.end()


def refused(certs):
    """The Python broker refuses a terminal without a certificate.

    Its event loop hangs up without the alert that TLS has for this, so that the terminal cannot know the reason; it
    must not take the finished handshake for a connection.
    """
    port = free_port()
    broker = Process(*BROKER, "--port", str(port), "--certs", certs)
    terminal = None
    try:
        event(broker, "listening")
        terminal = Process(PROGRAM, "terminal", "--connect", f"wss://localhost:{port}", "--ca", f"{certs}/authority.pem")
        reasons = ("fails tls alert-certificate-required", "fails handshake truncated", "fails reset", "fails tls eof")
        for _ in range(2):
            line = terminal.wait_for("that it is refused", lambda line: "fails" in line or "connects" in line)
            if not any(reason in line for reason in reasons):
                raise SystemExit(f"FAILED: {line}")
        print("passed: wss, a terminal without a certificate is refused")
    finally:
        for process in filter(None, [terminal, broker]):
            process.end()


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([PROGRAM, "certs", folder], check=True, stdout=subprocess.DEVNULL)
    case("ws, no subprotocol in the answer", "ws", None, False)
    case("ws, subprotocol echoed", "ws", None, True)
    case("wss with client certificates", "wss", folder, False)
    refused(folder)
