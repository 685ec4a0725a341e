"""What the sections of scripts/bench share: arguments, the machine, a spool full of cases, a measured run, a table."""

import argparse
import atexit
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import stat
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/support"))


def arguments(description, add=None):
    """The arguments of every section, and its own; sets up the environment that world.py wants."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("kycd", "sandbox", "preload", "poll-plans", "transport", "counting", "curl-transport"):
        parser.add_argument("--" + name, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help="the disk under it is measured")
    parser.add_argument("--json", help="write the figures there too")
    if add:
        add(parser)
    read = parser.parse_args()
    os.environ["KYCD"], os.environ["KYCD_SANDBOX"] = read.kycd, read.sandbox
    return read


def defaults(read, own_arguments, **changes):
    """The arguments of another section, as its own program would have them, but for `changes`."""
    parser = argparse.ArgumentParser()
    own_arguments(parser)
    return argparse.Namespace(**{**vars(read), **vars(parser.parse_args([])), **changes})


@contextlib.contextmanager
def workplace(read):
    """A folder for what a section makes. What lies in it at the end is emptied, and removed when the program ends: ext4 without a
    journal gives no inode again within minutes of its removal, and looks past each of them when the next section makes a file."""
    top = tempfile.mkdtemp(dir=read.folder)
    try:
        yield top
    finally:
        for file in pathlib.Path(top).rglob("*"):
            # Never what lies elsewhere, too.
            if stat.S_ISREG((found := file.lstat()).st_mode) and found.st_nlink == 1:
                os.truncate(file, 0)
        atexit.register(shutil.rmtree, top, ignore_errors=True)


def machine(folder):
    def output(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return "unknown"

    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {"cores": os.cpu_count(), "processor": model, "kernel": os.uname().release,
            "file system": output("findmnt", "-no", "FSTYPE", "-T", str(folder)).splitlines()[-1],
            "commit": output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
            "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


def counts(file):
    """How many of each call were made, as KYCD_PRELOAD_COUNTS tells."""
    return {name.rstrip(b"\0").decode(): number for name, number in struct.iter_unpack("24sQ", file.read_bytes())}


class Bulk:
    """Cases of one service, drawn once and dropped anew for each run, each run with a spool and a sandbox of its own."""

    def __init__(self, folder, service, cases, min_kb, max_kb):
        import make_cases
        import world
        self.world, self.make_cases = world, make_cases
        self.service, self.cases = service, cases
        self.top = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.bases = make_cases._bulk_bases(service, min_kb * 1000, max_kb * 1000, "bench") if max_kb else None
        self.runs = 0

    def _drop(self, spool):
        for number in range(self.cases):
            files = {}
            for offset, (field, drawn) in enumerate(self.bases.items()):
                drawing = drawn[(number + offset) % len(drawn)]
                files[f"{field}.jpg"] = self.make_cases.make_images.jpeg_comment(drawing, f"bench {number} {field}")
            spool.folder(self.service, f"N-{number:06}", files)

    def run(self, env=None, **settings):
        """`kycd run --once` over all cases: seconds, its summary, the folder (until the next run)."""
        here = self.world.World(self.top / f"run-{self.runs}")
        self.runs += 1
        here.start_sandbox()
        here.configure(**{"intake": {"settle": "0s"}, "log": {"level": "warning"}, **settings})
        with self.make_cases.Spool(here.spool) as spool:
            self._drop(spool)
        os.sync()  # the producer's writes are not what is measured
        before = time.monotonic()
        done = here.run_once(env={**here.env, **{name: value.format(root=here.root) for name, value in (env or {}).items()}},
                             timeout=3600)
        seconds = time.monotonic() - before
        billed = len(here.bill())
        here.close()
        if done.code != 0 or done.summary["delivered"] != self.cases or billed != self.cases:
            sys.exit(f"bench: {self.cases} cases, {billed} paid, kycd: {done!r}")
        counted = counts(here.root / "counts") if (here.root / "counts").exists() else {}
        shutil.rmtree(here.root)
        return seconds, done.summary, counted

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)


def spread(numbers):
    return {"median": statistics.median(numbers), "least": min(numbers), "most": max(numbers)}


def ratios(numbers, yardsticks):
    """Of each round's number to the same round's yardstick."""
    return [number / yardstick for number, yardstick in zip(numbers, yardsticks)]


def span(of, digits):
    """A spread as one cell."""
    return f"{of['median']:.{digits}f} ({of['least']:.{digits}f}-{of['most']:.{digits}f})"


def table(rows, titles):
    """Rows of texts under titles, the first column to the left."""
    every = [titles, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in every) for column in range(len(titles))]
    for row in every:
        print("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))))


def write_json(file, figures):
    if file:
        pathlib.Path(file).write_text(json.dumps(figures, indent=2) + "\n")


def section(name, description, own_arguments, measure, show):
    """What the program of a section does: `measure` takes the arguments and returns figures, `show` prints them."""
    read = arguments(description, own_arguments)
    read.folder = str(pathlib.Path(read.folder).resolve())
    what_it_is = machine(read.folder)
    found = measure(read)
    figures = {"bench": name, "machine": what_it_is, **found}
    print(", ".join(f"{what}: {value}" for what, value in figures["machine"].items()))
    show(found)
    write_json(read.json, figures)
