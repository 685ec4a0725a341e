#!/usr/bin/python3
"""Prints what became of the cases of scripts/demo. Exits 1 when one is missing or none was answered."""

import json
import pathlib
import sys


def told(checks):
    words = {True: "yes", False: "NO", None: "?"}
    return " ".join(f"{name}={words.get(value, value)}" for name, value in checks.items())


def outcomes(spool):
    """(service, case, outcome, remark, file) of each case that ended."""
    for file in sorted(spool.glob("outbox/*/*/result.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        issues = ", ".join(issue.get("code") or issue.get("message") or "?" for issue in result.get("issues") or [])
        remark = told(result.get("checks") or {}) + (f"  [{issues}]" if issues else "")
        yield file.parts[-3], file.parts[-2], result["verdict"], remark, file
    for file in sorted(spool.glob("failed/*/*/error.json")):
        error = json.loads(file.read_text(encoding="utf-8"))
        yield file.parts[-3], file.parts[-2], error["code"], error["message"], file


def table(rows, heads):
    widths = [max(len(str(row[i])) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        print("  " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def bill_lines(folder):
    """The sandbox writes a line of JSON for each call that would have been paid."""
    for file in sorted(folder.glob("bill*.json*")):
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return None


def main():
    here = pathlib.Path(sys.argv[1])
    spool = here / "spool"
    ended = list(outcomes(spool))

    print("\n== what became of the cases")
    table([row[:4] for row in ended], ["service", "case", "outcome", "checks, or what was wrong"])
    # Folders with a dot are kycd's own.
    left = [path for root in ("inbox", "work") for path in sorted(spool.glob(f"{root}/[!.]*/[!.]*"))]
    for path in left:
        print(f"  not done: {path.relative_to(spool)}")

    shown = next((row[4] for row in ended if row[2] == "pass"), None)
    if shown:
        print(f"\n== one answer: {shown}")
        print(shown.read_text(encoding="utf-8").rstrip())

    bill = bill_lines(here / "sandbox")
    if bill is not None:
        print("\n== the sandbox's bill: one line for each call that would have been paid")
        rows = [[line.get("service", "?"), len(line.get("files", [])), f"{line.get('bytes', 0):,}", line.get("task", "?")]
                for line in bill]
        table(rows, ["service", "files", "bytes", "task"])
        print(f"  {len(bill)} calls")

    return 0 if shown and not left else 1


if __name__ == "__main__":
    sys.exit(main())
