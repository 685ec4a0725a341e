"""`kycd reverify`: what it selects and would cost, the ticket that it drops, and those that are there."""

import json
import os
import pty
import subprocess

import pytest
import yaml
from conftest import KYCD, wait_for
from schemas import check


def reverify(world, *arguments, code=0, env=None):
    run = world.kycd("reverify", *arguments, "--config", str(world.config_file), env=env)
    assert run.code == code, run
    return run


def planned(world, *arguments):
    said = check("reverify", json.loads(reverify(world, "--plan", "--json", *arguments).out))
    assert said["file"] is None
    return said["plan"]


def dropped(world, *arguments):
    said = check("reverify", json.loads(reverify(world, "--json", *arguments).out))
    assert said["plan"] is None
    text = (world.inbox / "reverify" / f"{said['ticket']}.yaml").read_text()
    assert said["text"] == text and said["file"].endswith(f"/inbox/reverify/{said['ticket']}.yaml")
    return said["ticket"], yaml.load(text, yaml.BaseLoader)


def listed(world):
    said = check("tickets", json.loads(reverify(world, "list", "--json").out))
    return {each["ticket"]: each for each in said["tickets"]}


def tickets(world):
    return sorted(each.name for each in (world.inbox / "reverify").iterdir())


@pytest.fixture
def delivered(world):
    """P-1, P-2, P-3: pass; F-1: fail; C-1: a card that passes."""
    for case in ("P-1", "P-2", "P-3"):
        world.drop_case(case)
    world.drop_case("F-1", answer="spoof")
    world.drop_case("C-1", "ocr_card")
    assert world.run_once().code == 0
    return world


def test_a_plan_tells_what_and_writes_nothing(delivered):
    before = delivered.tree()
    plan = planned(delivered, "--service", "liveness,ocr_card", "--canary", "C-1")
    assert plan["selected"] == plan["looked_at"] == plan["calls"] == 5
    groups = {(each["service"], each["verdict"]): each["cases"] for each in plan["groups"]}
    assert groups == {("face_liveness", "pass"): 3, ("face_liveness", "fail"): 1, ("ocr_card", "pass"): 1}
    assert plan["canaries"] == 1 and plan["missing_canaries"] == []
    assert plan["seconds"] > 0 and plan["windows"] >= 1
    assert delivered.tree() == before and tickets(delivered) == []
    text = reverify(delivered, "--plan").out
    assert "5 cases selected" in text and "time      at least " in text and " at the earliest" in text and "lanes.bulk" not in text and "window    22:00-06:00" in text


def test_a_quiet_day_says_nothing_about_how_fast_it_can_go(delivered):
    # Five cases in a minute, each in well under a second.
    plan = planned(delivered, "--all")
    assert plan["pace_from"] in ("uploads", "pending") and plan["per_second"] > 1
    delivered.configure(limits={"uploads": 1, "pending": 100_000})
    one = planned(delivered, "--all")
    delivered.configure(limits={"uploads": 10, "pending": 100_000})
    ten = planned(delivered, "--all")
    assert one["pace_from"] == ten["pace_from"] == "uploads" and ten["per_second"] == pytest.approx(10 * one["per_second"])
    assert "limits.uploads of 10, and " in reverify(delivered, "--plan", "--all").out
    delivered.configure(limits={"uploads": 1000, "pending": 1})
    waits = planned(delivered, "--all")
    assert waits["pace_from"] == "pending" and waits["per_second"] < 1000
    os.remove(delivered.root / "ledger/ledger.db")
    delivered.configure()
    unknown = planned(delivered, "--all")
    assert unknown["pace_from"] is unknown["per_second"] is unknown["seconds"] is unknown["ends_at"] is None


def test_a_canary_that_is_not_delivered_is_refused_before_the_night(delivered):
    for arguments in (["--plan", "--json"], ["--plan"], []):
        refused = reverify(delivered, "--service", "liveness", "--canary", "C-1", "--canary", "C-9", "--canary", "C-8", *arguments, code=64)
        assert "there is no delivered case called C-9, C-8: such a ticket is refused" in refused.log
    assert check("reverify", json.loads(reverify(delivered, "--plan", "--json", "--canary", "C-9", code=64).out))["plan"]["missing_canaries"] == ["C-9"]
    assert tickets(delivered) == []
    # A case may be called otherwise than its folder.
    os.rename(delivered.outbox / "face_liveness/P-1", delivered.outbox / "face_liveness/moved")
    assert dropped(delivered, "--service", "liveness", "--canary", "P-1")[1]["canary"] == ["P-1"]


