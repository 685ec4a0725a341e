"""How an act of the show tells what it saw, and how it fails."""

import stat
import time

began = time.monotonic()


def act(words):
    print(f"\n[{time.monotonic() - began:5.1f} s] {words}", flush=True)


def saw(words):
    print(f"  {words}", flush=True)


def check(true, words):
    if not true:
        raise AssertionError(words)


def seconds(since):
    return f"{time.monotonic() - since:.1f} s"


def mode(path):
    """Owner, group and mode, in numbers: those of the machine."""
    found = path.stat()
    return f"{found.st_uid}:{found.st_gid}:{stat.S_IMODE(found.st_mode):04o}"
