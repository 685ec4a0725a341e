#!/usr/bin/python3
"""When tasks are polled: polls and delay of the plan that kycd learns, of evenly spaced polls, of the exponential plan, and of
the best plan with the same delay, for answers of known distributions on a virtual clock. Takes a minute or two.
"""

import json
import subprocess
import sys

import bench


def main():
    read = bench.arguments(__doc__)
    done = subprocess.run([read.poll_plans, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr}")
    rows = json.loads(done.stdout)
    cells = [[f"{row['answers']}: {row['plan']}", f"{row['polls']:.2f}", f"{row['delay']:.2f}",
              f"{row['best polls for this delay']:.2f}", f"{row['ratio']:.2f}",
              f"{row['worst ratio']:.2f}" if "worst ratio" in row else "-"] for row in rows]
    bench.table(cells, ["answers: plan", "polls", "delay, s", "best for delay", "ratio", "worst seed"])
    bench.write_json(read.json, {"bench": "polls", "plans": rows})


if __name__ == "__main__":
    main()
