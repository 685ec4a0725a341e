"""Cases whose time is over: what is removed, what is kept, and what the ledger still knows."""

import json
import os
import re
import shutil
import signal
import sqlite3
import time

import pytest

from conftest import wait_for
from fake_systemd import Journal

DAY = 86_400
BREAKABLE = os.environ["KYCD_BREAKABLE"]
RULES = {"outbox": "90d", "failed": "30d"}


def deliver(world, *cases):
    for case in cases:
        world.drop_case(case)
    assert world.run_once().code == 0


def fail(world, *cases):
    world.sandbox.rules({"name": "rule", "match": {"call": "submit", "contains": "kycd-sandbox:spoof"}, "do": {"status": 400}})
    for case in cases:
        world.drop_case(case, answer="spoof")
    assert world.run_once().code == 1
    world.sandbox.rules()


def age(world, folder, days, in_ledger=True):
    """As if the case had ended so long ago."""
    report = next(folder / name for name in ("result.json", "error.json") if (folder / name).exists())
    then = time.time() - days * DAY
    os.utime(report, (then, then))
    if in_ledger:
        with sqlite3.connect(world.root / "ledger/ledger.db") as ledger:
            ledger.execute("UPDATE kyc_case SET ended_at = ? WHERE place = ?", (int(then * 1000), str(folder)))
        ledger.close()


def ledger_rows(world):
    ledger = sqlite3.connect(f"file:{world.root}/ledger/ledger.db?mode=ro", uri=True)
    try:
        return ledger.execute("SELECT name, state, word, place FROM kyc_case ORDER BY id").fetchall()
    finally:
        ledger.close()


def purge(world, *arguments, env=None):
    return world.kycd("purge", "--config", str(world.config_file), *arguments, env=env)


@pytest.fixture
def aged(world):
    """Two old cases of each kind, one of them held, and a young one."""
    deliver(world, "old", "held", "young")
    fail(world, "old-bad", "held-bad", "young-bad")
    for root, name in ((world.outbox, "{}"), (world.failed, "{}-bad")):
        service = root / "face_liveness"
        age(world, service / name.format("old"), 91)
        age(world, service / name.format("held"), 91)
        (service / name.format("held") / ".hold").touch()
        age(world, service / name.format("young"), 29)
    world.configure(retention=RULES)
    return world


def left(world):
    return sorted(folder.name for root in (world.outbox, world.failed) for folder in root.glob("face_liveness/*"))


KEPT = ["held", "held-bad", "young", "young-bad"]


def test_the_daemon_removes_what_is_over_and_keeps_what_is_held(aged):
    daemon = aged.start_daemon()
    daemon.wait_for_log("the ledger keeps hashes and outcome alone of 2 cases")
    for file in (aged.root / "ledger").iterdir():  # while it runs, perhaps for months
        assert b"old-bad" not in file.read_bytes(), file
    assert daemon.stop() == 0
    assert left(aged) == KEPT
    log = daemon.log()
    assert "retention.outbox 90d: 1 case removed from outbox/, 1 kept for its .hold" in log
    assert "retention.failed 30d: 1 case removed from failed/, 1 kept for its .hold" in log
    assert "face_liveness" not in log and "-bad" not in log  # no case is named
    rows = ledger_rows(aged)
    assert [row for row in rows if not row[0]] == [("", "delivered", "pass", ""), ("", "failed", "REJECTED", "")]
    assert sorted(row[0] for row in rows if row[0]) == KEPT
    for file in (aged.root / "ledger").iterdir():
        assert b"old-bad" not in file.read_bytes(), file


