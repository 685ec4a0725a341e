"""What the name of a ticket's file asks for holds at every moment: nothing is begun that nobody wants any more."""

import json
import os
import re
import time

import pytest
from notify_test import Hanging
from reverify_test import PENDING, balance, deliver, drop_ticket, needs_preload, report, ticket_files, wait_report
from ticket_sight_test import told, wait_told, words
from world import wait_for


class SlowChoice(Hanging):
    """The choice of a ticket's cases does not come back before end()."""

    def __init__(self, world):
        super().__init__(world, "open", world.outbox)
        self.env["KYCD_INJECT"] += ":A-1"
        self.begin()


def drop_slow_ticket(world, name, text):
    """One of which no case is chosen yet."""
    drop_ticket(world, name, text)
    wait_for(lambda: (told(world, name) or {}).get("why") == "its cases are being chosen", "the choice of cases", 20)


def control(world, *words_):
    said = world.kycd("reverify", *words_, "--config", str(world.config_file))
    assert said.code == 0, said
    return said.out


@needs_preload
def test_a_ticket_that_is_cancelled_while_its_cases_are_chosen_pays_nothing(world):
    deliver(world, "A-1", "A-2", "A-3")
    slow = SlowChoice(world)
    daemon = world.start_daemon(env=dict(world.env, **slow.env))
    drop_slow_ticket(world, "night", "window: always\n")
    control(world, "cancel", "night")
    ticket = wait_told(world, "ending")
    assert ticket["why"] == "cancelled before it began" and ticket["accepted_at"] is None
    assert "ticket night: cancelled before it began; its file is about to be removed" in words(world)
    slow.end()
    wait_for(lambda: ticket_files(world) == [], "the ticket to leave the inbox")
    wait_for(lambda: told(world) is None, "nobody to tell of the ticket")
    assert "removed a cancelled ticket that had not begun" in daemon.log() and "took in" not in daemon.log()
    assert not (world.outbox / "reverify").exists()
    drop_ticket(world, "night", "window: always\nnames: [A-2]\n")
    assert balance(wait_report(world, "night")) == [1, 0, 0, 0, 0]
    assert daemon.stop() == 0
    assert len(world.bill()) == 4


@needs_preload
def test_a_ticket_that_is_paused_while_its_cases_are_chosen_pays_nothing_before_it_is_resumed(world):
    deliver(world, "A-1", "A-2", "A-3")
    slow = SlowChoice(world)
    daemon = world.start_daemon(env=dict(world.env, **slow.env))
    drop_slow_ticket(world, "night", "window: always\n")
    control(world, "pause", "night")
    assert wait_told(world, "paused")["why"] == "paused by the name of its file"
    slow.end()
    wait_for(lambda: (told(world) or {}).get("selected") == 3, "the ticket's cases to be chosen")
    wait_for(lambda: (world.outbox / "reverify/night/report.json").exists(), "the report of the pause")
    assert told(world)["state"] == "paused" and balance(report(world, "night")) == [0, 0, 0, 0, 3]
    assert len(world.bill()) == 3
    control(world, "resume", "night")
    assert balance(wait_report(world, "night")) == [3, 0, 0, 0, 0]
    assert daemon.stop() == 0
    assert len(world.bill()) == 6


@needs_preload
def test_a_ticket_whose_file_is_taken_away_while_its_cases_are_chosen_pays_nothing(world):
    deliver(world, "A-1", "A-2")
    slow = SlowChoice(world)
    daemon = world.start_daemon(env=dict(world.env, **slow.env))
    drop_slow_ticket(world, "night", "window: always\n")
    drop_ticket(world, "later", "window: always\n")
    wait_for(lambda: (told(world, "later") or {}).get("why") == "the cases of another ticket are chosen first",
             "the other ticket to wait for its turn", 20)
    (world.inbox / "reverify/night.yaml").unlink()
    (world.inbox / "reverify/later.yaml").unlink()
    daemon.wait_for_log("a ticket that had not begun was taken out of the inbox", 20)
    slow.end()
    wait_for(lambda: told(world, "night") is None and told(world, "later") is None, "nobody to tell of the tickets")
    assert daemon.stop() == 0
    assert len(world.bill()) == 2


