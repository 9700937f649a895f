"""Real peers under test by `sca-sim run`, and captures by tools that are not ours. Each is listed as passed, failed, or not
available here with the reason; those that come from PyPI and npm have to be there.

    peers.py PROGRAM VENVS
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, VENVS = sys.argv[1], Path(sys.argv[2])
HERE = Path(__file__).parent
TODAY, OF_2022 = VENVS / "peers/bin/python", VENVS / "websockets-10.2/bin/python"
# What a terminal that knows sessions and the counter gets right, and what it cannot.
CAN = """counter/first_command counter/last_wins counter/lower counter/over_reboot counter/two_in_one_segment
counter/each_terminal_its_own counter/goes_on_where_it_stood sessions/finish_without_session sessions/unknown_command
handshake/bad_accept handshake/redirect_is_not_followed handshake/many_headers handshake/subprotocol_echoed
disconnects/close_without_code disconnects/lost_reply disconnects/one_byte_a_segment disconnects/unsolicited_pong trust/mutual
trust/key_update trust/versions""".split()
CANNOT = """sessions/training sessions/invoice_too_long sessions/pos_recon sessions/security_is_refused
handshake/exact_request malformed/attributes malformed/deep""".split()
# What a broker can get wrong: passing on, in order, to the right one, whole.
ROUTED = """interop/two_terminals counter/order_decides counter/last_wins sessions/finish_without_session malformed/attributes
payments/sale_by_tap""".split()
# What comes from PyPI and npm has to be there.
REQUIRED = ["a terminal on Python websockets, as the client core under test"] + [
    f"{name}, as the broker under test"
    for name in ("Python websockets 10.2", "Python websockets of today", "aiohttp", "Node ws")
] + ["an HTTP archive by mitmproxy of two Python peers"]
DEADLINE = 120
failed, passed = False, []
FOLDER = tempfile.TemporaryDirectory()
WORK = Path(FOLDER.name)
WORK.chmod(0o755)
CERTS = WORK / "certs"
subprocess.run([PROGRAM, "certs", CERTS], check=True, stdout=subprocess.DEVNULL)
TRUST = ["--ca", f"{CERTS}/authority.pem", "--cert", f"{CERTS}/terminal.pem", "--key", f"{CERTS}/terminal.key"]


def told(verdict, name, why=""):
    global failed
    failed |= verdict == "failed"
    passed.extend([name] if verdict == "passed" else [])
    print(f"{verdict}: {name}" + (f" ({why})" if why else ""), flush=True)


def paths(names):
    """The files of scenarios: bundled ones, and those beside this script, by their folder and name."""
    folder = {name: HERE.parent if name.startswith("interop/") else HERE.parent.parent / "scenarios" for name in names}
    return [str(folder[name] / f"{name}.sca") for name in names]


def run(*arguments, env=None):
    """Runs sca-sim with a report; the verdicts by scenario, the worst of its rows."""
    with tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/report.json"
        command = [PROGRAM, "run", "--report", f"json={report}", "--failures", f"{folder}/failures", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE * 3, env={**os.environ, **(env or {})})
        if not os.path.exists(report):
            raise RuntimeError(done.stderr.strip()[-400:])
        found = json.load(open(report))
    order = ["inapplicable", "pass", "fail", "error"]
    verdicts = {}
    for file in found["files"]:
        rows = [row["verdict"] for row in file["rows"]] or ["error"]
        verdicts["/".join(Path(file["path"]).with_suffix("").parts[-2:])] = max(rows, key=order.index)
    return verdicts


def differing(verdicts, names, wanted):
    return [f"{name} is {verdicts.get(name)}" for name in names if verdicts.get(name) != wanted]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A program in the background, ended with the block."""

    def __init__(self, *command, env=None, says="listening", port=None):
        self.command, self.says, self.port = [str(part) for part in command], says, port
        self.env = {**os.environ, **(env or {})}

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.STDOUT, env=self.env,
                                        start_new_session=True)
        end = time.monotonic() + 30
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError(f"{self.command[0]} does not start: {self.output()[-400:]}")
            time.sleep(0.05)
        return self

    def is_ready(self):
        if self.port is None:
            return self.says in self.output()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __exit__(self, *_):
        self.end()


def peer(name):
    """Runs a check; whatever goes wrong in it is the peer's failure."""
    def decorate(check):
        try:
            version = check()
            told("passed", name, version or "")
        except Missing as why:
            told("not available here", name, str(why))
        except Exception as why:
            told("failed", name, str(why).strip().replace("\n", " ")[-600:])
    return decorate


class Missing(Exception):
    pass


def need(program, package=None):
    if not shutil.which(program):
        raise Missing(f"there is no {program}; on Debian: apt-get install {package or program}")


def good(problems):
    if problems:
        raise RuntimeError("; ".join(problems))