def test_a_ticket_that_is_too_large_is_refused_before_the_drop(delivered, tmp_path):
    names = tmp_path / "names.csv"
    # In the CSV less than the 16 MiB that are read, but more as a ticket.
    names.write_text("name\n" + "".join(f"CUSTOMER-{number:06}\n" for number in range(950_000)))
    refused = reverify(delivered, "--names-from", str(names), code=64)
    assert "the ticket would be " in refused.log and "names: {csv: FILE}" in refused.log
    assert tickets(delivered) == []


def test_what_is_never_taken_is_told_once(delivered):
    delivered.configure(intake={"incomplete_after": "2s"})
    folder = delivered.inbox / "reverify"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "note.yaml.txt").write_text("window: always\n")
    (folder / "sub").mkdir()
    (folder / "left.csv").write_text("name\nA-1\n")
    (folder / "used.csv").write_text("name\nA-1\n")
    (folder / "night.yaml.paused").write_text("names: {csv: used.csv}\nwindow: always\n")

    def strays():
        return {each["file"]: each["why"] for each in check("tickets", json.loads(reverify(delivered, "list", "--json").out))["strays"]}
    wait_for(lambda: set(strays()) == {"note.yaml.txt", "sub", "left.csv"}, "all that is never taken to be told", 30)
    assert "call it note.yaml" in strays()["note.yaml.txt"]
    assert "left.csv is never taken: no ticket here names this CSV" in reverify(delivered, "list").out
    for name in ("note.yaml.txt", str(folder / "note.yaml.txt")):
        said = check("why", json.loads(delivered.kycd("why", "--json", name, "--config", str(delivered.config_file)).out))
        assert said["reason"] == "not_a_ticket" and "call it note.yaml" in said["next"]

    daemon = delivered.start_daemon()
    for name in ("note.yaml.txt", "left.csv", "sub"):
        daemon.wait_for_log(f"file={name}", 30)
    # Looked at again, and not told again.
    (folder / "later.json").write_text("{}")
    daemon.wait_for_log("file=later.json", 30)
    assert daemon.log().count("file=note.yaml.txt") == 1 and "file=used.csv" not in daemon.log()
    assert daemon.stop() == 0


def test_a_plan_counts_with_the_slowest_of_what_sets_the_pace(delivered):
    by_ticket = planned(delivered, "--rate", "0.001", "--window", "always")
    # The first of the five waits for nothing.
    assert (by_ticket["pace_from"], by_ticket["seconds"], by_ticket["windows"]) == ("ticket", 4000, 1)
    alone = planned(delivered, "--rate", "0.001", "--window", "always", "--name", "P-1")
    assert (alone["calls"], alone["seconds"]) == (1, 0)
    assert "time      at least 0s: never more than 0.001 a second" in reverify(delivered, "--plan", "--rate", "0.001", "--name", "P-1").out
    # An hour and more a case, in windows of two.
    long = planned(delivered, "--rate", "0.00025", "--window", "01:00-03:00 UTC")
    assert long["windows"] >= 3 and long["within_one_window"] is False and long["begins_at"] < long["ends_at"]
    short = planned(delivered, "--rate", "0.00025", "--window", "01:00-03:00 UTC", "--unfinished", "end")
    assert short["ends_at"] < long["ends_at"] and short["within_one_window"] is False
    assert "too short" in reverify(delivered, "--plan", "--rate", "0.00025", "--window", "01:00-03:00 UTC", "--unfinished", "end").out
    delivered.configure(limits={"rate": 0.0005})
    assert planned(delivered, "--rate", "0.001")["pace_from"] == "limits"
    bounded = planned(delivered, "--budget", "2")
    assert bounded["calls"] == 2 and bounded["budget_ends_it"] is True


