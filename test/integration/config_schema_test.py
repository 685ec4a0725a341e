#!/usr/bin/env python3
"""The schema for editors: takes the example, refuses what kycd refuses, and names the same keys as the manual."""

import json
import pathlib
import re
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config/kycd.schema.json").read_text())
EXAMPLE = (ROOT / "config/kycd.yaml").read_text()
MINIMAL = "spool: /s\napi: {credentials: {username: u, password: env:P}}\n"

WRONG = """
intak: {ready: settle}
intake: {redy: settle}
intake: {ready: done}
intake: {settle: 10}
intake: {settle: -1s}
intake: {watch: kqueue}
intake: {dedupe: always}
limits: 5
limits: {uploads: 0}
limits: {uploads: 1025}
limits: {uploads: "16"}
limits: {uploads: 1.5}
limits: {memory: 256}
limits: {memory: 2M}
limits: {rate: -1}
poll: {first: soon}
poll: {factor: 11}
poll: {jitter: 2}
retry: {attempts: 101}
once: {patience: 1h30m}
on_unknown_outcome: retry
resubmit_failed_tasks: 11
threads: 0
threads: 65
threads: many
lanes: {live: {share: 1}}
lanes: {bulk: {window: "24:00-06:00"}}
lanes: {bulk: {window: "22:00-06:00Europe/Berlin"}}
lanes: {bulk: {window: "22:00-06:00 Europe/Berlin x"}}
lanes: {bulk: {window: never}}
lanes: {bulk: {share: 2}}
admin: {listen: localhost}
admin: {listen: "0.0.0.0:9464"}
admin: {token: letmein}
admin: {show_case_names: "yes"}
log: {level: warn}
log: {format: xml}
retention: {outbox: true}
reports: {personal_data: 1}
group: 1000
ledger: l.db
ledger: /a/../b
folders: {inbox: in}
services: {My-Service: {images: [a]}}
services: {reverify: {images: [a]}}
services: {x: {images: a}}
services: {x: {images: [a, a]}}
services: {x: {images: [b-c]}}
services: {x: {fields: [extend_data]}}
services: {x: {path: /x/}}
services: {x: {path: x}}
services: {x: {extend_data: "true"}}
services: {x: {pth: x/}}
""".strip().splitlines()

WRONG_API = """
{credentials: {username: u}}
{credentials: {username: u, password: hunter2}}
{credentials: {username: "File:/x", password: env:P}}
{base_url: "https://x"}
{credentials: {username: u, password: env:P}, base_url: "http://x"}
{credentials: {username: u, password: env:P}, base_url: "https://u:p@x"}
{credentials: {username: u, password: env:P}, base_url: "https://x/?q"}
{credentials: {username: u, password: env:P}, proxy: "https://p:1"}
{credentials: {username: u, password: env:P}, extend_data: "on"}
{credentials: {username: u, password: env:P}, client_certificate: {key: file:/k}}
{credentials: {username: u, password: env:P}, timeouts: {conect: 1s}}
""".strip().splitlines()


def uncommented(text):
    """Every `# key: value` of the example as a line of its own; the sentences stay comments."""
    setting = re.compile(r"^( *)# ( *[a-z_]+:( [^ ].*)?)$")
    lines = []
    for line in text.splitlines():
        found = setting.match(line)
        lines.append(found[1] + found[2] if found and line[-1] not in ".," else line)
    return "\n".join(lines)


def leaves(schema, path=""):
    for key, inner in schema.get("properties", {}).items():
        if "properties" in inner or "patternProperties" in inner:
            yield from leaves(inner, f"{path}{key}.")
        else:
            yield path + key
    for inner in schema.get("patternProperties", {}).values():
        yield from leaves(inner, f"{path}NAME.")


class ConfigSchema(unittest.TestCase):
    def setUp(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def errors(self, text):
        return [error.message for error in self.validator.iter_errors(yaml.safe_load(text))]

    def test_the_example_is_right_as_it_is_and_with_every_key(self):
        self.assertEqual(self.errors(MINIMAL), [])
        self.assertEqual(self.errors(EXAMPLE), [])
        self.assertEqual(self.errors(uncommented(EXAMPLE)), [])

    def test_wrong_files_are_refused(self):
        for line in WRONG:
            with self.subTest(line):
                self.assertNotEqual(self.errors(MINIMAL + line), [])
        for line in WRONG_API:
            with self.subTest(line):
                self.assertNotEqual(self.errors("spool: /s\napi: " + line), [])
        for text in ("{}", "- a", "spool: /s", MINIMAL.replace("spool: /s", "folders: {inbox: /a}")):
            with self.subTest(text):
                self.assertNotEqual(self.errors(text), [])

    def test_it_names_the_keys_of_the_manual_and_no_others(self):
        manual = (ROOT / "docs/configuration.md").read_text()
        table = manual.split("## Every key")[1].split("\n## ")[0]
        self.assertEqual(sorted(leaves(SCHEMA)), sorted(re.findall(r"^\| `([A-Za-z_.]+)` \|", table, re.M)))

    def test_its_defaults_are_those_of_the_example(self):
        shown = yaml.load(uncommented(EXAMPLE), yaml.BaseLoader)
        for key in leaves(SCHEMA):
            at, value = SCHEMA, shown
            for part in key.split("."):
                at = at.get("properties", {}).get(part) or next(iter(at.get("patternProperties", {}).values()))
                value = value.get(part) if part != "NAME" else next(iter(value.values()))
            if "default" in at:
                with self.subTest(key):
                    self.assertEqual(value, json.dumps(at["default"]).strip('"'))


if __name__ == "__main__":
    unittest.main()
