"""What people read tells dropped cases from re-verifications: one case is not counted twice, and every paid call once."""

import csv
import io
import json
import os
import signal

from reverify_test import SERVICE, changes_its_mind, deliver, drop_ticket, history, paused_service, wait_report
from ticket_sight_test import status, tomorrow, wait_told, why
from world import case_files, wait_for


def report(world, *arguments):
    said = world.kycd("report", "--config", str(world.config_file), *arguments)
    assert said.code == 0, said
    return said.out


def show(world, case):
    return json.loads(world.kycd("show", "--json", case, "--config", str(world.config_file)).out)["lives"]


def listed(world, *arguments):
    return json.loads(world.kycd("list", "--json", "--config", str(world.config_file), *arguments).out)


def in_hand(world):
    return status(world)["daemon"]["in_hand"]


def night(world):
    """Four cases are delivered and one fails; a ticket has the four verified again: two as before, one not, one fails."""
    deliver(world, *(f"A-{i}" for i in range(4)))
    world.drop_folder(SERVICE, "broken", {"image.jpg": b"no image"})
    world.sandbox.rules(changes_its_mind("image A-2"),
                        {"name": "no", "match": {"call": "submit", "contains": "image A-3"},
                         "do": {"status": 400, "json": {"image": ["not this one"]}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    assert wait_report(world, "night")["calls"]["paid"] == 3
    wait_for(lambda: world.cases("failed") == {f"{SERVICE}/broken"}, "the broken case to fail")
    return daemon


def test_a_report_is_about_dropped_cases_and_its_bill_about_all_calls(world):
    assert night(world).stop() == 0
    assert len(world.bill()) == 4 + 3

    told = json.loads(report(world, "--json"))
    dropped, again = told["all"], told["reverifications"]["all"]
    assert (dropped["delivered"], dropped["pass"], dropped["failed"], dropped["paid_calls"]) == (4, 4, 1, 4)
    assert (again["delivered"], again["pass"], again["fail"], again["failed"], again["paid_calls"]) == (3, 2, 1, 1, 3)
    assert told["bill"] == {"paid_calls": len(world.bill()), "unknown_outcomes": 0}
    assert told["failures"] == {"NOT_AN_IMAGE": 1} and told["reverifications"]["failures"] == {"REJECTED": 1}
    assert told["milliseconds"]["claim_to_result"]["cases"] == 4

    rows = list(csv.DictReader(io.StringIO(report(world, "--format", "csv"))))
    def of(lane, column):
        return sum(int(row[column]) for row in rows if row["lane"] == lane)
    assert (of("live", "delivered"), of("bulk", "delivered")) == (4, 3)
    assert (of("live", "paid_calls"), of("bulk", "paid_calls")) == (4, 3)

    bill = "Paid in all: 7 calls, 4 for dropped cases and 3 for re-verifications; 0 submits with an unknown outcome"
    text = report(world)
    first, second = text.split("Re-verifications that ended")
    assert f"\n{SERVICE}          4     4 " in first and "REJECTED" not in first, text
    assert f"\n{SERVICE}            3     2     1 " in second and "NOT_AN_IMAGE" not in second, text
    assert second.rstrip().endswith(bill)
    page = report(world, "--format", "html")
    assert "4 cases delivered (4 pass, 0 fail, 0 inconclusive), 1 failed; 4 paid calls." in page
    assert "<h2>Re-verifications</h2>" in page and bill in page


def test_a_report_without_re_verifications_does_not_speak_of_them(world):
    deliver(world, "A-1")
    told = json.loads(report(world, "--json"))
    assert told["reverifications"]["all"]["delivered"] == 0 and told["bill"]["paid_calls"] == 1
    assert "erification" not in report(world) and "erification" not in report(world, "--format", "html")


def test_rates_and_the_last_day_are_those_of_dropped_cases_over_a_restart_too(world):
    daemon = night(world)

    def ends():
        document = status(world)["daemon"]
        return document["ended"]["last_day"], {each["code"] for each in document["failures"]}

    expected = ({"delivered": 4, "failed": 1}, {"NOT_AN_IMAGE"})
    wait_for(lambda: ends() == expected, "what an earlier run delivered and what this one failed")
    assert daemon.stop() == 0
    assert status(world)["rate"]["ended"] == 5  # four delivered, one failed
    daemon = world.start_daemon()
    wait_for(lambda: ends() == expected, "the last day to be told from the ledger")
    assert daemon.stop() == 0


def test_a_case_under_way_again_is_told_as_such_and_nowhere_as_a_dropped_one(world):
    world.configure(poll={"first": "1h", "min": "1h", "max": "1h", "deadline": "3h"})
    world.sandbox.settings(answer_after=0)
    deliver_fast(world, "A-1")
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: in_hand(world)["after_receipt"] == 1, "the receipt of the re-verification")

    document = status(world)
    assert document["daemon"]["states"] == [] and document["backlog"] == 0 and document["daemon"]["forecast_seconds"] == 0
    assert {each["state"]: each["cases"] for each in document["cases"]} == {"delivered": 1}
    held = document["daemon"]["in_hand"]
    assert (held["cases"], held["bulk"], held["services"]) == (1, 1, {SERVICE: 1})
    [ticket] = document["tickets"]
    assert ticket["in_hand"] == 1 and ticket["not_done"] == 1

    rows = {each["lane"]: each for each in listed(world)}
    assert {lane: each["state"] for lane, each in rows.items()} == {"live": "delivered", "bulk": "pending"}
    task = rows["bulk"]["task"]
    for word in ("A-1", str(world.outbox / SERVICE / "A-1")):
        said = why(world, word)
        assert (said["reason"], said["state"]) == ("verified_again", "delivered"), said
        assert "verdict pass, and ticket night has it verified again: it waits for the answer of task " + task in said["because"]
        assert "the old answer stands" in said["next"] and said["next_at"]
    first, second = show(world, "A-1")
    assert (first["lane"], first["state"], first["detail"], first["there"]) == ("live", "delivered", "pass", True)
    assert (second["lane"], second["state"], second["task"], second["there"]) == ("bulk", "pending", task, True)
    assert second["polls"] == 0 and first["task"] != task
    assert daemon.stop() == 0

    assert {each["state"] for each in status(world)["cases"]} == {"delivered"}
    said = why(world, "A-1")
    assert said["reason"] == "verified_again" and "kycd is not running" in said["because"] and f"task {task}" in said["next"]


def deliver_fast(world, *cases):
    """With polls that a test has made rare: by another configuration."""
    rare = world.config_file.read_text()
    world.configure()
    deliver(world, *cases)
    world.config_file.write_text(rare)


def test_why_a_case_waits_to_be_verified_again_is_what_its_ticket_waits_for(world):
    deliver(world, "A-1", "A-2")
    daemon = world.start_daemon()
    opens, window = tomorrow()
    drop_ticket(world, "night", window + "names: [A-1]\n")
    ticket = wait_told(world, "waiting")
    said = why(world, "A-1")
    assert said["reason"] == "verified_again" and ticket["why"] in said["because"]
    assert said["next_at"] == ticket["next_event"]["at"] and said["next"].startswith("its window opens at ")
    assert why(world, "A-2")["reason"] == "delivered"
    os.rename(world.inbox / "reverify/night.yaml", world.inbox / "reverify/night.yaml.paused")
    wait_told(world, "paused")
    said = why(world, "A-1")
    assert "the ticket is paused, paused by the name of its file" in said["because"]
    assert said["next"] == "'kycd reverify resume night' lets it go on" and said["next_at"] is None
    os.rename(world.inbox / "reverify/night.yaml.paused", world.inbox / "reverify/night.yaml.cancelled")
    wait_report(world, "night")
    assert why(world, "A-1")["reason"] == "delivered"
    assert daemon.stop() == 0


def test_show_tells_each_life_of_a_case_with_its_own_answer(world):
    deliver(world, "A-1")
    old = world.result("A-1")["task"]["id"]
    world.sandbox.rules(changes_its_mind("image A-1"))
    deliver(world, "A-1")  # a second case of that name lies in A-1~2
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_report(world, "night")
    assert daemon.stop() == 0
    lives = show(world, "A-1~2")
    assert [(each["lane"], each["case"]) for each in lives] == [("live", "A-1"), ("bulk", "A-1~2")]
    assert all(each["there"] and each["path"].endswith("/A-1~2") for each in lives)
    lives = show(world, "A-1")
    assert [(each["lane"], each["detail"], each["there"]) for each in lives] == [
        ("live", "pass", True), ("live", "fail", True), ("bulk", "fail", True)]
    assert lives[0]["task"] == old
    text = world.kycd("show", "A-1", "--config", str(world.config_file)).out
    assert f"{SERVICE}/A-1, verified again: delivered, fail\n" in text and "not there any more" not in text


def test_an_old_case_that_tries_a_service_for_all_does_not_wait_behind_dropped_cases_of_others(world):
    world.configure(limits={"uploads": 4, "rate": 1})
    deliver(world, "OLD-1", service="ocr_passport")
    daemon = paused_service(world, "ocr_passport")
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: in_hand(world)["bulk"] == 1, "the old case to wait for its service")
    many = [f"Q-{number:03}" for number in range(120)]
    for case in many:
        world.drop_folder(SERVICE, case, case_files(SERVICE, case))
    wait_for(lambda: (world.outbox / SERVICE).exists() and any((world.outbox / SERVICE).iterdir()), "dropped cases to go")
    world.sandbox.rules()
    daemon.send(signal.SIGHUP)
    wait_for(lambda: history(world, "OLD-1", "ocr_passport"), "the old case, which tried for all", 60)
    assert len(list((world.outbox / SERVICE).iterdir())) < len(many)
    assert daemon.stop() == 0