def test_a_plan_counts_what_cannot_be_sent(delivered):
    outbox = delivered.outbox / "face_liveness"
    (outbox / "P-1/.hold").touch()
    (outbox / "P-2/image.jpg").unlink()
    with (outbox / "P-3/image.jpg").open("ab") as image:
        image.write(b"more")
    (outbox / "F-1/result.json").write_text("{")
    named = [f"--name={name}" for name in ("F-1", "P-1", "N-1", "X*")]
    plan = planned(delivered, *named)
    assert (plan["not_delivered"], plan["not_delivered_names"]) == (1, ["N-1"]) and plan["unreadable_folders"] == ["face_liveness/F-1"]
    text = reverify(delivered, "--plan", *named).out
    assert "left out  1 name is that of no delivered case: N-1\n" in text and "cannot be read: face_liveness/F-1\n" in text
    plan = planned(delivered, "--all")
    assert (plan["selected"], plan["held"], plan["without_files"], plan["unreadable"], plan["calls"]) == (4, 1, 2, 1, 1)
    text = reverify(delivered, "--plan", "--all").out
    assert "1 case with a .hold, 2 cases whose images are gone or changed" in text


def test_flags_become_a_ticket(delivered, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("id;name\n1;P-1\n2;P*\n")
    name, ticket = dropped(
        delivered, "--service", "liveness", "--verdict", "pass,fail", "--older-than", "30d", "--delivered-before", "2026-11-01",
        "--document-expired", "false", "--expires-within", "90d", "--names-from", str(names), "--label", "branch=north",
        "--label", "a: b=c=d", "--sample", "50%", "--seed", "3", "--limit", "10", "--order", "newest", "--window", "21:00-05:00 UTC",
        "--rate", "2.5", "--budget", "100", "--canary", "P-1", "--stop-if-failed", "20%", "--stop-if-changed", "30",
        "--unfinished", "end", "--as", "my ticket")
    assert name == "my ticket"
    assert ticket == {
        "service": ["face_liveness"], "verdict": ["pass", "fail"], "older_than": "30d", "delivered_before": "2026-11-01T00:00:00.000Z",
        "document_expired": "false", "document_expires_within": "90d", "names": ["P-1", "P\\*"],
        "labels": {"branch": "north", "a: b": "c=d"}, "sample": "50%", "seed": "3", "limit": "10", "order": "newest",
        "window": "21:00-05:00 UTC", "rate": "2.5", "budget": {"calls": "100"}, "canary": ["P-1"],
        "stop_if": {"failed": "20%", "changed": "30"}, "unfinished": "end"}
    listing = tmp_path / "names.txt"
    listing.write_text('P-1\r\n"quoted", with comma\n\n')
    name, ticket = dropped(delivered, "--names-from", str(listing))
    assert name.startswith("reverify-20") and ticket["names"] == ["P-1", '"quoted", with comma']


@pytest.mark.parametrize(("flags", "said"), [
    (["--service", "livenes"], "--service: 'livenes' is no service; did you mean 'liveness'?"),
    (["--verdict", "passed"], "--verdict: 'passed' is no verdict; did you mean 'pass'?"),
    (["--older-than", "30"], "--older-than: '30' is not a duration"),
    (["--delivered-before", "yesterday"], "--delivered-before: 'yesterday' is no time"),
    (["--document-expired", "yes"], "--document-expired: 'yes' is not a truth value"),
    (["--expires-within", "soon"], "--expires-within: 'soon' is not a duration"),
    (["--name", "kyc_card/A"], "--name: 'kyc_card/A' holds a '/'"),
    (["--names-from", "/nowhere.csv"], "--names-from: /nowhere.csv: cannot be read: No such file"),
    (["--label", "north"], "--label: north is no label"),
    (["--sample", "0"], "--sample: '0' is no number"),
    (["--sample", "[5]"], "--sample: '[5]' is no number"),
    (["--seed", "1"], "--seed: means nothing without sample"),
    (["--limit", "all"], "--limit: 'all' is not a whole number"),
    (["--order", "random"], "--order: 'random' is not known here"),
    (["--window", "at night"], "--window: "),
    (["--rate", "5/s"], "--rate: '5/s' "),
    (["--rate", ".5"], "--rate: '.5' is not a decimal number such as 0.5; allowed: 0 to "),
    (["--limit", "+5"], "--limit: '+5' is not a whole number; allowed: 1 to 10000000"),
    (["--limit", "5 "], "--limit: '5 ' is not a whole number"),
    (["--budget", "-1"], "--budget: '-1' is not a whole number; allowed: 1 to 10000000"),
    (["--stop-if-changed", "null"], "--stop-if-changed: 'null' is no number"),
    (["--document-expired", "*"], "--document-expired: '*' is not a truth value"),
    (["--label", "a=1", "--label", "b=1", "--label", "a=2"], "--label: a is given twice"),
    (["--budget", "0"], "--budget: '0' is out of range"),
    (["--canary", ".x"], "--canary: '.x' is no case's name"),
    (["--stop-if-failed", "120%"], "--stop-if-failed: '120%' is no share"),
    (["--unfinished", "later"], "--unfinished: 'later' is not known here"),
    (["--name", "A", "--as", "a/b"], "ticket's name"),
    (["--ticket", "x.yaml", "--service", "kyc_card"], "--ticket says it all: --service cannot stand beside it"),
    (["--limit", "", "--service", "liveness"], "--limit has an empty value"),
    (["--service", "liveness", "--as", ""], "--as has an empty value"),
    (["--service", "liveness", "--as", "~$night"], "leftovers of other programs; give the ticket another name with --as"),
    (["--ticket", ""], "--ticket has an empty value"),
    (["--ticket", "/tmp"], "not a regular file"),
    (["--column", "x"], "--column requires --names-from"),
    (["nightly"], "nightly"),
    (["pause"], "NAME is required"),
])
def test_wrong_flags_are_named(delivered, flags, said):
    run = reverify(delivered, *flags, code=64)
    assert said in run.log and run.out == "" and tickets(delivered) == []


def test_every_case_goes_only_when_somebody_says_so(delivered):
    assert "every delivered case" in reverify(delivered, code=64).log
    assert "every delivered case" in reverify(delivered, "--canary", "P-1", "--sample", "100%", code=64).log
    empty = delivered.root / "empty.yaml"
    empty.write_text("{}\n")
    assert "every delivered case" in reverify(delivered, "--ticket", str(empty), code=64).log
    empty.write_text("# nothing\n")
    assert "write {} if every case is meant" in reverify(delivered, "--ticket", str(empty), "--all", code=64).log
    assert tickets(delivered) == []
    assert dropped(delivered, "--all")[1] == {}

    def asked(answer):
        ours, its = pty.openpty()
        command = [KYCD, "reverify", "--config", str(delivered.config_file), "--as", "asked"]
        process = subprocess.Popen(command, stdin=its, stderr=its, stdout=subprocess.PIPE, env=delivered.env)
        os.close(its)
        os.write(ours, answer.encode() + b"\n")
        process.communicate(timeout=30)
        os.close(ours)
        return process.returncode

    assert asked("no") == 1 and "asked.yaml" not in tickets(delivered)
    assert asked("yes") == 0 and "asked.yaml" in tickets(delivered)


def test_a_written_ticket_is_dropped_as_it_is_and_once(delivered):
    file = delivered.root / "weekly.yaml"
    file.write_text("# for compliance\nservice: liveness\nverdict: pass\n")
    run = reverify(delivered, "--ticket", str(file))
    assert "dropped" in run.out and "kycd is not running" in run.out and "outbox/reverify/weekly" in run.out
    assert (delivered.inbox / "reverify/weekly.yaml").read_text() == file.read_text()
    assert "in the inbox already" in reverify(delivered, "--ticket", str(file)).log
    file.write_text("service: ocr_card\n")
    assert "another name with --as" in reverify(delivered, "--ticket", str(file), code=1).log
    reverify(delivered, "--ticket", str(file), "--as", "other")
    assert tickets(delivered) == ["other.yaml", "weekly.yaml"]
    # Names beside it come along, for the inbox has no such file.
    (delivered.root / "customers.csv").write_text("name\nP-1\nP-3\n")
    file.write_text("names: {csv: customers.csv}\n")
    assert dropped(delivered, "--ticket", str(file), "--as", "named")[1] == {"names": ["P-1", "P-3"]}
    assert planned(delivered, "--ticket", str(file))["selected"] == 2
    file.write_text("servce: liveness\nlimit: 0\n")
    log = reverify(delivered, "--ticket", str(file), code=64).log
    assert "weekly.yaml:1: servce: unknown key; did you mean 'service'?" in log and "weekly.yaml:2: limit:" in log
    assert "cannot be read: No such file" in reverify(delivered, "--ticket", "/nowhere/x.yaml", code=64).log


def test_a_ticket_is_paused_resumed_and_cancelled_by_its_name(delivered):
    dropped(delivered, "--service", "liveness", "--as", "weekly")
    assert listed(delivered)["weekly"]["state"] == "new"
    assert "weekly is paused" in reverify(delivered, "pause", "weekly").out
    assert tickets(delivered) == ["weekly.yaml.paused"] and listed(delivered)["weekly"]["state"] == "paused"
    assert "weekly is paused already" in reverify(delivered, "pause", "weekly", code=1).log
    assert "did you mean weekly?" in reverify(delivered, "resume", "weakly", code=1).log
    assert "there are: weekly" in reverify(delivered, "resume", "another", code=1).log
    assert "goes on" in reverify(delivered, "resume", "weekly").out and tickets(delivered) == ["weekly.yaml"]
    assert "is not paused" in reverify(delivered, "resume", "weekly", code=1).log
    assert "is cancelled" in reverify(delivered, "cancel", "weekly").out and tickets(delivered) == ["weekly.yaml.cancelled"]
    assert listed(delivered)["weekly"]["state"] == "cancelled"
    for action in ("cancel", "pause", "resume"):
        assert "is cancelled" in reverify(delivered, action, "weekly", code=1).log
    assert "weekly" in reverify(delivered, "list").out


def test_without_a_spool_or_a_ticket_it_says_so(world):
    assert world.run_once().code == 0
    assert reverify(world, "list").out == "there is no ticket\n"
    assert listed(world) == {}
    assert "there is no ticket x in the inbox" in reverify(world, "pause", "x", code=1).log
    assert planned(world, "--all")["selected"] == 0
    assert "0 cases selected" in reverify(world, "--plan").out
    world.configure(spool=str(world.root / "elsewhere"))
    for arguments in (["--plan"], ["--all"], ["list"], ["pause", "x"]):
        assert "elsewhere" in reverify(world, *arguments, code=73).log


def test_folders_of_tickets_are_no_cases(delivered):
    for folder in ("outbox", "failed"):
        place = delivered.spool / folder / "reverify/weekly"
        place.mkdir(parents=True)
        (place / "error.json").write_text("{}")
    run = delivered.kycd("list", "--config", str(delivered.config_file), "--json")
    assert "reverify" not in run.out and run.code == 0
    assert "weekly" not in delivered.kycd("retry", "--config", str(delivered.config_file), "--dry-run", "--all").out


def test_a_ticket_that_was_taken_tells_how_far_it_is(delivered):
    daemon = delivered.start_daemon()
    run = reverify(delivered, "--service", "liveness", "--window", "always", "--as", "weekly")
    assert "it begins at once (always)" in run.out
    wait_for(lambda: listed(delivered)["weekly"]["state"] == "ended", "the ticket's end", 60)
    said = listed(delivered)["weekly"]
    assert said["balance"] == {"selected": 4, "unchanged": 4, "changed": 0, "failed": 0, "skipped": 0, "not_done": 0}
    assert said["calls"] == 4 and said["file"] is None and said["report"].endswith("/outbox/reverify/weekly")
    assert said["accepted_at"] <= said["begun_at"] <= said["ended_at"]
    # It is over: its name is taken, and there is nothing to pause.
    assert "was taken on" in reverify(delivered, "--service", "liveness", "--as", "weekly", code=1).log
    assert "there is no ticket weekly" in reverify(delivered, "pause", "weekly", code=1).log
    reverify(delivered, "--service", "liveness", "--rate", "0.01", "--window", "always", "--as", "slow")
    wait_for(lambda: listed(delivered)["slow"]["state"] == "running", "the ticket's begin", 60)
    reverify(delivered, "pause", "slow")
    wait_for(lambda: listed(delivered)["slow"]["state"] == "paused", "the pause", 60)
    reverify(delivered, "cancel", "slow")
    wait_for(lambda: listed(delivered)["slow"]["state"] == "ended", "the cancelled ticket's end", 60)
    balance = listed(delivered)["slow"]["balance"]
    assert balance["selected"] == 4 and 1 <= balance["not_done"] <= 4
    assert [line.split()[:2] for line in reverify(delivered, "list").out.splitlines()[1:3]] == [["weekly", "ended"], ["slow", "ended"]]
    daemon.stop()
