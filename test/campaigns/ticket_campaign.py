#!/usr/bin/python3
"""Kills kycd with SIGKILL while re-verification tickets run, and asks the oracle (ticket_oracle.py) what came of it.

  ticket_campaign.py --every-step            at each step that a night passes, and again in the start after that
  ticket_campaign.py --random 200            at random moments and steps, in nights of hundreds of cases
  ticket_campaign.py                         both, for a quarter of an hour; --short: a sample of it

The environment names the binaries: KYCD (a kycd-breakable) and KYCD_SANDBOX. Exit code 1: the oracle has objections.
"""

from kill_main import parser_for, read_arguments, run
from kill_ticket import NightLoad, NightSteps


def arguments_of():
    parser = parser_for(__doc__)
    parser.add_argument("--every-step", action="store_true", help="kill at each step that a night passes")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="kill so often at random")
    parser.add_argument("--cases", type=int, default=300, help="delivered cases of a night")
    parser.add_argument("--per-night", type=int, default=25, help="kills in a night")
    parser.add_argument("--per-step", type=int, default=3, help="kills at each step, at different cases")
    parser.add_argument("--points", type=int, default=10, help="kills at steps with --short")
    return read_arguments(parser)


def parts_of(arguments):
    """What to run: the kinds with their changes of the arguments."""
    asked = [(kind, {}) for kind, wanted in ((NightSteps, arguments.every_step), (NightLoad, arguments.random)) if wanted]
    if asked:
        return asked
    if arguments.short:
        return [(NightSteps, {}), (NightLoad, {"random": 8, "per_night": 8, "cases": 90})]
    return [(NightSteps, {}), (NightLoad, {"random": 150}), (NightLoad, {"random": 25, "rule": "hold"}),
            (NightLoad, {"random": 25, "layout": "two"})]


def success(total):
    return (f"{total('kills')} kills, {total('tickets')} tickets, {total('bills')} calls, {total('reads')} answers read "
            "meanwhile: each was there and whole, each ticket's balance adds up, and nothing was paid twice but for "
            f"{total('extra_bills')} bills after an outcome that nobody could know")


def main():
    arguments = arguments_of()
    run("ticket", arguments, parts_of(arguments), success)


if __name__ == "__main__":
    main()
