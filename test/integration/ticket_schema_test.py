#!/usr/bin/env python3
"""The schema of tickets for editors: takes the example, refuses what kycd refuses, and names the same keys as the manual."""

import json
import pathlib
import re
import unittest

import jsonschema
import yaml
from config_schema_test import uncommented

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config/reverify.schema.json").read_text())
EXAMPLE = (ROOT / "config/reverify.yaml").read_text()
PARSER_TEST = (ROOT / "test/unit/daemon/ticket_yaml_test.cpp").read_text()

# What only kycd can know: services, files beside the ticket, the calendar, two keys that exclude each other, time zones.
ONLY_KYCD = ("kyc_cart", "passport", "[liveness, face_liveness]", "- ocr\\n", "2026-02-30", "document_expired: true", "column: id",
             "missing.csv", "empty.csv", "wrong.csv", "long.csv", "broken.csv", "canary: [.hidden]")
# What is no document, or becomes another value before a schema sees it.
NOT_FOR_SCHEMAS = ("\\xFC", "service: [\\n", "---", "twice", "service: kyc_card\\nservice:", "document_expired: yes", "labels: {branch: }")


def leaves(schema, path=""):
    for key, inner in schema["properties"].items():
        found = next((each for each in inner.get("anyOf", []) if "properties" in each), None)
        if found:
            yield path + key
        if found or "properties" in inner:
            yield from leaves(found or inner, f"{path}{key}.")
        else:
            yield path + key


def wrong_tickets():
    table = PARSER_TEST.split("wrong{")[1].split("\n    };")[0]
    return [json.loads(f'"{text}"') for text in re.findall(r'^\s*\{"((?:[^"\\]|\\.)*)", +\d', table, re.M)
            if not any(part in text for part in ONLY_KYCD + NOT_FOR_SCHEMAS)]


class TicketSchema(unittest.TestCase):
    def setUp(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def errors(self, text):
        # As kycd reads it: a date is a text.
        loader = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {
            first: [(tag, regexp) for tag, regexp in rules if not tag.endswith("timestamp")]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}})
        return [error.message for error in self.validator.iter_errors(yaml.load(text, loader))]

    def test_the_example_is_right_as_it_is_and_with_every_key(self):
        self.assertEqual(self.errors("{}"), [])
        self.assertEqual(self.errors(EXAMPLE), [])
        self.assertEqual(self.errors(uncommented(EXAMPLE)), [])

    def test_what_the_parser_refuses_is_refused(self):
        wrong = wrong_tickets()
        self.assertGreater(len(wrong), 40)
        for text in wrong:
            with self.subTest(text):
                self.assertNotEqual(self.errors(text), [])

    def test_a_file_that_says_nothing_is_refused(self):
        for text in ("", "# nothing\n", "---\n", "null\n"):
            with self.subTest(text):
                self.assertNotEqual(self.errors(text), [])

    def test_it_names_the_keys_of_the_manual_and_no_others(self):
        manual = (ROOT / "docs/reverification.md").read_text()
        table = manual.split("## What a ticket can say")[1].split("\n## ")[0]
        self.assertEqual(sorted(leaves(SCHEMA)), sorted(re.findall(r"^\| `([a-z_.]+)` \|", table, re.M)))


if __name__ == "__main__":
    unittest.main()
