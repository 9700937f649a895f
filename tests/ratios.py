"""Prints what the benchmarks say as ratios: each figure against its floor in the same run."""

import json
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
times = {}
for path in sorted(root.glob("*/*/new/estimates.json")):
    benchmark = json.loads((path.parent / "benchmark.json").read_text())
    times[benchmark["full_id"]] = json.loads(path.read_text())["median"]["point_estimate"] / 1000


def line(name, value, floor):
    print(f"{name:<44} {value:>9.1f} µs   floor {floor:>9.1f} µs   {100 * floor / value:>5.1f} % of the floor's speed")


ws = times["memory/ws scenario"]
wss = times["memory/mutual TLS scenario"]
shakes = times["memory/mutual TLS floor: two handshakes"]
line("memory, ws scenario", ws, times["memory/ws floor: two upgrades and three documents"])
line("memory, mutual TLS scenario, bare handshakes", wss, shakes)
line("memory, mutual TLS scenario, all it consists of", wss, shakes + ws)
line("wire, ws scenario", times["wire/ws scenario"], times["wire/ws floor: two connections on loopback"])
line("wire, mutual TLS scenario", times["wire/mutual TLS scenario"], times["wire/mutual TLS floor: two handshakes"])
for what in ("a request and its answer", "a mebibyte"):
    line(f"recorded, {what}", times[f"record/{what}, recorded"], times[f"record/{what}, direct"])
for language in ("C", "Python"):
    alone = times.get(f"cores/ws scenario, {language}")
    if alone is None:
        print(f"a core in {language}: not measured here")
        continue
    print(f"a core in {language}: a ws scenario {alone:.0f} µs ({alone / ws:.1f} times ours)")
    for what, wanted in (("sweep", "wanted with C: at most 6 times"), ("month of refusals", "wanted: under 5 s")):
        theirs, ours = (times[f"cores/{what}, {who}"] for who in (language, "ours"))
        print(f"a core in {language}: {what} {theirs / 1e6:.2f} s ({theirs / ours:.1f} times ours; {wanted})")
line("start-up", times["start-up/sca-sim --version"], times["start-up/floor: true"])
print(f"one core plays {1e6 / ws:,.0f} ws scenarios and {1e6 / wss:,.0f} mutual TLS scenarios a second in memory")
