"""The frame of a campaign that kills kycd: the arguments that all have, its parts one after another, figures, exit code."""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

from kill_world import LAYOUTS, MOST_TOLD


def parser_for(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a sample of the steps and few random kills, as CI does")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", choices=["resubmit", "hold"], default="resubmit", help="on_unknown_outcome under load")
    parser.add_argument("--layout", choices=LAYOUTS, default="one", help="where inbox and outbox are under load")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--root", default="build/campaign", help="where the worlds are made")
    parser.add_argument("--other", help="the same on another file system; default: a folder in /dev/shm")
    parser.add_argument("--json", help="write the figures to this file")
    return parser


def read_arguments(parser):
    arguments = parser.parse_args()
    arguments.root = pathlib.Path(arguments.root).resolve()
    arguments.own_other = not arguments.other
    arguments.other = pathlib.Path(arguments.other or tempfile.mkdtemp(prefix="kycd-campaign-", dir="/dev/shm")).resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    arguments.other.mkdir(parents=True, exist_ok=True)
    if arguments.root.stat().st_dev == arguments.other.stat().st_dev:
        parser.error(f"{arguments.root} and {arguments.other} are on one file system")
    return arguments


def show(report):
    for key, value in report.items():
        if isinstance(value, list):
            print(f"{key:26} {len(value)}", *value[:MOST_TOLD], sep="\n    ")
        else:
            print(f"{key:26} {value}")
    print(flush=True)


def run(name, arguments, parts, success):
    """Runs the parts, each a kind of campaign with its changes of the arguments, and ends the process. `success`: the
    sentence when the oracle has no objection, from a function that adds a figure up over all parts."""
    reports = []
    for number, (kind, changes) in enumerate(parts):
        own = argparse.Namespace(**{**vars(arguments), **changes, "name": f"{kind.__name__.lower()}-{number}"})
        began = time.monotonic()
        campaign = kind(own)
        try:
            told = campaign.run()
        finally:
            campaign.close()
        reports.append({"campaign": f"{name} {own.name}", **changes, "seed": own.seed,
                        "seconds": round(time.monotonic() - began, 1), "violations": campaign.violations,
                        **dict(sorted(campaign.figures.items())), **told, "excuses": campaign.excuses})
        show(reports[-1])
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(reports, indent=2) + "\n")
    objections = sum(len(report["violations"]) for report in reports)
    if arguments.own_other and not objections:
        shutil.rmtree(arguments.other, ignore_errors=True)
    print(f"the oracle objects {objections} times" if objections else
          success(lambda figure: sum(report.get(figure, 0) for report in reports)))
    sys.exit(1 if objections else 0)