@peer("a terminal on Python websockets, as the client core under test")
def _():
    spawn = f"{TODAY} {HERE / 'terminal.py'} {{url}} {{ca}} {{cert}} {{key}} {{pinpad}}"
    verdicts = run("--terminal", "external", "--spawn", spawn, *paths(CAN + CANNOT))
    good(differing(verdicts, CAN, "pass") + differing(verdicts, CANNOT, "fail"))
    # The same with a bug in it.
    verdicts = run("--terminal", "external", "--spawn", spawn, *paths(CAN[:2]), env={"DEFECT": "counter"})
    good(differing(verdicts, CAN[:2], "fail"))
    return f"{len(CAN)} scenarios as they should be, {len(CANNOT)} it cannot, a planted bug is found"


def broker(name, command, env=None):
    @peer(f"{name}, as the broker under test")
    def _():
        for secure in (False, True):
            port = free_port()
            files = [f"{CERTS}/authority.pem", f"{CERTS}/broker.pem", f"{CERTS}/broker.key"] if secure else []
            with Running(*command, port, *files, env=env) as running:
                url = f"{'wss' if secure else 'ws'}://localhost:{port}"
                options = TRUST if secure else []
                verdicts = run("--broker", url, "--pos", url + "/pos/{pinpad}", *options, *paths(ROUTED))
                good(differing(verdicts, ROUTED, "pass"))
                version = running.output().split("listening: ")[1].splitlines()[0]
        return f"{version}; ws, and wss with client certificates"


def behind(name, program, configuration, command):
    @peer(f"a broker behind {name}")
    def _():
        need(program)
        port, plain = free_port(), free_port()
        folder = Path(tempfile.mkdtemp(dir=WORK))
        text = (HERE / "proxies" / configuration).read_text()
        for word, value in (("FOLDER", folder), ("CERTS", CERTS), ("PORT", port), ("BEHIND", plain)):
            text = text.replace(word, str(value))
        (folder / configuration).write_text(text)
        both = folder / "broker-and-key.pem"
        both.touch(0o600)
        both.write_text(Path(f"{CERTS}/broker.pem").read_text() + Path(f"{CERTS}/broker.key").read_text())
        with Running(TODAY, HERE / "brokers/on_websockets.py", plain):
            with Running(*[str(part).replace("FILE", str(folder / configuration)) for part in command], port=port):
                url = f"wss://localhost:{port}"
                verdicts = run("--broker", url, "--pos", url + "/pos/{pinpad}", *TRUST, *paths(ROUTED))
                good(differing(verdicts, ROUTED, "pass"))
        return "TLS and client certificates end there"