def test_what_is_left_in_the_ledger_is_hashes_and_outcome(aged):
    daemon = aged.start_daemon()
    daemon.wait_for_log("the ledger keeps hashes and outcome alone")
    assert daemon.stop() == 0
    ledger = sqlite3.connect(f"file:{aged.root}/ledger/ledger.db?mode=ro", uri=True)
    row = ledger.execute("SELECT id FROM kyc_case WHERE name = '' AND state = 'delivered'").fetchone()
    sent, outcome, task = ledger.execute("SELECT sent, outcome, task_id FROM attempt WHERE case_id = ?", row).fetchone()
    events = ledger.execute("SELECT count(*) FROM event WHERE case_id = ?", row).fetchone()[0]
    ledger.close()
    file, = json.loads(sent)
    assert file["name"] == "" and len(file["sha256"]) == 64 and file["field"] == "image"
    assert (outcome, task, events) == ("accepted", "", 0)
    listed = aged.kycd("list", "--json", "--config", str(aged.config_file))
    assert sorted(case["case"] or "" for case in json.loads(listed.out)) == ["", "", *KEPT]
    lines = aged.kycd("list", "--config", str(aged.config_file)).out
    assert lines.count("(forgotten)") == 2


def test_the_same_bytes_are_told_of_no_case_that_is_forgotten(aged):
    daemon = aged.start_daemon()
    daemon.wait_for_log("the ledger keeps hashes and outcome alone")
    image = next((aged.outbox / "face_liveness/young").glob("*.jpg")).read_bytes()
    aged.drop_folder("face_liveness", "again", {"image.jpg": image})
    assert aged.wait_delivered("again")["duplicate_of"]["case"] == "young"
    assert daemon.stop() == 0


def test_purge_beside_the_daemon_and_dry(aged):
    dry = purge(aged, "--dry-run")
    assert dry.code == 0 and len(left(aged)) == 6
    assert "would be: retention.outbox 90d: 1 case removed from outbox/, 1 kept for its .hold" in dry.out
    done = purge(aged, "--json")
    assert done.code == 0 and left(aged) == KEPT
    told = json.loads(done.out)
    assert [(rule["setting"], rule["removed"], rule["held"], rule["left"]) for rule in told["rules"]] == [
        ("retention.outbox", 1, 1, 0), ("retention.failed", 1, 1, 0)]
    assert not list((aged.outbox / ".kycd/removed/face_liveness").iterdir())
    assert purge(aged).code == 0 and left(aged) == KEPT


def test_why_tells_what_the_rules_have_removed_from_what_somebody_took(world):
    world.configure(retention=RULES)
    deliver(world, "A-1", "A-2")
    fail(world, "F-1")
    for case in ("outbox/face_liveness/A-1", "failed/face_liveness/F-1"):
        age(world, world.spool / case, 100)
    assert purge(world).code == 0 and world.cases("outbox") == {"face_liveness/A-2"} and world.cases("failed") == set()
    shutil.rmtree(world.outbox / "face_liveness/A-2")
    told = {case: world.kycd("why", "--config", str(world.config_file), case).out for case in ("A-1", "A-2", "F-1")}
    assert "its time is over: kycd has removed its folder (retention.outbox)" in told["A-1"]
    assert "its time is over: kycd has removed its folder (retention.failed)" in told["F-1"]
    assert "somebody has taken its folder\n" in told["A-2"], told


def test_what_purge_removes_is_on_record_without_a_journal(aged):
    dry = purge(aged, "--dry-run")
    assert dry.log == ""
    done = purge(aged)
    assert done.code == 0
    begun, removed, *others = done.lines
    assert "kycd purge begins, retention.outbox 90d: 1 case is to be removed" in begun and f"uid={os.getuid()}" in begun
    assert "retention.outbox 90d: 1 case removed from outbox/, 1 kept for its .hold" in removed
    assert f"setting=retention.outbox removed=1 held=1 left=0 uid={os.getuid()}" in removed
    assert len(others) == 2 and all("retention.failed" in line for line in others)
    assert "face_liveness" not in done.log and not re.search(r"\bold\b", done.log)  # no case is named
    assert purge(aged).log == "", "nothing was removed, so nothing is said"


