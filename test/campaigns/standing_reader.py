#!/usr/bin/python3
"""Reads the answers of delivered cases over and over, as whoever uses the outbox does, while kycd verifies them again.

  standing_reader.py LIST FILE     LIST: a line per case folder; ends when its standard input does, and leaves FILE

A result.json must be there, whole, at every moment; and when it is a new one, the one before must be in history/ already.
FILE is JSON: how often was read, how many new answers were seen, and what was wrong.
"""

import json
import pathlib
import select
import sys

MOST_TOLD = 50


class Reader:
    def __init__(self, folders):
        self.standing = {}  # folder -> the bytes that were read last
        self.folders = folders
        self.reads = self.renewals = 0
        self.wrong = []

    def read(self, folder):
        self.reads += 1
        try:
            text = (folder / "result.json").read_bytes()
            if json.loads(text)["schema"] != "kycd.result/1":
                raise ValueError("another schema")
        except (OSError, ValueError, KeyError) as error:
            self.object(f"{folder}: result.json could not be read at some moment: {error!r}")
            return
        before = self.standing.get(folder)
        if before is not None and before != text:
            self.renewals += 1
            kept = folder / "history" / f"{json.loads(before)['task']['answered_at']}.json"
            if not kept.is_file() or kept.read_bytes() != before:
                self.object(f"{folder}: the new answer was there before {kept.name} was in history/")
        self.standing[folder] = text

    def object(self, sentence):
        if len(self.wrong) < MOST_TOLD:
            self.wrong.append(sentence)

    def run(self):
        while not select.select([sys.stdin], [], [], 0.002)[0]:
            for folder in self.folders:
                self.read(folder)


def main():
    folders = [pathlib.Path(line) for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
    reader = Reader(folders)
    reader.run()
    pathlib.Path(sys.argv[2]).write_text(json.dumps({"reads": reader.reads, "renewals": reader.renewals,
                                                     "wrong": reader.wrong}))


if __name__ == "__main__":
    main()