def captured(imported, *arguments):
    """A capture becomes a scenario that passes as it is, and has nothing that differs."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run([PROGRAM, "import", imported, "--out", out, *arguments], capture_output=True, text=True)
        if done.returncode or done.stderr:
            raise RuntimeError(done.stderr + done.stdout)
        scenario = f"{out}/terminal-1.sca"
        text = open(scenario).read()
        wanted = ["terminal connects", "SESSION START", "RESULT_CODE=59003", "close 1001"]
        good([f"{what} is missing in\n{text}" for what in wanted if what not in text and imported.suffix != ".har"])
        played = subprocess.run([PROGRAM, "run", "--failures", f"{out}/failures", scenario], capture_output=True, text=True)
        if played.returncode:
            raise RuntimeError(played.stderr + text)
        return text.count("\n+")


def session(port, url, env=None, secure=True):
    """A session between the Python peers, with an abrupt end in it."""
    files = [f"{CERTS}/authority.pem", f"{CERTS}/broker.pem", f"{CERTS}/broker.key"] if secure else []
    mine = [f"{CERTS}/authority.pem", f"{CERTS}/terminal.pem", f"{CERTS}/terminal.key"] if secure else ["", "", ""]
    with Running(TODAY, HERE / "brokers/asks.py", port, *files) as asking:
        with Running(TODAY, HERE / "terminal.py", url, *mine, "1", env=env, says=""):
            end = time.monotonic() + 30
            while "done" not in asking.output():
                if time.monotonic() > end:
                    raise RuntimeError("the session does not end: " + asking.output())
                time.sleep(0.05)


@peer("a recording of that terminal with a bug in it, held against ours and made small")
def _():
    port, through, out = free_port(), free_port(), WORK / "recorded"
    records = [PROGRAM, "record", "--listen", f"127.0.0.1:{through}", "--to", f"ws://localhost:{port}", "--out", out]
    with Running(*records):
        session(port, f"ws://localhost:{through}", env={"DEFECT": "counter"}, secure=False)
    compared = subprocess.run([PROGRAM, "diff", out / "terminal-1.sca", "--shrink", WORK / "small"], capture_output=True,
                              text=True)
    if compared.returncode != 1 or 'COUNTER  field "{{counter+6}}"' not in compared.stdout:
        raise RuntimeError(compared.stdout + compared.stderr)
    smallest = min((path.read_text() for path in (WORK / "small").iterdir()), key=len)
    good([smallest] if len(smallest.splitlines()) > 12 or "GET_COUNTER" not in smallest else [])
    return f"{len(smallest.splitlines())} lines are left"


@peer("a recording of a terminal, played against that very terminal")
def _():
    port, through, out = free_port(), free_port(), WORK / "recorded-sound"
    records = [PROGRAM, "record", "--listen", f"127.0.0.1:{through}", "--to", f"ws://localhost:{port}", "--out", out]
    with Running(*records) as recorder:
        session(port, f"ws://localhost:{through}", secure=False)
        # Interrupted, it writes when the recording ends; what the terminal did afterwards is not demanded.
        recorder.end(signal.SIGINT)
    device = f"{TODAY} {HERE}/terminal.py {{url}} {{ca}} {{cert}} {{key}} {{pinpad}}"
    verdicts = run("--terminal", "external", "--spawn", device, str(out / "terminal-1.sca"))
    good([f"{name} is {verdict}" for name, verdict in verdicts.items() if verdict != "pass"])
    return f"{len((out / 'terminal-1.sca').read_text().splitlines())} lines"


@peer("a capture by tshark of two Python peers over TLS")
def _():
    need("tshark")
    port, file, keys = free_port(), WORK / "session.pcapng", WORK / "keys.txt"
    listens = ["tshark", "-i", "lo", "-f", f"tcp port {port}", "-w", str(file), "-q"]
    try:
        capture = Running(*listens, says="Capture started")
        with capture:
            session(port, f"wss://localhost:{port}", env={"SSLKEYLOGFILE": str(keys)})
            end = time.monotonic() + 10
            while time.monotonic() < end and (not file.exists() or file.stat().st_size < 8_000):
                time.sleep(0.1)
            time.sleep(1)
            capture.end(signal.SIGINT)
    except RuntimeError as why:
        if any(word in str(why).lower() for word in ("permi", "root", "capabilit", "no such device", "isn't available")):
            raise Missing("tshark may not listen here") from why
        raise
    lines = captured(file, "--keys", keys)
    return f"{lines} lines, passes without editing"


@peer("an HTTP archive by mitmproxy of two Python peers")
def _():
    mitmdump = VENVS / "mitmproxy/bin/mitmdump"
    if not mitmdump.exists():
        raise Missing("mitmproxy cannot be installed")
    port, through, file = free_port(), free_port(), WORK / "session.har"
    options = ["--mode", f"reverse:http://localhost:{port}", "--listen-host", "127.0.0.1", "-p", through]
    with Running(mitmdump, *options, "--set", f"hardump={file}", "-q", port=through) as proxy:
        session(port, f"ws://localhost:{through}", secure=False)
        proxy.end(signal.SIGINT)
    lines = captured(file)
    return f"{lines} lines, passes without editing"


for program, name in ((OF_2022, "websockets 10.2"), (TODAY, "websockets of today")):
    broker(f"Python {name}", [program, HERE / "brokers/on_websockets.py"])
broker("aiohttp", [TODAY, HERE / "brokers/on_aiohttp.py"])
broker("Node ws", ["node", HERE / "brokers/on_ws.mjs"], env={"PACKAGES": str(HERE)})
behind("nginx", "nginx", "nginx.conf", ["nginx", "-c", "FILE"])
behind("HAProxy", "haproxy", "haproxy.cfg", ["haproxy", "-f", "FILE"])


@peer("a broker through a squid proxy, by CONNECT")
def _():
    need("squid")
    port, behind_it = free_port(), free_port()
    folder = Path(tempfile.mkdtemp(dir=WORK))
    folder.chmod(0o777)
    configuration = folder / "squid.conf"
    text = (HERE / "proxies/squid.conf").read_text()
    for word, value in (("FOLDER", folder), ("PORT", port), ("BEHIND", behind_it)):
        text = text.replace(word, str(value))
    configuration.write_text(text)
    files = [f"{CERTS}/authority.pem", f"{CERTS}/broker.pem", f"{CERTS}/broker.key"]
    with Running(TODAY, HERE / "brokers/on_websockets.py", behind_it, *files):
        with Running("squid", "-N", "-f", configuration, port=port):
            url = f"wss://localhost:{behind_it}"
            way = ["--set", f"PROXY=127.0.0.1:{port}"]
            verdicts = run("--broker", url, "--pos", url + "/pos/{pinpad}", *TRUST, *way, *paths(ROUTED))
            good(differing(verdicts, ROUTED, "pass"))
    return "TLS with client certificates from end to end"


missing = [name for name in REQUIRED if name not in passed]
if missing:
    print("FAILED: these have to be there and pass: " + "; ".join(missing))
sys.exit(bool(failed or missing))
