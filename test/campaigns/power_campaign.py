#!/usr/bin/python3
"""Cuts the power, in a model: records every change that kycd makes to spool and ledger in a real run, works out what a power
cut after each of them may leave on disk (power_model.py), lays each such state out, starts kycd over it, and compares what
becomes of the cases with the sandbox's bill. Nothing may be lost, delivered twice or damaged; a second payment is allowed
only where the first one's receipt cannot have reached the disk, and then result.json must tell of both attempts.

  scripts/campaign power                                          every state (a quarter of an hour)
  scripts/campaign power --short                                  a sample that runs in CI
  scripts/campaign power --scenario used --state 17 --folder F    one of them again, keeping its folder
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

SCENARIOS = ["fresh", "used", "unsynced", "shares", "recovery"]


def chosen_states(scenario, arguments, fraction):
    crashes = None
    if arguments.forget_syncs and fraction:  # the states of a run without syncs are legion
        crashes = random.Random(arguments.seed).sample(range(len(scenario.model.operations)), 6)
    states = list(scenario.model.all_states(crashes))
    numbered = list(enumerate(states))
    if arguments.state is not None:
        return states, [numbered[arguments.state]]
    if fraction:
        numbered = random.Random(arguments.seed).sample(numbered, min(fraction, len(numbered)))
    return states, numbered


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("KYCD", "KYCD_SANDBOX", "KYCD_PRELOAD"):
        option = "--" + name.removeprefix("KYCD_").lower()
        parser.add_argument(option, default=os.environ.get(name), required=name not in os.environ, help=f"default: ${name}")
    parser.add_argument("--short", action="store_true", help="20 states of each scenario")
    parser.add_argument("--sample", type=int, help="so many states of each scenario")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS,
                        help="fresh: the first start ever; used: a spool that has worked before; unsynced: the producer "
                             "has synced nothing; shares: inbox and outbox on another disk; recovery: the start after a "
                             "power cut")
    parser.add_argument("--state", type=int, help="only the state with this number")
    parser.add_argument("--recoveries", type=int, default=5, help="how many starts after a power cut are recorded in turn")
    parser.add_argument("--forget-syncs", action="store_true",
                        help="as if kycd had never synced anything: violations must then be found; ends 0 if they are")
    parser.add_argument("--folder", help="where to work; kept. Default: a temporary folder, kept only when something failed")
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    os.environ["KYCD"], os.environ["KYCD_SANDBOX"] = arguments.kycd, arguments.sandbox
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
    from power_scenario import Scenario, other_disk  # they want the two names in the environment

    folder = pathlib.Path(arguments.folder or tempfile.mkdtemp(prefix="kycd-power-"))
    folder.mkdir(parents=True, exist_ok=True)
    preload = str(pathlib.Path(arguments.preload).resolve())
    size = arguments.sample or (20 if arguments.short else None)
    failures, figures = {}, {}
    lock = threading.Lock()
    began = time.monotonic()

    def go_through(scenario, label, share):
        states, chosen = chosen_states(scenario, arguments, share)
        failed = 0
        for index, state in chosen:
            try:
                wrong = scenario.check(state, index)
            except Exception as error:  # a state that cannot be judged has failed
                wrong = [f"{type(error).__name__}: {error}"]
            if wrong:
                failed += 1
                with lock:
                    failures[f"{label} {index}"] = [state.name(), *wrong]
                    print(f"FAILED {label} state {index}: {state.name()}", *wrong, sep="\n    ", flush=True)
        with lock:
            figures[label] = {"operations": len(scenario.model.operations), "states": len(states), "checked": len(chosen),
                              "violations": failed}
            print(f"{label}: {figures[label]}", flush=True)

    def work(name):
        if name == "shares" and not other_disk(folder):
            print("shares: left out, there is no second file system here", flush=True)
            return
        scenario = Scenario(name, folder / name, preload, arguments.forget_syncs)
        with lock:  # the sandbox is started with an environment of its own
            scenario.record() if name != "recovery" else None
        try:
            if name != "recovery":
                go_through(scenario, name, size)
                return
            for number in range(arguments.recoveries):
                again = Scenario("used", folder / f"recovery-{number}", preload)
                with lock:
                    again.record()
                try:
                    states = list(again.model.all_states())
                    # One that still has something to do: a case in work/ and a bill.
                    busy = [each for each in states if each.marks and any("/spool/work/kyc_card/" in path for path in each.files)]
                    again.record_recovery_of(random.Random(arguments.seed + number).choice(busy or states))
                    go_through(again, f"recovery {number}", size and max(1, size // arguments.recoveries))
                finally:
                    again.close()
        finally:
            scenario.close()

    def work_or_fail(name):
        try:
            work(name)
        except Exception as error:  # a scenario that cannot be gone through has failed
            with lock:
                failures[name] = [f"{type(error).__name__}: {error}"]
                print(f"FAILED {name}: {failures[name][0]}", flush=True)

    # A thread for each: a scenario's bill is only read between its own runs.
    threads = [threading.Thread(target=work_or_fail, args=(name,)) for name in arguments.scenario or SCENARIOS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    print(f"{sum(each['checked'] for each in figures.values())} states, {len(failures)} violations, "
          f"{time.monotonic() - began:.0f} s")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"figures": figures, "failures": failures}, indent=2) + "\n")
    if failures:
        print(f"the folders of the failed states are in {folder}")
    elif not arguments.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bool(failures) != arguments.forget_syncs else 0


if __name__ == "__main__":
    sys.exit(main())
