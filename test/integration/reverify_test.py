"""Delivered cases are verified again as a ticket asks: design section 9."""

import datetime
import json
import os
import re
import shutil
import signal
import time

import pytest
from receipts import NOT_YET, receipts_of
from world import case_files, picture, wait_for

SERVICE = "face_liveness"
needs_preload = pytest.mark.skipif("KYCD_PRELOAD" not in os.environ, reason="a sanitizer does not stand a preloaded library")


def deliver(world, *cases, service=SERVICE, **more):
    """Cases that an earlier run has delivered; the bytes of their result.json."""
    for case in cases:
        world.drop_folder(service, case, case_files(service, case, **more))
    assert world.run_once().code in (0, 1)
    return {case: (world.outbox / service / case / "result.json").read_bytes() for case in cases}


def drop_ticket(world, name, text):
    folder = world.inbox / "reverify"
    folder.mkdir(exist_ok=True)
    made = world.staging / "ticket"
    made.write_text(text)
    os.utime(made, (time.time() - 60, time.time() - 60))
    os.rename(made, folder / f"{name}.yaml")


def ticket_files(world):
    return sorted(file.name for file in (world.inbox / "reverify").iterdir())


def report(world, name):
    return json.loads((world.outbox / "reverify" / name / "report.json").read_text())


def wait_report(world, name, timeout=20.0):
    """The report of a ticket that has ended: its file has left the inbox."""
    wait_for(lambda: (world.outbox / "reverify" / name / "report.json").exists()
             and not any(file.startswith(name + ".") for file in ticket_files(world)), f"the end of ticket {name}", timeout)
    return report(world, name)


def balance(said):
    numbers = said["balance"]
    parts = [numbers[part] for part in ("unchanged", "changed", "failed", "skipped", "not_done")]
    assert numbers["selected"] == sum(parts), numbers
    return parts


def history(world, case, service=SERVICE):
    folder = world.outbox / service / case / "history"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def changes_its_mind(contains, answer="spoof"):
    return {"name": "another answer", "match": {"call": "submit", "contains": contains}, "do": {"task_answer": answer}}


def test_a_new_answer_takes_the_place_of_the_old_one(world):
    world.start_sandbox()
    world.configure()
    before = deliver(world, "A-1", "A-2", "A-3")
    world.sandbox.rules(changes_its_mind("image A-2"))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    said = wait_report(world, "night")
    assert balance(said) == [2, 1, 0, 0, 0]
    assert [each["case"] for each in said["cases"] if each["end"] == "changed"] == ["A-2"]
    assert daemon.stop() == 0

    for case, old in before.items():
        result = world.result(case)
        assert result["lane"] == "bulk" and result["case"] == case
        assert history(world, case) == [f"{json.loads(old)['task']['answered_at']}.json"]
        assert (world.outbox / SERVICE / case / "history" / history(world, case)[0]).read_bytes() == old
    assert world.result("A-2")["verdict"] == "fail" and world.result("A-1")["verdict"] == "pass"
    assert len(world.bill()) == 6
    assert world.cases("work") == set()


