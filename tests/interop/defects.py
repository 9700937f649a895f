"""A terminal and a broker that are not ours, each with defects that can be switched on: every defect is found, named rightly and
in time, and without one they pass everything that can be played with them.

    defects.py PROGRAM [show]      `show` prints what each run said
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, SHOW = sys.argv[1], "show" in sys.argv[2:]
HERE = Path(__file__).parent / "defects"
# Defect: the scenarios that find it, and words of what is said about it.
TERMINAL = {
    "no-reconnect": ("comes_back", "the link did not do this in time"),
    "no-growth": ("pace", "this came too early"),
    "hammers": ("pace", "this came too early"),
    "answers-twice": ("one_link", "one-answer"),
    "swallows": ("one_link", "no message came in time"),
    "late": ("one_link", "no message came in time"),
    "wrong-counter": ("one_link", "COUNTER is"),
    "unechoed": ("one_link", "COUNTER is missing"),
    "two-connections": ("one_link", "one-connection"),
    "text-before-answer": ("upgrade", "well-formed"),
    "subprotocol": ("upgrade", "Sec-WebSocket-Protocol"),
    "no-origin": ("upgrade", "Origin"),
    "pinpad": ("upgrade", "x-vfi-pinpad-id"),
    "version": ("upgrade", "Sec-WebSocket-Version"),
    "path": ("upgrade", "GET /"),
    "same-key": ("fresh_keys", "these do not relate as demanded"),
    "any-accept": ("bad_accept", "it connected instead"),
    "close-code": ("closes", "a close 1002"),
    "ignores-close": ("closes", "heard nothing of the kind in time"),
    "no-pong": ("closes", "heard nothing of the kind in time"),
    "other-pong": ("closes", "instead: a pong"),
    "unmasked": ("one_link", "unmasked"),
    "keeps-dead-link": ("dead_link", "the link did not do this in time"),
    "xml-declaration": ("answers", "line 1 is"),
    "field-order": ("answers", "line 2 is"),
    "forgets-session": ("comes_back", "RESULT_CODE is"),
    "busy-for-ever": ("one_link", "busy-ends"),
    "notice-as-answer": ("one_link", "CARD INSERTED"),
    "wrong-result": ("one_link", "RESULT is FINE"),
    "dies": ("one_link", "exit status: 3"),
}
BROKER = {
    "drops": ("routed", "has not forwarded it"),
    "duplicates": ("bytes", "already forwarded"),
    "misroutes": ("routed", "A sent it to its own POS"),
    "swaps": ("routed", "arrived before"),
    "mangles": ("routed", "modified in transit"),
    "rewraps": ("bytes", "modified in transit"),
    "no-pong": ("kept", "it attempts"),
    "wrong-accept": ("bytes", "handshake accept"),
    "no-subprotocol": ("named", "no-subprotocol"),
    "other-subprotocol": ("named", "subprotocol"),
    "delays": ("routed", "has not forwarded it"),
    "all-pos": ("routed", "to its own POS"),
    "loses-requests": ("routed", "has not forwarded it to our terminal"),
    "hangs-up": ("routed", "the broker hung up on our A"),
    "falls-silent": ("routed", "has not forwarded it"),
    "greets": ("bytes", "nobody sent it"),
    "masks": ("bytes", "the broker broke the protocol"),
    "registers-late": ("bytes", "has not forwarded it to our terminal"),
}
# Seconds of a run's own time in which a defect is found; one that is a matter of waiting takes as long as it waits.
LIMIT, LIMITS = 12, {"keeps-dead-link": 40, "same-key": 25}
BUNDLED = {"fresh_keys": "handshake/fresh_keys", "bad_accept": "handshake/bad_accept"}


def files(kind, names):
    """Scenarios beside this script, or bundled ones."""
    bundled = HERE.parents[2] / "scenarios"
    own = HERE / kind
    return [str(bundled / f"{BUNDLED[name]}.sca" if name in BUNDLED else own / f"{name}.sca") for name in names.split()]


def played(*arguments):
    """The rows of a run, and what failed says."""
    with tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/report.json"
        command = [PROGRAM, "run", "--report", f"json={report}", "--failures", f"{folder}/failures", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if not os.path.exists(report):
            raise RuntimeError(done.stderr.strip()[-400:])
        found = json.load(open(report))
    rows = []
    for file in found["files"]:
        for row in file["rows"]:
            why = row.get("failure") or {}
            said = [why.get("message"), why.get("label"), *(why.get("notes") or []), row.get("error")]
            rows.append((Path(file["path"]).stem, row["verdict"], row["lasted_ms"] / 1000, "; ".join(filter(None, said))))
    return rows


def terminal(defect, paths):
    program = f"PING=2 DEFECT={defect} python3 {HERE}/terminal.py {{url}} {{ca}} {{cert}} {{key}} {{pinpad}}"
    known = ["--set", "WEBSOCKETPINGINTERVAL=2", "--set", "pong-timeout=1s"]
    return played("--terminal", "external", "--spawn", program, *known, "-j", "16", *paths)


def broker(defect, paths):
    command = ["python3", str(HERE / "broker.py"), "0"]
    process = subprocess.Popen(command, env={**os.environ, "DEFECT": defect}, stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().rsplit(" ", 1)[1].strip()
        url = f"ws://localhost:{port}"
        return played("--broker", url, "--pos", f"{url}/pos/{{pinpad}}", *paths)
    finally:
        process.kill()
        process.wait()


def judged(kind, defect):
    """What is wrong with how a defect is found, if anything is."""
    play, table = (terminal, TERMINAL) if kind == "terminal" else (broker, BROKER)
    names, words = table[defect]
    rows = play(defect, files(kind, names))
    failures = [row for row in rows if row[1] == "fail"]
    limit = LIMITS.get(defect, LIMIT)
    if SHOW:
        print(f"{kind} {defect}:", *failures, sep="\n    ", flush=True)
    if not failures:
        return f"{defect} is not found: {[row[:2] for row in rows]}"
    if not any(words in said for _, _, _, said in failures):
        return f"{defect} is not named ({words}): {failures[0]}"
    slowest = max(seconds for _, _, seconds, _ in failures)
    return f"{defect} took {slowest:.0f} s, {limit} s are allowed" if slowest > limit else None


def healthy(kind, play):
    rows = play("", sorted(str(path) for path in (HERE / kind).glob("*.sca")))
    bad = [row for row in rows if row[1] != "pass"]
    return f"without a defect: {bad[0]}" if bad else None


failed = False
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    for kind, play, table in (("terminal", terminal, TERMINAL), ("broker", broker, BROKER)):
        runs = [pool.submit(healthy, kind, play), *(pool.submit(judged, kind, defect) for defect in table)]
        wrong = list(filter(None, (run.result() for run in runs)))
        failed |= bool(wrong)
        name = f"a {kind} of the standard library with {len(table)} defects, each found and named; without one it passes"
        print(f"FAILED: {name}:" if wrong else f"passed: {name}", *wrong, sep="\n  ", flush=True)
sys.exit(failed)