@pytest.mark.skipif(not Journal.possible(), reason="a private mount namespace is not allowed here")
def test_what_purge_removes_reaches_the_journal_from_a_terminal_too(aged):
    journal = Journal(aged)
    try:
        aged.program = journal.program()
        done = purge(aged)  # stderr is not the journal's stream
        assert done.code == 0 and done.log == "" and left(aged) == KEPT
        removed = journal.wait_for("retention.outbox 90d: 1 case removed")
        assert removed["PRIORITY"] == "6" and removed["SYSLOG_IDENTIFIER"] == "kycd"
        assert removed["KYCD_SETTING"] == "retention.outbox" and removed["KYCD_REMOVED"] == "1"
        assert removed["KYCD_HELD"] == "1" and removed["KYCD_LEFT"] == "0" and removed["KYCD_UID"] == str(os.getuid())
        assert journal.wait_for("retention.failed 30d: 1 case removed")["KYCD_SETTING"] == "retention.failed"
        assert not any(re.search(r"\bold\b", value) for entry in journal.entries() for value in entry.values())
    finally:
        journal.close()


def test_a_purge_that_is_killed_is_on_record(aged):
    aged.program = BREAKABLE
    cut = purge(aged, env={**aged.env, "KYCD_FAULT_AT": "remove.done@old=kill"})
    assert cut.code == -signal.SIGKILL
    assert "kycd purge begins, retention.outbox 90d: 1 case is to be removed" in cut.log


def test_without_rules_everything_stays(world):
    deliver(world, "A-1")
    age(world, world.outbox / "face_liveness/A-1", 4000)
    done = purge(world)
    assert done.code == 0 and "every case is kept" in done.out
    daemon = world.start_daemon()
    world.drop_case("A-2")
    world.wait_delivered("A-2")
    assert daemon.stop() == 0
    assert left(world) == ["A-1", "A-2"] and [row[0] for row in ledger_rows(world)] == ["A-1", "A-2"]


def test_a_folder_that_is_not_kycds_stays(aged):
    foreign = aged.outbox / "face_liveness/notes"
    foreign.mkdir()
    (foreign / "readme.txt").write_text("not a case")
    os.utime(foreign, (0, 0))
    assert purge(aged).code == 0
    assert foreign in (aged.outbox / "face_liveness").iterdir()


def test_a_removal_that_was_cut_short_is_finished(aged):
    aged.program = BREAKABLE
    cut = purge(aged, env={**aged.env, "KYCD_FAULT_AT": "remove.renamed@old=kill"})
    assert cut.code == -signal.SIGKILL
    half = aged.outbox / ".kycd/removed/face_liveness/old"
    assert half.exists() and "old" not in left(aged)
    assert purge(aged).code == 0
    assert not half.exists() and left(aged) == KEPT


def test_a_hold_that_came_in_time_brings_the_case_back(aged):
    aged.program = BREAKABLE
    purge(aged, env={**aged.env, "KYCD_FAULT_AT": "remove.renamed@old=kill"})
    (aged.outbox / ".kycd/removed/face_liveness/old/.hold").touch()
    assert purge(aged).code == 0
    assert (aged.outbox / "face_liveness/old/result.json").exists()


def test_a_held_case_is_not_removed_although_its_place_is_gone(aged):
    aged.program = BREAKABLE
    purge(aged, env={**aged.env, "KYCD_FAULT_AT": "remove.renamed@old=kill"})
    half = aged.outbox / ".kycd/removed/face_liveness/old"
    (half / ".hold").touch()
    (aged.outbox / "face_liveness").rename(aged.root / "taken")
    done = purge(aged)
    assert done.code == 73 and "face_liveness" in done.log and (half / "result.json").exists()
    (aged.root / "taken").rename(aged.outbox / "face_liveness")
    assert purge(aged).code == 0
    assert (aged.outbox / "face_liveness/old/result.json").exists()


def test_readers_who_took_the_case_away_are_no_trouble(aged):
    (aged.outbox / "face_liveness/old").rename(aged.root / "taken")
    daemon = aged.start_daemon()
    daemon.wait_for_log("the ledger keeps hashes and outcome alone of 2 cases")
    assert daemon.stop() == 0
    assert (aged.root / "taken/result.json").exists()


def test_a_root_that_is_not_there_forgets_nothing(aged):
    """An outbox that is not mounted is no empty one."""
    aged.outbox.rename(aged.root / "elsewhere")
    done = purge(aged)
    assert done.code == 73 and "outbox" in done.log
    assert all(row[0] for row in ledger_rows(aged))
    (aged.root / "elsewhere").rename(aged.outbox)
    wait_for(lambda: purge(aged).code == 0, "the purge to work again")
