"""The morning report of a re-verification, from made-up tickets: the schema of its JSON, a CSV that spreadsheets may open, a whole page."""

import csv
import html.parser
import io
import json
import os
import subprocess

import pytest
from conftest import ROOT
from schemas import all_schemas, check, objections

KINDS = ["night", "values", "nights", "hostile", "empty", "one", "many", "failed"]
BALANCE = ["unchanged", "changed", "failed", "skipped", "not_done"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    subprocess.run([os.environ["KYCD_MORNING_REPORT"], str(folder)], check=True)
    assert {file.stem for file in folder.iterdir()} == set(KINDS)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_is_what_the_schema_says(reports, kind):
    told = check("reverification", json.loads((reports / f"{kind}.json").read_bytes()))
    assert told["balance"]["selected"] == sum(told["balance"][end] for end in BALANCE)
    assert told["personal_data"] is (kind in ("values", "hostile"))
    assert {each["end"] for each in told["cases"]} <= {"changed", "failed", "skipped"}


def test_the_schema_refuses_what_is_not_its():
    text = (ROOT / "docs/formats.md").read_text()
    value = json.loads(text.split("<!-- schema: reverification -->\n```json\n")[1].split("```")[0])
    assert objections("reverification", value) == []
    for key in value:
        assert objections("reverification", {other: value[other] for other in value if other != key}), key
    for wrong in ({"state": "cancelled"}, {"why": ""}, {"balance": {**value["balance"], "lost": 1}}, {"cases": [{}]}, {"more": 1}):
        assert objections("reverification", {**value, **wrong}), wrong


def test_the_causes_are_those_of_the_manual():
    causes = [line.split('"')[1] for line in (ROOT / "lib/core/answer_change.cpp").read_text().splitlines()
              if line.strip().startswith("{change_cause::")]
    assert len(causes) == 6
    described = all_schemas()["reverification"]["$defs"]["case"]["properties"]["cause"]["description"]
    manual = (ROOT / "docs/operations.md").read_text()
    assert [cause for cause in causes if cause not in described or f"`{cause}`" not in manual] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_csv_has_a_line_for_each_case_and_no_formula(reports, kind):
    raw = (reports / f"{kind}.csv").read_bytes()
    assert raw.endswith(b"\r\n") and raw.count(b"\n") == raw.count(b"\r\n") and not raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True))
    told = json.loads((reports / f"{kind}.json").read_bytes())
    assert [int(row["number"]) for row in rows] == list(range(1, told["balance"]["selected"] + 1))
    for end in BALANCE:
        assert sum(row["end"] == end for row in rows) == told["balance"][end]
    assert sum(int(row["calls"]) for row in rows) == told["calls"]["paid"]
    for row in rows:
        assert None not in row and None not in row.values()
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values()), row


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "action", "data", "background")]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_whole_and_needs_nothing_else(reports, kind):
    text = (reports / f"{kind}.html").read_bytes().decode()
    page = Page(text)
    assert page.open == [] and not {"script", "img", "link", "iframe", "b"} & set(page.tags)
    assert sorted(page.links) == sorted(f"#{each}" for each in page.ids) and len(set(page.ids)) == len(page.ids) >= 2
    assert "default-src 'none'" in text and len(text) < 1_000_000
