"""The name of a ticket is used once: what comes under the name of one that has ended is refused, and pays for nothing."""

import json
import os

import pytest
from receipts import NOT_YET, receipts_of
from reverify_test import balance, deliver, drop_ticket, ticket_files, wait_report
from world import wait_for


@pytest.fixture
def ready(world):
    world.start_sandbox()
    world.configure()
    return world


def report_files(world):
    folder = world.outbox / "reverify"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refused(world, name):
    error = world.failed / "reverify" / name / "error.json"
    wait_for(lambda: error.exists() and f"{name}.yaml" not in ticket_files(world), f"the refusal of ticket {name}", 30)
    said = json.loads(error.read_text())
    assert said["code"] == "BAD_TICKET" and "has ended" in said["message"] and "another name" in said["advice"], said


def test_a_file_with_the_name_of_a_ticket_that_has_ended_is_refused(ready):
    deliver(ready, "A-1")
    daemon = ready.start_daemon()
    drop_ticket(ready, "night", "window: always\n")
    wait_report(ready, "night", 60)
    wait_for(lambda: "a re-verification ticket has ended" in daemon.log(), "the end of the ticket", 30)
    told = report_files(ready)
    drop_ticket(ready, "night", "window: always\n")
    refused(ready, "night")
    assert daemon.stop() == 0
    assert len(ready.bill()) == 2 and report_files(ready) == told


def test_what_was_written_over_a_ticket_is_refused_under_its_name_when_it_is_resumed(ready):
    deliver(ready, "A-1", "A-2")
    ready.sandbox.rules(NOT_YET)
    daemon = ready.start_daemon()
    drop_ticket(ready, "night", "window: always\nnames: A-1\n")
    wait_for(lambda: receipts_of(ready, "bulk") == 1, "the receipt")
    (ready.inbox / "reverify/night.yaml").write_text("window: always\nnames: A-2\n")
    ready.sandbox.rules()
    wait_for(lambda: ticket_files(ready) == ["night.yaml.paused"], "the other text to be held", 30)
    wait_for(lambda: "a re-verification ticket has ended" in daemon.log(), "the end of the ticket", 30)
    resumed = ready.kycd("reverify", "resume", "night", "--config", str(ready.config_file))
    assert resumed.code == 1 and "has ended" in resumed.log and "another name" in resumed.log, resumed
    assert ticket_files(ready) == ["night.yaml.paused"]
    os.rename(ready.inbox / "reverify/night.yaml.paused", ready.inbox / "reverify/night.yaml")
    refused(ready, "night")
    assert (ready.failed / "reverify/night/night.yaml").read_text().endswith("A-2\n")
    os.rename(ready.failed / "reverify/night/night.yaml", ready.inbox / "reverify/other.yaml")
    assert balance(wait_report(ready, "other", 60)) == [1, 0, 0, 0, 0]
    assert daemon.stop() == 0 and len(ready.bill()) == 4


def test_the_report_of_a_ticket_keeps_its_name_when_the_ledger_is_lost(ready):
    deliver(ready, "A-1")
    daemon = ready.start_daemon()
    drop_ticket(ready, "night", "window: always\n")
    wait_report(ready, "night", 60)
    assert daemon.stop() == 0
    told = report_files(ready)
    for file in (ready.root / "ledger").iterdir():
        file.unlink()
    daemon = ready.start_daemon()
    daemon.wait_for_log("the ledger was rebuilt from the folders")  # a ticket that lies there before that is paused
    drop_ticket(ready, "night", "window: always\n")
    refused(ready, "night")
    drop_ticket(ready, "other", "window: always\n")
    assert balance(wait_report(ready, "other", 60)) == [1, 0, 0, 0, 0]
    assert daemon.stop() == 0
    assert len(ready.bill()) == 3 and {name: text for name, text in report_files(ready).items() if name in told} == told
