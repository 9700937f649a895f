"""Every command that writes over something, on a disk of one MiB with so many KiB left. Arguments: the program."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
COMMANDS = [
    ["fmt", "."],
    ["run", "--update", "."],
    ["run", "--update-lines", "s1.sca"],
    ["run", "s2.sca"],
    ["run", "good1.sca", "--report", "json=r.json,junit=r.xml,markdown=r.md"],
    ["run", "good1.sca", "--trace", "r.md"],
    ["conformance", "good1.sca", "--html", "r.md"],
    ["export", "s1.sca", "s2.sca", "--out", "exported"],
    ["certs", "certs", "--force"],
    ["new", "theme/name", "--dir", "."],
]
ROOM = [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256]


def untidy(folder):
    comment = "# " + "a long line that makes the file long " * 300 + "\n"
    for n in range(4):
        steps = "pos -> terminal    ADMIN GET_COUNTER    as a\nterminal -> pos   COUNTER=7   re a\n"
        (folder / f"s{n}.sca").write_text(f'scenario    "Number {n}"\n\n{comment}terminal   connects\n{steps}')
        (folder / f"good{n}.sca").write_text(f'scenario "Good {n}"\n\nterminal connects\n')
        (folder / "snapshots").mkdir(exist_ok=True)
        (folder / f"snapshots/good{n}.snap").write_text("---\nsource: s\n---\n" + "another day\n" * 900)
    for report in ["r.json", "r.xml", "r.md"]:
        (folder / report).write_text("an old report\n" * 600)
    (folder / "certs").mkdir()
    (folder / "certs/authority.pem").write_text("an old authority\n" * 500)


def named(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "ballast"}


def is_whole(name, data):
    """What is new each time is known by its end."""
    text = data.decode(errors="replace").rstrip()
    ends = {".json": "}", ".xml": "</testsuites>", ".pem": "-----", ".key": "-----"}
    return text.endswith(ends.get(pathlib.Path(name).suffix, "\0"))


def play(folder, command):
    return subprocess.run([PROGRAM, *command], cwd=folder, capture_output=True, text=True, timeout=120)


def main():
    roomy = pathlib.Path(tempfile.mkdtemp(prefix="sca-sim-disk-"))
    small = roomy / "small"
    tried = full = 0
    for command in COMMANDS:
        usual = roomy / "usual"
        usual.mkdir()
        untidy(usual)
        old = named(usual)
        play(usual, command)
        new = named(usual)
        shutil.rmtree(usual)
        for room in ROOM:
            small.mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
            untidy(small)
            left = os.statvfs(small)
            ballast = max(0, left.f_bavail * left.f_frsize - room * 1024)
            with open(small / "ballast", "wb") as file:
                file.write(b"x" * ballast)
            said = play(small, command)
            tried += 1
            now = named(small)
            for name, data in now.items():
                known = data in (old.get(name), new.get(name)) or is_whole(name, data)
                if not known and not name.startswith(".sca-sim/"):
                    sys.exit(f"{command} with {room} KiB left a part of {name}: {len(data)} bytes\n{said.stderr}")
            lost = [name for name in old if name not in now]
            # A report of an earlier run is taken away before the run begins.
            if [name for name in lost if not name.startswith("r.")]:
                sys.exit(f"{command} with {room} KiB took away {lost}")
            parts = [name for name in now if name.endswith(".part")]
            if parts:
                sys.exit(f"{command} with {room} KiB left {parts}")
            missing = [name for name in new if name not in now or now[name] == old.get(name) != new[name]]
            if missing and command[0] != "run":
                full += 1
                if said.returncode != 4 or "No space left" not in said.stderr:
                    sys.exit(f"{command} with {room} KiB wrote no {missing}, and said {said.returncode}: {said.stderr}")
            elif missing:
                full += 1
                if "No space left" not in said.stderr:
                    sys.exit(f"{command} with {room} KiB wrote no {missing}, and did not say so: {said.stderr}")
            subprocess.run(["umount", small], check=True)
    shutil.rmtree(roomy)
    print(f"{tried} small disks, {full} of them full: every file old or new, and every lack said")
    if full < 20:
        sys.exit("hardly any disk was full")


main()