@pytest.mark.parametrize("how", ["paused", "cancelled", "removed"])
def test_what_was_asked_for_while_kycd_was_down_holds_from_the_first_moment(world, how):
    """At a call in 100 seconds every start has one to make at once."""
    deliver(world, "A-1", "A-2", "A-3")
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nrate: 0.01\n")
    wait_for(lambda: (told(world) or {}).get("calls") == 1 and told(world)["unchanged"] == 1, "the first case", 20)
    assert daemon.stop() == 0
    file = world.inbox / "reverify/night.yaml"
    if how == "removed":
        file.unlink()
    else:
        file.rename(f"{file}.{how}")
    listed = json.loads(control(world, "list", "--json"))["tickets"]
    assert [each["state"] for each in listed] == ["running" if how == "removed" else how]
    assert told(world)["state"] == ("paused" if how == "paused" else "stopped")
    daemon = world.start_daemon()
    if how == "paused":
        wait_for(lambda: (world.outbox / "reverify/night/report.json").exists(), "the report of the pause", 20)
        assert told(world)["state"] == "paused"
    else:
        said = wait_report(world, "night")
        assert said["why"].startswith("cancelled")
    assert balance(report(world, "night")) == [1, 0, 0, 0, 2]
    assert len(world.bill()) == 4
    assert daemon.stop() == 0
    assert len(world.bill()) == 4


def test_a_cancelled_file_that_is_no_ticket_is_removed(world):
    folder = world.inbox / "reverify"
    folder.mkdir()
    for name, text in (("large", "# " + "x" * (17 << 20)), ("bytes", "\udcff")):
        file = folder / f"{name}.yaml.cancelled"
        file.write_text(text, errors="surrogateescape")
        os.utime(file, (time.time() - 60, time.time() - 60))
    (world.root / "elsewhere").write_text("window: always\n")
    (folder / "link.yaml.cancelled").symlink_to(world.root / "elsewhere")
    os.mkfifo(folder / "pipe.yaml.cancelled")
    daemon = world.start_daemon()
    wait_for(lambda: ticket_files(world) == [], "the files to leave the inbox", 20)
    assert (world.root / "elsewhere").read_text() == "window: always\n"
    assert daemon.stop() == 0
    assert not re.search("cannot be removed|Input/output error", daemon.log())


@pytest.mark.parametrize("failed_task", [False, True])
def test_what_waits_for_its_next_try_does_not_hold_up_the_end_of_its_ticket(world, failed_task):
    deliver(world, "A-1", "A-2")
    lost = {"name": "lost", "match": {"call": "submit", "contains": "image A-1", "first": 1}, "do": {"task_answer": "failure"}}
    busy = {"name": "busy", "match": {"call": "submit"}, "do": {"status": 429, "headers": {"Retry-After": 300}}}
    world.sandbox.rules(*([lost] if failed_task else []), busy)
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\nnames: [A-1]\n")
    wait_for(lambda: world.sandbox.fired("busy") >= 1, "the reply that asks to come back later", 20)
    wait_for(lambda: "not submitted: " in daemon.log(), "the wait", 20)
    control(world, "cancel", "night")
    said = wait_report(world, "night", 40)
    assert balance(said) == ([0, 0, 1, 0, 0] if failed_task else [0, 0, 0, 0, 1]) and said["why"] == "cancelled"
    assert [(row["code"], row["calls"]) for row in said["cases"]] == ([("TASK_FAILED", 1)] if failed_task else [])
    assert said["calls"]["paid"] == len(world.bill()) - 2 == failed_task
    assert daemon.stop() == 0


