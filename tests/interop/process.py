"""Programs under test, whose lines can be waited for."""

import atexit
import queue
import signal
import subprocess
import sys
import threading
import time

PROGRAM = sys.argv[1]
DEADLINE = 30


class Process:
    """A program whose lines can be waited for."""

    def __init__(self, *command):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        # A check that fails leaves nothing running.
        atexit.register(self.process.kill)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait_for(self, what, wanted):
        """The next line for which `wanted` holds."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                told = "\n  ".join(self.seen[-30:])
                raise SystemExit(f"FAILED: {self.command[0]} did not say {what}\n  {told}")
            self.seen.append(line)
            if wanted(line):
                return line

    def type(self, line):
        """Types a line at it."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
