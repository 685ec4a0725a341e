#!/usr/bin/python3
"""Kills kycd with SIGKILL, restarts it until everything is done, and asks the oracle (oracle.py) what came of it.

  kill_campaign.py --every-step              at each step that kycd names (kyc::fault_point), and again while it recovers
  kill_campaign.py --random 200              at random moments under load
  kill_campaign.py --retry                   kycd retry, at each of its steps
  kill_campaign.py                           all of it, for a quarter of an hour; --short: a sample of it

The environment names the binaries: KYCD (a kycd-breakable) and KYCD_SANDBOX. Exit code 1: the oracle has objections.
"""

from kill_load import Random
from kill_main import parser_for, read_arguments, run
from kill_retry import Retry
from kill_steps import EveryStep


def arguments_of():
    parser = parser_for(__doc__)
    parser.add_argument("--every-step", action="store_true", help="kill at each step that kycd names, and in recovery")
    parser.add_argument("--retry", action="store_true", help="kill 'kycd retry' at each of its steps")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="kill so often at random moments")
    parser.add_argument("--under-way", type=int, default=80, help="cases dropped and not out yet, under load")
    parser.add_argument("--lose-ledger", type=float, default=0, metavar="P",
                        help="chance that it is lost or damaged at a kill")
    parser.add_argument("--per-step", type=int, default=4, help="kills at each step, at different cases")
    parser.add_argument("--recover", type=int, default=1, help="kills at each step of each recovery")
    parser.add_argument("--points", type=int, default=24, help="different steps with --short")
    return read_arguments(parser)


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


def success(total):
    return (f"{total('cases')} cases, {total('kills')} kills: each case came out once and was billed once, but for "
            f"{total('extra_bills')} bills after an outcome that nobody could know, each of which the ledger names")


def main():
    arguments = arguments_of()
    run("kill", arguments, parts_of(arguments), success)


if __name__ == "__main__":
    main()
