"""What people and programs are told of re-verification tickets while these have not ended."""

import datetime
import json
import os
import re

from reverify_test import SERVICE, changes_its_mind, deliver, drop_ticket, report, wait_report
from world import wait_for


def status(world):
    said = world.kycd("status", "--json", "--config", str(world.config_file))
    return json.loads(said.out)


def told(world, name="night"):
    """The ticket in the document of the running daemon."""
    document = status(world)
    live = document["daemon"]["tickets"] if document["daemon"] else document["tickets"]
    assert live == document["tickets"]
    return next((each for each in live if each["name"] == name), None)


def wait_told(world, state, name="night"):
    def seen():
        ticket = told(world, name)
        return ticket if ticket and ticket["state"] == state else None
    return wait_for(seen, f"ticket {name} to be {state}", 20)


def why(world, path):
    return json.loads(world.kycd("why", "--json", str(path), "--config", str(world.config_file)).out)


def words(world):
    return world.kycd("status", "--config", str(world.config_file)).out


def tomorrow():
    """A window that is shut now and for hours."""
    now = datetime.datetime.now(datetime.timezone.utc)
    opens = (now + datetime.timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    return opens, f"window: \"{opens:%H:%M}-{opens + datetime.timedelta(hours=1):%H:%M} UTC\"\n".replace("-00:00", "-24:00")


def adds_up(ticket):
    return ticket["selected"] == sum(ticket[part] for part in ("unchanged", "changed", "failed", "skipped", "not_done"))


def test_a_ticket_outside_its_window_says_when_it_opens(world):
    world.configure(status_files="1s")
    deliver(world, "A-1", "A-2")
    daemon = world.start_daemon()
    opens, window = tomorrow()
    drop_ticket(world, "night", window)
    ticket = wait_told(world, "waiting")
    assert ticket["why"].startswith(f"outside its window, {opens:%H:%M}-") and ticket["selected"] == ticket["not_done"] == 2
    assert ticket["next_event"] == {"what": "window_opens", "at": f"{opens:%Y-%m-%dT%H:%M:%S.000Z}"} and adds_up(ticket)
    text = words(world)
    assert re.search(r"^night +waiting +2 +0 +0 +0 +0 +2 +0$", text, re.M), text
    assert f"ticket night: {ticket['why']}; its window opens at {opens:%Y-%m-%d %H:%M:%S}Z, in " in text
    file = world.spool / "status.txt"
    plain = wait_for(lambda: file.exists() and "ticket night: 0 of 2" in (text := file.read_text()) and text,
                     "status.txt to tell of the ticket")
    assert "Re-verification ticket night: 0 of 2 cases done" in plain
    assert f"it goes on at {opens:%Y-%m-%d %H:%M:%S} UTC" in plain
    for word in (str(world.inbox / "reverify/night.yaml"), "night"):
        said = why(world, word)
        assert (said["reason"], said["because"], said["next_at"]) == ("ticket_waiting", ticket["why"], ticket["next_event"]["at"])
    (world.inbox / "reverify/names.csv").write_text("name\nA-1\n")
    assert why(world, world.inbox / "reverify/names.csv")["reason"] == "kycds_own"
    drop_ticket(world, "wrong", "serivce: kyc_card\n")
    wait_for(lambda: (world.failed / "reverify/wrong/error.json").exists(), "the wrong ticket to be refused")
    assert why(world, world.failed / "reverify/wrong")["reason"] == "ticket_refused"
    assert daemon.stop() == 0
    assert why(world, "night")["reason"] == "ticket_stopped"

    stopped = told(world)
    assert stopped["state"] == "stopped" and stopped["not_done"] == 2
    assert "ticket night: kycd is not running; it goes on when kycd is started" in words(world)
    assert len(world.bill()) == 2


def test_a_pause_says_whose_it_is_and_names_no_case(world):
    deliver(world, *(f"A-{i}" for i in range(4)))
    world.sandbox.rules(changes_its_mind("image A-2"))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\ncanary: [A-2]\n")
    ticket = wait_told(world, "paused")
    assert ticket["why"] == "kycd paused it: a canary: pass before, fail now" and ticket["next_event"] is None
    assert (ticket["changed"], ticket["not_done"], ticket["calls"]) == (1, 3, 1) and adds_up(ticket)
    assert "'kycd reverify resume night' lets it go on" in words(world)
    assert "A-2" not in json.dumps(status(world)) and "A-2" not in words(world)
    assert daemon.stop() == 0
    assert told(world)["state"] == "paused"
    assert "A-2: pass before, fail now" in words(world)

    folder = world.inbox / "reverify"
    daemon = world.start_daemon()
    os.rename(folder / "night.yaml.paused", folder / "night.yaml")
    wait_report(world, "night")
    wait_for(lambda: status(world)["tickets"] == [], "the ticket to be gone")
    assert why(world, world.outbox / "reverify/night")["reason"] == "ticket_ended"
    assert "ticket" not in words(world)

    drop_ticket(world, "again", tomorrow()[1])
    wait_told(world, "waiting", "again")
    os.rename(folder / "again.yaml", folder / "again.yaml.paused")
    assert wait_told(world, "paused", "again")["why"] == "paused by the name of its file"
    (world.staging / "never").write_text("window: always\n")
    os.rename(world.staging / "never", folder / "never.yaml.paused")
    assert wait_told(world, "paused", "never")["accepted_at"] is None
    assert daemon.stop() == 0
    assert {each["name"]: each["state"] for each in status(world)["tickets"]} == {"again": "paused", "never": "paused"}


def test_a_ticket_that_the_api_holds_up_says_so(world):
    deliver(world, *(f"A-{i}" for i in range(3)))
    world.sandbox.rules({"name": "down", "match": {}, "do": {"status": 503}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_told(world, "held_up")
    # Before that many calls have failed it is the login that brings no token; while one tries for all there is no next try.
    ticket = wait_for(lambda: (seen := told(world))["why"] == "the API is down" and seen["next_event"] and seen,
                      "the API to be down, and the time of the next try")
    assert ticket["next_event"]["what"] == "next_try"
    assert re.search(r"^night +held up ", words(world), re.M)
    world.sandbox.rules()
    wait_report(world, "night")
    assert report(world, "night")["balance"]["unchanged"] == 3
    assert daemon.stop() == 0
    assert world.cases("failed") == set()


def test_a_failed_re_verification_is_no_case_in_failed(world):
    deliver(world, "A-1", "A-2")
    world.sandbox.rules({"name": "no", "match": {"call": "submit", "contains": "image A-2"},
                         "do": {"status": 400, "json": {"image": ["not this one"]}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_report(world, "night")
    assert daemon.stop() == 0
    config = ("--config", str(world.config_file))
    rows = json.loads(world.kycd("list", "--json", *config).out)
    assert sorted((each["case"], each["lane"], each["state"]) for each in rows) == [
        ("A-1", "bulk", "delivered"), ("A-1", "live", "delivered"), ("A-2", "bulk", "failed"), ("A-2", "live", "delivered")]
    assert all(each["path"] == str(world.outbox / SERVICE / each["case"]) for each in rows)
    text = world.kycd("list", "--state", "failed", *config).out
    assert text.rstrip().endswith("A-2  REJECTED (re-verification, the old answer stands)"), text
    assert why(world, "A-2")["reason"] == "delivered"
    retried = world.kycd("retry", "--all", *config)
    assert retried.code == 0 and world.cases("inbox") == set(), retried
    assert "failed" not in {each["state"] for each in status(world)["cases"]}