def test_only_what_the_ticket_selects_is_sent(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1", "A-2", "B-1")
    daemon = world.start_daemon()
    drop_ticket(world, "some", "window: always\nnames: [A-*]\nlimit: 1\norder: name\n")
    said = wait_report(world, "some")
    assert balance(said) == [1, 0, 0, 0, 0]
    assert history(world, "A-1") and not history(world, "A-2") and not history(world, "B-1")
    assert daemon.stop() == 0


@pytest.mark.parametrize("text, told", [
    ("service: kyc_crad\n", "kyc_crad"),
    ("serivce: kyc_card\n", "serivce"),
    ("window: 22-06\n", "window"),
    ("canary: [nobody]\nwindow: always\n", "nobody"),
    ("- a list\n", "night.yaml"),
    ("# the example, cut short in its comments\n", "write {} if every case is meant"),
    ("---\n", "write {} if every case is meant"),
    ("null\n", "write {} if every case is meant"),
    ("", None),
])
def test_a_wrong_ticket_ends_in_failed_with_what_is_wrong(world, text, told):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1")
    daemon = world.start_daemon()
    drop_ticket(world, "night", text or "stop_if: {failed: 200%}\n")
    error = wait_for(lambda: (world.failed / "reverify/night/error.json").exists()
                     and json.loads((world.failed / "reverify/night/error.json").read_text()), "the ticket's error.json")
    assert error["code"] == "BAD_TICKET" and error["service"] == "reverify"
    assert (told or "200%") in error["message"]
    wait_for(lambda: ticket_files(world) == [], "the ticket to leave the inbox")
    assert (world.failed / "reverify/night/night.yaml").exists()
    assert daemon.stop() == 0
    assert len(world.bill()) == 1


def test_an_empty_ticket_is_waited_for_and_never_means_every_case(world):
    world.start_sandbox()
    world.configure(intake={"settle": "1s", "incomplete_after": "1h"})
    deliver(world, "A-1", "A-2")
    daemon = world.start_daemon()
    (world.inbox / "reverify").mkdir(exist_ok=True)
    empty = world.inbox / "reverify" / "empty.yaml"
    empty.touch()
    # Later ones are taken in meanwhile: it is not a matter of a moment.
    drop_ticket(world, "later", "window: always\nnames: [A-1]\n")
    assert balance(wait_report(world, "later")) == [1, 0, 0, 0, 0]
    assert ticket_files(world) == ["empty.yaml"]
    said = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
    assert "is empty" in next(each["why"] for each in said["tickets"] if each["name"] == "empty")
    empty.write_text("window: always\nnames: [A-2]\n")
    assert balance(wait_report(world, "empty")) == [1, 0, 0, 0, 0]
    assert len(world.bill()) == 4

    (world.inbox / "reverify" / "stalled.yaml").touch()
    os.utime(world.inbox / "reverify" / "stalled.yaml", (time.time() - 7200,) * 2)
    error = wait_for(lambda: (world.failed / "reverify/stalled/error.json").exists()
                     and json.loads((world.failed / "reverify/stalled/error.json").read_text()), "the ticket's error.json")
    assert error["code"] == "BAD_TICKET" and "write {} if every case is meant" in error["message"]
    assert daemon.stop() == 0
    assert len(world.bill()) == 4


def test_what_is_held_changed_or_gone_is_told_and_not_sent(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1", "B-2", "C-3", "D-4")
    (world.outbox / SERVICE / "A-1" / ".hold").touch()
    (world.outbox / SERVICE / "B-2" / "image.jpg").write_bytes(picture("image", "another person"))
    (world.outbox / SERVICE / "C-3" / "image.jpg").unlink()
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    said = wait_report(world, "night")
    assert balance(said) == [1, 0, 0, 3, 0]
    skipped = {each["case"]: each["why"] for each in said["cases"] if each["end"] == "skipped"}
    assert ".hold" in skipped["A-1"] and "image.jpg" in skipped["B-2"] and "image" in skipped["C-3"]
    assert daemon.stop() == 0
    assert len(world.bill()) == 5


@pytest.mark.parametrize("how", ["removed", "moved", "its result.json removed", "removed while kycd does not run"])
def test_cases_that_leave_the_outbox_while_their_tasks_are_under_way_are_told(world, how):
    world.start_sandbox()
    world.configure(poll={"first": "100ms", "min": "100ms", "max": "200ms"})
    cases = [f"A-{i:02}" for i in range(12)]
    deliver(world, *cases)
    world.sandbox.rules({"name": "not yet", "match": {"call": "poll"}, "do": {"status": 200, "json": {"status": "PENDING"}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: receipts_of(world, "bulk") == 12, "all tasks to be under way", 30)
    gone = cases[::2]
    restarted = how.endswith("does not run")
    assert not restarted or daemon.stop() == 0
    for case in gone:
        where = world.outbox / SERVICE / case
        if how.startswith("removed"):
            shutil.rmtree(where)
        elif how == "moved":
            where.rename(world.staging / case)
        else:
            (where / "result.json").unlink()
    world.sandbox.rules()
    if restarted:
        daemon = world.start_daemon()
    said = wait_report(world, "night", 60)
    assert balance(said) == [6, 0, 6, 0, 0]
    failed = [each for each in said["cases"] if each["end"] == "failed"]
    assert sorted(each["case"] for each in failed) == gone
    [code] = said["failures"]
    assert code["code"] == "LEFT_OUTBOX" and code["cases"] == 6 and "ask the vendor" in code["advice"]
    told = r"; the answer to task {}, which is paid, is not taken" if restarted else r"; the new answer, pass, could not be kept, the API gave it for task {}"
    assert all(re.fullmatch("the case has left the outbox" + told.format("[0-9a-f-]{36}"), each["why"]) for each in failed)
    page = (world.outbox / "reverify" / "night" / "report.html").read_text()
    assert "old answers stand" not in page and "They have left the outbox" in page
    # Whatever that did to the memory: live cases go on, and kycd stops when told to.
    for number in range(20):
        world.drop_folder(SERVICE, f"live-{number}", case_files(SERVICE, f"live-{number}"))
    wait_for(lambda: all((world.outbox / SERVICE / f"live-{number}" / "result.json").exists() for number in range(20)),
             "the live cases", 60)
    assert daemon.stop() == 0
    assert len(world.bill()) == 44


@pytest.mark.parametrize("status", [413, 404])
def test_old_cases_that_are_refused_hold_up_no_dropped_one(world, status):
    world.start_sandbox()
    world.configure(log={"level": "info"})
    deliver(world, *[f"OLD-{i}" for i in range(60)])
    world.sandbox.rules({"name": "too old", "match": {"call": "submit", "contains": "image OLD-"},
                         "do": {"status": status, "json": {"detail": "no"}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    daemon.wait_for_log("re-verification by face_liveness is paused: 5 cases in a row were refused")
    # A service that is paused is tried again after a minute; this one is not.
    world.drop_folder(SERVICE, "LIVE-1", case_files(SERVICE, "LIVE-1"))
    wait_for(lambda: (world.outbox / SERVICE / "LIVE-1" / "result.json").exists(), "the dropped case", 30)
    status = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
    assert status["daemon"]["paused_services"] == []
    [ticket] = status["tickets"]
    assert ticket["state"] == "held_up" and "face_liveness takes no cases for now" in ticket["why"], ticket
    assert daemon.stop() == 0


@pytest.mark.parametrize("canary", [False, True])
def test_a_service_that_is_paused_holds_up_its_own_cases_of_a_ticket_and_no_others(world, canary):
    """Those of the paused service come first, and are more than may be sent at a time."""
    world.start_sandbox()
    world.configure(limits={"uploads": 4})
    deliver(world, *[f"OLD-{i:02}" for i in range(30)], service="ocr_passport")
    deliver(world, "NEW-1", "NEW-2", "NEW-3")
    world.sandbox.rules({"name": "refused", "match": {"call": "submit", "service": "ocr_passport"},
                         "do": {"status": 403, "json": {"detail": "no"}}})
    daemon = world.start_daemon()
    if canary:
        drop_ticket(world, "first", "window: always\nnames: [OLD-0*]\n")
        daemon.wait_for_log("re-verification by ocr_passport is paused")
        drop_ticket(world, "night", "window: always\nnames: [OLD-1*, NEW-*]\ncanary: [OLD-10]\n")
    else:
        drop_ticket(world, "night", "window: always\norder: oldest\n")
        daemon.wait_for_log("re-verification by ocr_passport is paused")
        wait_for(lambda: all(history(world, f"NEW-{i}") for i in (1, 2, 3)), "the cases of the other service")

    def told():
        status = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
        ticket = next((each for each in status["tickets"] if each["name"] == "night"), {"state": "not there"})
        waits = list(status["daemon"]["held_back"]) == ["ocr_passport"] and status["daemon"]["in_hand"]["after_receipt"] == 0
        return ticket["state"] == "held_up" and ticket["unchanged"] == done and waits and ticket

    done = 0 if canary else 3  # a canary goes before all others; a case that has its history is counted a little later
    ticket = wait_for(told, f"the ticket to tell that it is held up, with {done} cases done and one that waits for the service")
    assert ticket["why"] == "ocr_passport takes no cases for now" and ticket["next_event"]["what"] == "next_try"
    assert daemon.stop() == 0
    assert len(world.bill()) == (33 if canary else 36)


@pytest.mark.parametrize("lane", ["bulk", "live"])
def test_cases_that_keep_being_refused_for_their_own_sake_keep_no_others_waiting(world, lane):
    """A try counts against a case once others get through: so others have to be let through."""
    world.start_sandbox()
    world.configure(limits={"uploads": 2}, log={"level": "info"}, retry={"base": "300ms", "max": "1s"})
    bad, good = ([f"{letter}-{number:02}" for number in range(8)] for letter in "AB")
    refused = {"name": "refused", "match": {"call": "submit", "contains": "image A-"}, "do": {"status": 408}}
    if lane == "bulk":
        deliver(world, *bad, *good)
        world.sandbox.rules(refused)
    else:
        world.sandbox.rules(refused)
        for case in bad:
            world.drop_case(case)
    daemon = world.start_daemon()
    if lane == "bulk":
        drop_ticket(world, "night", "window: always\norder: name\n")
        wait_for(lambda: all(history(world, case) for case in good), "the others", 60)
    else:
        wait_for(lambda: world.sandbox.fired("refused") >= 4, "the first refusals")
        for case in good:
            world.drop_case(case)
        for case in good:
            world.wait_delivered(case, timeout=60)
    assert daemon.stop() == 0


def test_what_is_not_sent_takes_no_turn_of_a_tickets_rate(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *[f"A-{number:02}" for number in range(20)], "B-1")
    for number in range(20):
        (world.outbox / SERVICE / f"A-{number:02}" / ".hold").touch()
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\norder: name\nrate: 0.001\n")
    assert balance(wait_report(world, "night", 60)) == [1, 0, 0, 20, 0]
    assert daemon.stop() == 0


def paused_service(world, service):
    """A daemon for which the API refuses all cases of the service, and which has met that with dropped ones."""
    world.sandbox.rules({"name": "refused", "match": {"call": "submit", "service": service},
                         "do": {"status": 403, "json": {"detail": "no"}}})
    daemon = world.start_daemon()
    for number in range(5):
        world.drop_folder(service, f"REFUSED-{number}", case_files(service, f"REFUSED-{number}"))
    daemon.wait_for_log(f"{service} is paused")
    return daemon


@pytest.mark.parametrize("how", ["held", "answered anew", "its result.json removed"])
def test_what_is_held_or_changed_while_it_waits_to_be_sent_is_not_sent(world, how):
    deliver(world, "A-1")
    daemon = paused_service(world, SERVICE)
    drop_ticket(world, "night", "window: always\n")

    def waits():
        status = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
        return status["daemon"]["in_hand"]["bulk"] == 1 and list(status["daemon"]["held_back"]) == [SERVICE]

    wait_for(waits, "the case to wait for its service")
    where = world.outbox / SERVICE / "A-1"
    if how == "held":
        (where / ".hold").touch()
    elif how == "answered anew":
        said = json.loads((where / "result.json").read_text())
        said["task"]["answered_at"] = "2026-01-02T03:04:05.678Z"
        made = world.staging / "result.json"
        made.write_text(json.dumps(said))
        os.rename(made, where / "result.json")
    else:
        (where / "result.json").unlink()
    world.sandbox.rules()
    daemon.send(signal.SIGHUP)
    said = wait_report(world, "night")
    assert balance(said) == [0, 0, 0, 1, 0]
    told = {"held": "it is held (.hold)", "answered anew": "answered anew", "its result.json removed": "has left the outbox"}
    [case] = [each for each in said["cases"] if each["case"] == "A-1"]
    assert told[how] in case["why"], case
    assert daemon.stop() == 0
    assert len(world.bill()) == 1 and not history(world, "A-1")


def test_the_same_bytes_are_answered_with_what_the_ticket_brought(world):
    world.start_sandbox()
    world.configure(intake={"dedupe": "1h"})
    deliver(world, "A-1")
    daemon = world.start_daemon()
    world.sandbox.rules(changes_its_mind("image A-1"))
    drop_ticket(world, "night", "window: always\n")
    assert balance(wait_report(world, "night")) == [0, 1, 0, 0, 0]
    world.drop_folder(SERVICE, "B-2", case_files(SERVICE, "A-1"))
    world.wait_delivered("B-2")
    old, new = world.result("A-1"), world.result("B-2")
    assert new["verdict"] == old["verdict"] == "fail"
    assert new["duplicate_of"]["case"] == "A-1" and new["task"]["id"] == old["task"]["id"]
    assert daemon.stop() == 0 and len(world.bill()) == 2


def test_what_is_held_while_it_waits_for_an_upload_is_not_sent(world):
    world.start_sandbox()
    world.configure(limits={"uploads": 1}, api={"timeouts": {"idle": "60s", "request": "60s"}})
    deliver(world, "A-1", "B-2")
    daemon = world.start_daemon()
    world.drop_case("LIVE")
    world.wait_delivered("LIVE")

    def in_hand(name):
        status = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
        return status["daemon"]["in_hand"][name]

    world.sandbox.process.send_signal(signal.SIGSTOP)
    drop_ticket(world, "night", "window: always\nnames: [A-1, B-2]\n")
    wait_for(lambda: in_hand("uploading") == 1 and in_hand("waiting_for_uploads") == 1, "one case to wait for the other")
    for case in ("A-1", "B-2"):  # whichever waits
        (world.outbox / SERVICE / case / ".hold").touch()
    world.sandbox.process.send_signal(signal.SIGCONT)
    said = wait_report(world, "night")
    [skipped] = [each for each in said["cases"] if each["end"] == "skipped"]
    assert "it is held (.hold)" in skipped["why"], skipped
    assert daemon.stop() == 0
    assert len(world.bill()) == 4 and not history(world, skipped["case"])


def test_a_failure_leaves_the_old_answer_and_an_error_in_the_history(world):
    world.start_sandbox()
    world.configure()
    before = deliver(world, "A-1", "B-2")
    world.sandbox.rules({"name": "no", "match": {"call": "submit", "contains": "image B-2"},
                         "do": {"status": 400, "json": {"image": ["not this one"]}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    said = wait_report(world, "night")
    assert balance(said) == [1, 0, 1, 0, 0]
    assert daemon.stop() == 0
    assert (world.outbox / SERVICE / "B-2" / "result.json").read_bytes() == before["B-2"]
    [name] = history(world, "B-2")
    assert name.endswith(".error.json")
    error = json.loads((world.outbox / SERVICE / "B-2" / "history" / name).read_text())
    assert error["code"] == "REJECTED" and error["case"] == "B-2" and error["schema"] == "kycd.error/1"
    assert "image" in json.dumps(error["api"])
    [code] = said["failures"]
    for advice in (code["advice"], error["advice"]):  # it is not in failed/, and dropped again it would be a second case
        assert "history/<time>.error.json" in advice and "drop the case again" not in advice
    assert world.cases("failed") == set()


def test_a_ticket_is_paused_resumed_and_cancelled_by_its_name(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i:02}" for i in range(30)))
    daemon = world.start_daemon()
    folder = world.inbox / "reverify"
    drop_ticket(world, "slow", "window: always\nrate: 2\norder: name\n")
    wait_for(lambda: len(world.bill()) > 30, "the first call of the ticket")
    os.rename(folder / "slow.yaml", folder / "slow.yaml.paused")
    daemon.wait_for_log("a ticket is paused")
    wait_for(lambda: (world.outbox / "reverify/slow/report.json").exists(), "the report of the paused ticket")
    paused_at = len(world.bill())
    assert paused_at < 60
    balance(report(world, "slow"))
    os.rename(folder / "slow.yaml.paused", folder / "slow.yaml")
    wait_for(lambda: len(world.bill()) > paused_at, "a call after the ticket was resumed")
    os.rename(folder / "slow.yaml", folder / "slow.yaml.cancelled")
    said = wait_report(world, "slow")
    parts = balance(said)
    assert parts[0] + parts[4] == 30 and said["why"] == "cancelled"
    assert len(world.bill()) == 30 + parts[0]
    assert daemon.stop() == 0


PENDING = {"name": "pending", "match": {"call": "poll"}, "do": {"status": 200, "json": {"status": "PENDING"}}}


def told_by_report(world, name):
    """What the ticket's report says, once it is there: its state, its balance, its calls."""
    if not (world.outbox / "reverify" / name / "report.json").exists():
        return None
    said = report(world, name)
    return said["state"], balance(said), said["calls"]["paid"], said["calls"]["awaited"]


def test_what_is_answered_after_a_pause_is_told_in_its_report(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(3)))
    world.sandbox.rules(PENDING)
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nrate: 0.01\norder: name\n")
    wait_for(lambda: " info submitted " in daemon.log(), "the receipt of a call", 20)
    os.rename(world.inbox / "reverify/night.yaml", world.inbox / "reverify/night.yaml.paused")
    wait_for(lambda: told_by_report(world, "night") == ("paused", [0, 0, 0, 0, 3], 1, 1), "the report of the pause", 20)
    page = world.outbox / "reverify/night/report.html"
    wait_for(lambda: page.exists() and "The answers to 1 paid call were still to come" in page.read_text(), "its page", 20)
    world.sandbox.rules()
    wait_for(lambda: told_by_report(world, "night") == ("paused", [1, 0, 0, 0, 2], 1, 0), "the report of the answer", 20)
    wait_for(lambda: "still to come" not in page.read_text(), "its page", 20)
    assert len(world.bill()) == 4 and daemon.stop() == 0


def test_a_call_that_may_be_paid_is_in_the_report_whatever_its_repeats_came_to(world):
    world.start_sandbox()
    world.configure(retry={"base": "100ms", "max": "200ms", "attempts": 100})
    deliver(world, "A-1", "A-2")
    world.sandbox.rules({"name": "lost", "match": {"call": "submit", "contains": "image A-1", "first": 1}, "do": {"status": 502, "accept": True}},
                        {"name": "busy", "match": {"call": "submit"}, "do": {"status": 408}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\norder: name\n")
    wait_for(lambda: world.sandbox.fired("lost") == 1 and world.sandbox.fired("busy") >= 4, "repeats that come to nothing", 20)
    os.rename(world.inbox / "reverify/night.yaml", world.inbox / "reverify/night.yaml.cancelled")
    said = wait_report(world, "night")
    assert balance(said) == [0, 0, 1, 0, 1] and said["calls"]["paid"] == len(world.bill()) - 2 == 1
    [row] = said["cases"]
    assert (row["case"], row["end"], row["code"], row["calls"]) == ("A-1", "failed", "UNKNOWN_OUTCOME", 1)
    assert daemon.stop() == 0


def test_canaries_that_differ_pause_the_ticket_before_the_rest_is_paid(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(8)))
    world.sandbox.rules(changes_its_mind("image A-5"))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\ncanary: [A-5, A-6]\n")
    wait_for(lambda: ticket_files(world) == ["night.yaml.paused"], "the ticket to be paused")
    assert "A-5" in daemon.log() and len(world.bill()) == 8 + 2
    wait_for(lambda: (world.outbox / "reverify/night/report.json").exists()
             and balance(report(world, "night")) == [1, 1, 0, 0, 6], "the report of the paused ticket")
    os.rename(world.inbox / "reverify/night.yaml.paused", world.inbox / "reverify/night.yaml")
    assert balance(wait_report(world, "night")) == [7, 1, 0, 0, 0]
    assert len(world.bill()) == 16
    assert daemon.stop() == 0


def test_a_ticket_stops_when_too_much_has_changed(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(40)))
    world.sandbox.rules(changes_its_mind("image A-"))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nrate: 5\nstop_if: {changed: 2}\n")
    said = wait_report(world, "night")
    parts = balance(said)
    assert parts[1] >= 3 and parts[4] > 0 and "changed" in said["why"]
    assert len(world.bill()) == 40 + parts[1]
    assert daemon.stop() == 0


def test_no_more_is_paid_than_the_budget_allows(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(6)))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nbudget: {calls: 4}\n")
    said = wait_report(world, "night")
    assert balance(said) == [4, 0, 0, 0, 2] and "budget" in said["why"]
    assert said["calls"]["paid"] == 4 and len(world.bill()) == 10
    assert daemon.stop() == 0


def test_a_spent_budget_ends_the_ticket_though_cases_wait_for_a_paused_service(world):
    world.start_sandbox()
    world.configure(limits={"uploads": 4})
    deliver(world, *(f"OLD-{i}" for i in range(10)), service="ocr_passport")
    deliver(world, *(f"NEW-{i}" for i in range(6)))
    world.sandbox.rules({"name": "refused", "match": {"call": "submit", "service": "ocr_passport"},
                         "do": {"status": 403, "json": {"detail": "no"}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\norder: oldest\nrate: 4\nbudget: {calls: 3}\n")
    # The service is asked again after a minute at the earliest.
    said = wait_report(world, "night", 40)
    parts = balance(said)
    assert "budget" in said["why"] and said["calls"]["paid"] == len(world.bill()) - 16 == 3
    assert parts[0] == 3 and parts[2] < 10
    assert daemon.stop() == 0


def test_a_ticket_goes_on_where_a_kill_left_it(world):
    world.start_sandbox("--keep-tasks")
    world.configure(poll={"first": "300ms", "min": "300ms"})
    cases = [f"A-{i}" for i in range(30)]
    deliver(world, *cases)
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nrate: 40\n")
    for _ in range(3):
        begun = daemon.log().count("info submitted") + 3
        wait_for(lambda: daemon.log().count("] submitted") + daemon.log().count("info submitted") >= begun
                 or not ticket_files(world), "more submits", 20)
        daemon.process.kill()
        daemon.wait()
        daemon = world.start_daemon()
    said = wait_report(world, "night", 30)
    assert balance(said) == [30, 0, 0, 0, 0]
    assert daemon.stop() == 0
    for case in cases:
        assert len(history(world, case)) == 1, case
    # An upload that the kill cut off may have been paid; nothing else is paid twice.
    unknown = sum(log.read_text().count("is unknown, submitting again") for log in world.logs)
    assert 60 <= len(world.bill()) <= 60 + unknown


def test_what_is_meant_and_not_selected_is_told_after_a_restart_as_well(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1", "B-2")
    (world.outbox / SERVICE / "B-2" / "result.json").write_text("{")
    (world.inbox / "reverify").mkdir(exist_ok=True)
    (world.inbox / "reverify" / "customers.csv").write_text("name\nA-1\nB-2\nC-3\n")
    world.sandbox.rules({"name": "not yet", "match": {"call": "poll"}, "do": {"status": 200, "json": {"status": "PENDING"}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nnames: {csv: customers.csv}\n")
    daemon.wait_for_log("1 case selected, 2 looked at, 1 name of no delivered case, 1 folder in the outbox could not be read")
    assert daemon.stop() == 0
    (world.inbox / "reverify" / "customers.csv").unlink()
    world.sandbox.rules()
    daemon = world.start_daemon()
    said = wait_report(world, "night")
    assert balance(said) == [1, 0, 0, 0, 0]
    assert said["left_out"] == {"not_delivered": 1, "not_delivered_names": ["C-3"],
                                "unreadable": 1, "unreadable_folders": [f"{SERVICE}/B-2"]}
    page = (world.outbox / "reverify" / "night" / "report.html").read_text()
    assert "1 name is that of no delivered case: C-3." in page and f"{SERVICE}/B-2." in page
    assert daemon.stop() == 0


def test_two_tickets_that_share_cases_both_end_and_none_is_paid_in_both(world):
    world.start_sandbox()
    world.configure()
    cases = [f"A-{i:02}" for i in range(24)]
    deliver(world, *cases)
    daemon = world.start_daemon()
    drop_ticket(world, "first", "window: always\norder: name\n")
    drop_ticket(world, "second", "window: always\norder: name\n")
    parts = [balance(wait_report(world, name)) for name in ("first", "second")]
    assert daemon.stop() == 0
    answered = sum(part[0] for part in parts)
    assert all(part[0] + part[3] == 24 for part in parts) and answered >= 24, parts
    assert len(world.bill()) == 24 + answered == 24 + sum(len(history(world, case)) for case in cases)
    for name in ("first", "second"):
        for each in report(world, name)["cases"]:
            assert "another ticket" in each["why"] or "answered anew" in each["why"], each


def test_a_refusal_that_a_kill_interrupts_is_told_once_and_counts_as_no_call(world):
    world.start_sandbox()
    world.configure()
    world.program = os.environ["KYCD_BREAKABLE"]
    deliver(world, "A-1")
    world.sandbox.rules({"name": "no", "match": {"call": "submit"}, "do": {"status": 400, "json": {"image": ["no"]}}})
    drop_ticket(world, "night", "window: always\n")
    for step in ("receipt.recorded", "write.synced"):
        daemon = world.start("run", "--config", str(world.config_file), env={**world.env, "KYCD_FAULT_AT": f"{step}@A-1=kill"
                             if step == "receipt.recorded" else f"{step}=kill"})
        assert daemon.wait() == -signal.SIGKILL
    daemon = world.start_daemon()
    said = wait_report(world, "night")
    assert daemon.stop() == 0
    assert balance(said) == [0, 0, 1, 0, 0] and said["calls"]["paid"] == 0
    assert len(history(world, "A-1")) == 1


def clock(world, when):
    """The machine's clock shows that time, while time goes on."""
    offset = int(when.timestamp() - time.time())
    made = world.root / "clock.new"
    made.write_text(f"{offset}\n")
    os.rename(made, world.root / "clock")


@needs_preload
def test_nothing_is_sent_outside_the_window_of_its_zone(world):
    world.start_sandbox()
    world.configure(lanes={"bulk": {"window": "22:00-06:00 Europe/Berlin"}})
    deliver(world, *(f"A-{i:02}" for i in range(40)))
    env = {**world.env, "LD_PRELOAD": os.environ["KYCD_PRELOAD"], "KYCD_CLOCK_FILE": str(world.root / "clock"),
           "TZ": "America/New_York"}
    # The night in which Berlin's clock goes forward: it begins at 21:00 UTC and ends at 04:00 UTC.
    utc = datetime.timezone.utc
    clock(world, datetime.datetime(2027, 3, 27, 20, 59, 0, tzinfo=utc))
    daemon = world.start_daemon(env)
    drop_ticket(world, "night", "rate: 3\n")
    daemon.wait_for_log("took in a re-verification ticket")
    assert len(world.bill()) == 40
    clock(world, datetime.datetime(2027, 3, 27, 21, 0, 1, tzinfo=utc))
    wait_for(lambda: len(world.bill()) > 40, "the first call in the window")
    clock(world, datetime.datetime(2027, 3, 28, 4, 0, 1, tzinfo=utc))
    daemon.wait_for_log("the window of a ticket has closed; it goes on at Sun 28 Mar 22:00 CEST")
    wait_for(lambda: (world.outbox / "reverify/night/report.json").exists(), "the report of the first night")
    first = report(world, "night")
    sent = len(world.bill())  # one of them may have been under way at the close
    assert sent < 80
    assert sum(balance(first)[:4]) <= sent - 40 and balance(first)[4] > 0
    clock(world, datetime.datetime(2027, 3, 28, 19, 59, 0, tzinfo=utc))
    clock(world, datetime.datetime(2027, 3, 28, 20, 0, 1, tzinfo=utc))
    said = wait_report(world, "night", 40)
    assert balance(said) == [40, 0, 0, 0, 0]
    assert len(world.bill()) == 80
    assert daemon.stop() == 0
    outside = re.compile(r"2027-03-28T(04:(?!00:0)|0[5-9]:|1\d:)\S+ info submitted ")
    assert not outside.search(daemon.log())


def test_two_tickets_with_the_same_cases_both_end(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i:02}" for i in range(20)))
    daemon = world.start_daemon()
    drop_ticket(world, "one", "window: always\nrate: 15\n")
    drop_ticket(world, "two", "window: always\nrate: 15\norder: newest\n")
    first, second = wait_report(world, "one", 30), wait_report(world, "two", 30)
    assert daemon.stop() == 0
    assert sum(balance(first)[:4]) == 20 and sum(balance(second)[:4]) == 20
    assert len(world.bill()) == 20 + balance(first)[0] + balance(second)[0]
    for case in world.cases("outbox"):
        if case.startswith(SERVICE):
            assert history(world, case.split("/")[1])


def test_what_is_written_over_a_running_ticket_is_not_run(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(6)))
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nrate: 3\n")
    daemon.wait_for_log("took in a re-verification ticket")
    (world.inbox / "reverify/night.yaml").write_text("window: always\n")
    world.sandbox.rules()
    daemon.wait_for_log("a re-verification ticket has ended", 20)
    daemon.wait_for_log("that counts for nothing")
    wait_for(lambda: ticket_files(world) == ["night.yaml.paused"], "the other text to be held")
    assert balance(report(world, "night")) == [6, 0, 0, 0, 0] and len(world.bill()) == 12
    assert daemon.stop() == 0


def test_folders_that_cannot_be_verified_hold_up_nothing(world):
    world.start_sandbox()
    world.configure()
    deliver(world, *(f"A-{i}" for i in range(4)))
    outbox = world.outbox / SERVICE
    (outbox / "A-1" / "history").write_text("a producer's own")
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    os.rename(outbox / "A-2", world.root / "elsewhere")
    os.symlink(world.root / "elsewhere", outbox / "A-2")
    said = wait_report(world, "night")
    skipped = {each["case"]: each["why"] for each in said["cases"] if each["end"] == "skipped"}
    assert "history" in skipped["A-1"]
    assert sum(balance(said)[:4]) + balance(said)[4] == said["balance"]["selected"] and not balance(said)[4]
    world.drop_case("L-1")
    world.wait_delivered("L-1")
    assert not history(world, "A-2") or "A-2" not in skipped
    assert daemon.stop() == 0


def test_a_face_is_not_registered_again_unless_asked_by_name(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1")
    deliver(world, "F-1", service="register_face")
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    assert balance(wait_report(world, "night")) == [1, 0, 0, 0, 0]
    assert daemon.stop() == 0
    assert history(world, "F-1", "register_face") == []


def test_flat_cases_forms_and_doubles_are_sent_as_they_were(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "F-1", service="background_check")
    deliver(world, "A-1")
    deliver(world, "A-1")  # becomes A-1~2
    world.drop_flat(SERVICE, {"B-1.jpg": picture("image", "flat")})
    assert world.run_once().code == 0
    before = {(each["service"], *sorted((part["name"], part["sha256"]) for part in each["files"])): each["texts_sha256"]
              for each in world.bill()}
    paid = len(world.bill())
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    assert balance(wait_report(world, "night")) == [paid, 0, 0, 0, 0]
    assert daemon.stop() == 0
    for each in world.bill()[paid:]:
        key = (each["service"], *sorted((part["name"], part["sha256"]) for part in each["files"]))
        assert before[key] == each["texts_sha256"]
    assert world.result("A-1~2")["case"] == "A-1" and world.result("B-1")["duplicate_of"] is None


def test_another_verdict_of_a_service_without_images_is_not_told_as_one_of_the_same_images(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "F-1", service="background_check")
    manifest = world.outbox / "background_check" / "F-1" / "case.json"
    manifest.write_text(json.dumps({"fields": {"fullname": "SANDBOX MATCH", "birth_date": "1999-09-09"}}))
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    said = wait_report(world, "night")
    assert balance(said) == [0, 1, 0, 0, 0] and said["causes"] == [{"cause": "no_images", "cases": 1}]
    assert "same images" not in (world.outbox / "reverify" / "night" / "report.html").read_text()
    assert daemon.stop() == 0


@needs_preload
def test_a_ticket_that_says_so_ends_with_its_window(world):
    world.start_sandbox()
    world.configure(lanes={"bulk": {"window": "22:00-06:00 Europe/Berlin"}})
    deliver(world, *(f"A-{i:02}" for i in range(20)))
    env = {**world.env, "LD_PRELOAD": os.environ["KYCD_PRELOAD"], "KYCD_CLOCK_FILE": str(world.root / "clock")}
    utc = datetime.timezone.utc
    clock(world, datetime.datetime(2027, 3, 27, 21, 30, 0, tzinfo=utc))
    daemon = world.start_daemon(env)
    drop_ticket(world, "night", "rate: 3\nunfinished: end\n")
    wait_for(lambda: len(world.bill()) > 20, "the first call of the night")
    clock(world, datetime.datetime(2027, 3, 28, 4, 0, 1, tzinfo=utc))
    said = wait_report(world, "night")
    parts = balance(said)
    assert parts[0] > 0 and parts[4] > 0 and "window" in said["why"]
    assert len(world.bill()) == 20 + parts[0]
    assert daemon.stop() == 0


def test_a_reload_of_the_lane_reaches_tickets_that_are_there(world):
    world.start_sandbox()
    now = datetime.datetime.now(datetime.timezone.utc)
    much_later = "-".join(f"{now + datetime.timedelta(hours=hours):%H:%M}" for hours in (9, 10)) + " UTC"
    world.configure(lanes={"bulk": {"window": much_later, "share": 0}})
    deliver(world, "A-1", "A-2", "A-3")
    world.sandbox.rules(PENDING)
    daemon = world.start_daemon()
    drop_ticket(world, "night", "names: '*'\n")

    def states():
        status = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)
        return [ticket["state"] for ticket in status["daemon"]["tickets"]]

    wait_for(lambda: states() == ["waiting"], "the ticket to wait for its window")
    world.configure(lanes={"bulk": {"window": "always", "share": 0}})
    daemon.send(signal.SIGHUP)
    # Without a share it has one task at a time.
    wait_for(lambda: (states(), len(world.bill())) == (["running"], 4), "the first of its cases")
    world.configure(lanes={"bulk": {"window": "always", "share": 0.5}})
    daemon.send(signal.SIGHUP)
    wait_for(lambda: len(world.bill()) == 6, "the others")
    world.sandbox.rules()
    assert balance(wait_report(world, "night", 60)) == [3, 0, 0, 0, 0]
    assert daemon.stop() == 0


def test_values_are_in_the_report_only_where_they_may_be(world):
    world.start_sandbox()
    for wanted in (False, True):
        world.configure(reports={"personal_data": wanted})
        case = f"A-{wanted}"
        deliver(world, case, service="kyc_card")
        world.sandbox.rules(changes_its_mind(f"selfie_image {case}", "expired"))
        daemon = world.start_daemon()
        drop_ticket(world, f"night-{wanted}", f"window: always\nnames: {case}\n")
        said = wait_report(world, f"night-{wanted}")
        assert balance(said) == [0, 1, 0, 0, 0] and daemon.stop() == 0
        [row] = said["cases"]
        assert row["fields"] and (row["differences"] is not None) == wanted
        texts = "".join((world.outbox / "reverify" / f"night-{wanted}" / f"report.{kind}").read_text() for kind in ("json", "csv", "html"))
        person = world.result(case, "kyc_card")["document"]
        told = [value for value in (person["full_name"], person["number"]) if value and value in texts]
        assert wanted or not told