def test_a_task_that_failed_is_sent_again_when_its_ticket_goes_on(world):
    deliver(world, "A-1")
    world.sandbox.rules({"name": "lost", "match": {"call": "submit", "first": 1}, "do": {"task_answer": "failure"}},
                        {"name": "busy", "match": {"call": "submit", "first": 1}, "do": {"status": 429, "headers": {"Retry-After": 10}}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: world.sandbox.fired("busy") == 1, "the reply that asks to come back later", 20)
    control(world, "pause", "night")
    wait_told(world, "paused", "night")
    wait_for(lambda: told(world, "night")["in_hand"] == 0, "the case to be given back", 20)
    wait_for(lambda: (world.outbox / "reverify/night/report.json").exists()
             and report(world, "night")["calls"] == {"paid": 1, "budget": None, "awaited": 0}, "the report of the pause", 20)
    control(world, "resume", "night")
    said = wait_report(world, "night", 40)
    assert balance(said) == [1, 0, 0, 0, 0] and said["calls"]["paid"] == len(world.bill()) - 1 == 2
    assert daemon.stop() == 0


@pytest.mark.parametrize("in_the_way", ["file", "link"])
def test_a_report_that_cannot_be_written_holds_up_its_own_ticket_alone(world, in_the_way):
    deliver(world, *(f"A-{i}" for i in range(6)))
    place = world.outbox / "reverify"
    if in_the_way == "file":
        place.write_text("somebody's")
    else:
        (world.root / "elsewhere").mkdir()
        place.symlink_to(world.root / "elsewhere")
    daemon = world.start_daemon()
    drop_ticket(world, "stuck", "window: always\nnames: [A-0]\n")
    stuck = wait_for(lambda: (ticket := told(world, "stuck")) and "cannot be written" in (ticket["why"] or "") and ticket,
                     "the report that cannot be written to be told", 20)
    assert stuck["state"] == "ending" and stuck["unchanged"] == 1
    why = "all is done; its report cannot be written: "
    assert stuck["why"].startswith(why) and stuck["why"].endswith(f"(in {world.outbox})")
    assert stuck["next_event"]["what"] == "next_try"
    assert f"ticket stuck: {why}" in words(world) and "; next try at " in words(world)
    said = world.kycd("why", "stuck", "--config", str(world.config_file)).out
    assert why in said
    assert f"stuck: {why}" in control(world, "list") and "; next try at " in control(world, "list")
    assert json.loads(control(world, "list", "--json"))["tickets"][0]["why"].startswith(why)

    # Others are taken in, paused, resumed and cancelled meanwhile; and nobody waits for the system.
    drop_ticket(world, "slow", "window: always\nrate: 0.01\norder: name\n")
    wait_for(lambda: (told(world, "slow") or {}).get("unchanged") == 1, "another ticket to run", 20)
    control(world, "pause", "slow")
    wait_told(world, "paused", "slow")
    control(world, "resume", "slow")
    wait_told(world, "running", "slow")
    control(world, "cancel", "slow")
    assert "cancelled" in wait_told(world, "ending", "slow")["why"]
    assert "paused by a fault" not in daemon.log()
    assert len(world.bill()) == 8

    place.unlink()
    for name, ended in (("stuck", [1, 0, 0, 0, 0]), ("slow", [1, 0, 0, 0, 5])):
        assert balance(wait_report(world, name, 90)) == ended
    assert daemon.stop() == 0


def test_a_history_that_is_none_is_the_trouble_of_its_case_alone(world):
    """The case is looked at before it is sent; what comes after that must not cost the answer, or hold up others."""
    deliver(world, "A-1", "A-2", "A-3")
    standing = (world.outbox / "face_liveness/A-2/result.json").read_bytes()
    world.sandbox.settings(answer_after="6s")
    world.sandbox.rules({"name": "refused", "match": {"call": "submit", "contains": "image A-3"}, "do": {"task_answer": "failure"}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: len(world.bill()) == 6, "the cases to be sent", 20)
    for case in ("A-2", "A-3"):
        (world.outbox / "face_liveness" / case / "history").write_text("somebody's")
    said = wait_report(world, "night", 40)
    ends = {each["case"]: (each["end"], each["why"]) for each in said["cases"]}
    assert balance(said) == [1, 0, 2, 0, 0] and ends["A-2"][0] == ends["A-3"][0] == "failed", ends
    kept = [file for file in (world.outbox / "face_liveness/A-2").iterdir() if file.name.startswith("result.2")]
    assert len(kept) == 1 and json.loads(kept[0].read_text())["verdict"] == "pass" and kept[0].name in ends["A-2"][1]
    assert "history" in ends["A-2"][1] and "pass" in ends["A-2"][1]
    assert (world.outbox / "face_liveness/A-2/result.json").read_bytes() == standing
    assert (world.outbox / "face_liveness/A-2/history").read_text() == "somebody's"
    assert daemon.stop() == 0
    assert "paused by a fault" not in daemon.log()
    # A task that failed is sent once more, but not for an answer that would have no place.
    assert len(world.bill()) == 6 and "history" in ends["A-3"][1]


def test_permissions_that_are_taken_away_are_the_trouble_of_their_case_alone(mortal):
    """A paid answer that cannot be written holds up nobody, and is told with its task."""
    world = mortal
    folders = {name: world.outbox / "face_liveness" / name for name in ("A-1", "closed", "failed", "hidden", "history", "named")}
    deliver(world, *folders)
    standing = {name: (folder / "result.json").read_bytes() for name, folder in folders.items()}
    world.sandbox.rules(PENDING, {"name": "refused", "match": {"call": "submit", "contains": "image failed"}, "do": {"task_answer": "revoked"}})
    daemon = world.start_daemon()
    drop_ticket(world, "night", "window: always\n")
    wait_for(lambda: daemon.log().count(" info submitted ") == 6, "the receipts of all calls", 20)
    for name in ("closed", "failed"):
        folders[name].chmod(0o555)
    folders["hidden"].chmod(0)
    (folders["history"] / "history").mkdir(0o555)
    (folders["named"] / "history" / f"{json.loads(standing['named'])['task']['answered_at']}.json").mkdir(parents=True)
    world.sandbox.rules()
    said = wait_report(world, "night", 40)
    for folder in folders.values():
        folder.chmod(0o755)
    whys = {each["case"]: each["why"] for each in said["cases"] if each["end"] == "failed"}
    assert balance(said) == [1, 0, 5, 0, 0] and set(whys) == set(folders) - {"A-1"}, said
    for name in ("closed", "hidden"):
        assert re.search(r"the new answer, pass, could not be kept.* task \S+; the old one stands", whys[name]), whys
    for name in ("history", "named"):
        [kept] = [file for file in folders[name].iterdir() if file.name.startswith("result.2")]
        assert json.loads(kept.read_text())["verdict"] == "pass" and kept.name in whys[name], whys
    assert {name: (folder / "result.json").read_bytes() == old for (name, folder), old in zip(folders.items(), standing.values())} \
        == {name: name != "A-1" for name in folders}
    assert said["calls"]["paid"] == len(world.bill()) - 6 == 6
    assert daemon.stop() == 0
    assert "paused by a fault" not in daemon.log()


def test_a_refused_ticket_that_cannot_be_moved_away_keeps_no_other_waiting(world):
    world.start_sandbox()
    world.configure()
    deliver(world, "A-1")
    (world.failed / "reverify").write_text("no folder")
    daemon = world.start_daemon()
    drop_ticket(world, "bad", "no_such_key: 1\n")
    wait_for(lambda: "bad.yaml" in daemon.log() or "ticket=bad" in daemon.log(), "the trouble with the ticket", 20)
    drop_ticket(world, "good", "window: always\n")
    wait_report(world, "good", 30)
    assert ticket_files(world) == ["bad.yaml"]
    # Tried now and then, not at each look: a try is a line of the log, and the good ticket took at least two looks.
    assert daemon.log().count("it cannot be moved to failed/") <= 3
    (world.failed / "reverify").unlink()
    wait_for(lambda: ticket_files(world) == [], "the bad one to be refused", 40)
    assert daemon.stop() == 0
