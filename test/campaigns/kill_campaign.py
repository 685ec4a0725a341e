#!/usr/bin/python3
"""Kills kycd with SIGKILL, restarts it until everything is done, and asks the oracle (oracle.py) what came of it.

  kill_campaign.py --every-step              at each step that kycd names (kyc::fault_point), and again while it recovers
  kill_campaign.py --random 200              at random moments under load
  kill_campaign.py --retry                   kycd retry, at each of its steps
  kill_campaign.py                           all of it, for a quarter of an hour; --short: a sample of it

The environment names the binaries: KYCD (a kycd-breakable) and KYCD_SANDBOX. Exit code 1: the oracle has objections.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

from kill_load import Random
from kill_retry import Retry
from kill_steps import EveryStep
from kill_world import LAYOUTS, MOST_TOLD


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every-step", action="store_true", help="kill at each step that kycd names, and in recovery")
    parser.add_argument("--retry", action="store_true", help="kill 'kycd retry' at each of its steps")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="kill so often at random moments")
    parser.add_argument("--short", action="store_true", help="a sample of the steps and few random kills, as CI does")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", choices=["resubmit", "hold"], default="resubmit", help="on_unknown_outcome under load")
    parser.add_argument("--layout", choices=LAYOUTS, default="one", help="where inbox and outbox are under load")
    parser.add_argument("--under-way", type=int, default=80, help="cases dropped and not out yet, under load")
    parser.add_argument("--lose-ledger", type=float, default=0, metavar="P",
                        help="chance that it is lost or damaged at a kill")
    parser.add_argument("--per-step", type=int, default=4, help="kills at each step, at different cases")
    parser.add_argument("--recover", type=int, default=1, help="kills at each step of each recovery")
    parser.add_argument("--points", type=int, default=24, help="different steps with --short")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--root", default="build/campaign", help="where the worlds are made")
    parser.add_argument("--other", help="the same on another file system; default: a folder in /dev/shm")
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    arguments.root = pathlib.Path(arguments.root).resolve()
    arguments.own_other = not arguments.other
    arguments.other = pathlib.Path(arguments.other or tempfile.mkdtemp(prefix="kycd-campaign-", dir="/dev/shm")).resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    arguments.other.mkdir(parents=True, exist_ok=True)
    if arguments.root.stat().st_dev == arguments.other.stat().st_dev:
        parser.error(f"{arguments.root} and {arguments.other} are on one file system")
    return arguments


def parts_of(arguments):
    """What to run: the kinds with their changes of the arguments."""
    asked = [(kind, {}) for kind, wanted in ((EveryStep, arguments.every_step), (Retry, arguments.retry),
                                             (Random, arguments.random)) if wanted]
    if asked:
        return asked
    if arguments.short:
        return [(EveryStep, {}), (Retry, {}), (Random, {"random": 10})]
    return [(EveryStep, {}), (Retry, {}), (Random, {"random": 200}), (Random, {"random": 50, "rule": "hold"}),
            (Random, {"random": 50, "layout": "two"}), (Random, {"random": 50, "rule": "hold", "lose_ledger": 0.2})]


def show(report):
    for key, value in report.items():
        if isinstance(value, list):
            print(f"{key:26} {len(value)}", *value[:MOST_TOLD], sep="\n    ")
        else:
            print(f"{key:26} {value}")
    print(flush=True)


def total(reports, figure):
    return sum(report.get(figure, 0) for report in reports)


def main():
    arguments = read_arguments()
    reports = []
    for number, (kind, changes) in enumerate(parts_of(arguments)):
        own = argparse.Namespace(**{**vars(arguments), **changes, "name": f"{kind.__name__.lower()}-{number}"})
        began = time.monotonic()
        campaign = kind(own)
        try:
            told = campaign.run()
        finally:
            campaign.close()
        reports.append({"campaign": "kill " + own.name, **changes, "seed": own.seed,
                        "seconds": round(time.monotonic() - began, 1), "violations": campaign.violations,
                        **dict(sorted(campaign.figures.items())), **told, "excuses": campaign.excuses})
        show(reports[-1])
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(reports, indent=2) + "\n")
    objections = sum(len(report["violations"]) for report in reports)
    if arguments.own_other and not objections:
        shutil.rmtree(arguments.other, ignore_errors=True)
    if objections:
        print(f"the oracle objects {objections} times")
    else:
        print(f"{total(reports, 'cases')} cases, {total(reports, 'kills')} kills: each case came out once and was billed "
              f"once, but for {total(reports, 'extra_bills')} bills after an outcome that nobody could know, each of "
              "which the ledger names")
    sys.exit(1 if objections else 0)


if __name__ == "__main__":
    main()
