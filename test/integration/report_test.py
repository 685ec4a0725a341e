"""`kycd report`: what came of the cases, what it cost and how long it took, in every form."""

import csv
import html.parser
import io
import json
import sqlite3

import pytest


def report(world, *arguments):
    return world.kycd("report", "--config", str(world.config_file), *arguments)


@pytest.fixture
def ended(world):
    """Three passes, one inconclusive, one refused, and one pass that may have been paid twice."""
    for number in range(3):
        world.drop_case(f"A-{number}")
    world.drop_case("B-1", answer="face_not_found")
    world.sandbox.rules({"name": "rule", "match": {"call": "submit", "contains": "kycd-sandbox:spoof"}, "do": {"status": 400}})
    world.drop_case("C-1", answer="spoof")
    assert world.run_once().code == 1
    world.sandbox.rules({"name": "lost", "match": {"call": "submit", "first": 1}, "do": {"drop": "after_body", "accept": True}})
    world.drop_case("D-1")
    assert world.run_once().code == 0
    return world


def test_every_form_tells_the_same(ended):
    told = json.loads(report(ended, "--json").out)
    every = told["all"]
    assert (every["delivered"], every["pass"], every["failed"]) == (5, 4, 1)
    assert every["paid_calls"] == 5 and every["unknown_outcomes"] == 1 and len(ended.bill()) == 6
    assert told["failures"] == {"REJECTED": 1} and set(told["services"]) == {"face_liveness"}
    times = told["milliseconds"]["claim_to_result"]
    assert times["cases"] == 5 and 0 < times["p50"] <= times["p90"] <= times["max"]

    rows = list(csv.DictReader(io.StringIO(report(ended, "--format", "csv").out)))
    assert sum(int(row["paid_calls"]) for row in rows) == 5 and sum(int(row["failed"]) for row in rows) == 1
    assert {row["service"] for row in rows} == {"face_liveness"}

    text = report(ended).out
    line = next(line for line in text.splitlines() if line.startswith("face_liveness"))
    assert line.split()[1:3] == ["5", "4"] and "REJECTED" in text and "claim to result" in text


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "rect", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "rect":
            assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(ended):
    text = report(ended, "--format", "html").out
    page = Page(text)
    assert page.open == [] and page.links == [] and "script" not in page.tags
    assert page.tags.count("rect") == 3  # pass, inconclusive, failed
    assert "A-0" not in text and "C-1" not in text  # no case is named


def test_a_folder_that_is_no_service_s_is_not_named(world):
    folder = world.inbox / '=1+<b>"BRANCH",y' / "A-1"
    folder.mkdir(parents=True)
    (folder / "image.jpg").write_bytes(b"\xff\xd8\xff\xe0 no image")
    assert world.run_once().code == 1
    for form in ("text", "csv", "json", "html"):
        told = report(world, "--format", form).out
        assert "unknown" in told and "BRANCH" not in told, told


def test_a_case_that_ended_at_midnight_is_in_one_day(ended):
    with sqlite3.connect(ended.root / "ledger/ledger.db") as rows:
        rows.execute("UPDATE kyc_case SET ended_at = 1767225600000 WHERE name = 'A-0'")  # 2026-01-01T00:00Z
    rows.close()
    days = [json.loads(report(ended, "--json", "--since", since, "--before", before).out)["all"]["delivered"]
            for since, before in (("2025-12-31", "2026-01-01"), ("2026-01-01", "2026-01-02"))]
    assert days == [0, 1]


def test_before_the_first_start_everything_is_nought(world):
    told = report(world, "--json")
    assert told.code == 0 and json.loads(told.out)["all"]["delivered"] == 0, told


def test_since_and_a_ledger_that_is_not_there(ended):
    assert json.loads(report(ended, "--json", "--since", "2001-01-01", "--before", "2001-01-02").out)["all"]["delivered"] == 0
    assert report(ended, "--since", "soon").code == 64
    ahead = report(ended, "--since", "2099-01-01")
    assert ahead.code == 64 and ahead.out == "" and "--since 2099-01-01 lies ahead" in ahead.log, ahead
    ledger = ended.root / "ledger/ledger.db"
    with sqlite3.connect(ledger) as rows:
        rows.execute("UPDATE kyc_case SET ended_at = ended_at - 30 * 86400000 WHERE name = 'A-0'")
    rows.close()
    assert json.loads(report(ended, "--json").out)["all"]["delivered"] == 4
    assert json.loads(report(ended, "--json", "--since", "60d").out)["all"]["delivered"] == 5
    ledger.rename(ended.root / "aside")
    for content in (None, b""):
        if content is not None:
            ledger.write_bytes(content)
        lost = report(ended, "--json")
        assert lost.code == 73 and lost.out == "", lost
        assert f"there is no ledger {ledger}" in lost.log and "bring the ledger back" in lost.log, lost
    ledger.write_bytes(b"this is no database, " * 1000)
    broken = report(ended)
    assert broken.code == 73 and "cannot be read" in broken.log
