"""Runs a program whose clock stands where the last line that came puts it, in Unix seconds."""

import datetime
import runpy
import sys
import threading
import time

at = None


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) if at is None else cls.fromtimestamp(at, tz)


def listen():
    global at
    for line in sys.stdin:
        at = float(line)
        print("set", flush=True)


# Before the program imports anything that takes these by name.
datetime.datetime = Clock
machine = time.time
time.time = time.monotonic = lambda: machine() if at is None else at
threading.Thread(target=listen, daemon=True).start()
runpy.run_path(sys.argv[1], run_name="__main__")
