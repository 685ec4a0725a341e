#!/usr/bin/python3
"""The table of figures with tiny numbers: every section runs, every case comes out, every figure is there. Nothing is said of time.
"""

import json
import math
import sys

import bench
import table


def smallest(parser):
    parser.set_defaults(size=2, cases=None, only=None)


def measure(read):
    found = table.measure(read)
    json.dumps(found)
    for each in found["figures"]:
        if not all(math.isfinite(number) for number in each["measured"].values()):
            sys.exit(f"bench: {each}")
    missing = {name for name, sizes in table.SIZES.items() if sizes[2] is not None} - set(found["sections"])
    if missing:
        sys.exit(f"bench: nothing was measured of {missing}")
    return found


def show(found):
    print(f"{len(found['figures'])} figures of {', '.join(found['sections'])}")


if __name__ == "__main__":
    bench.section("smoke", __doc__, smallest, measure, show)
