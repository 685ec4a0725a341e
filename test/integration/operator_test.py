"""What a person on the machine can ask and do: status, list, show, why, retry; with and without a running daemon."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import pytest
from conftest import KYCD, World, case_files, fill, picture, wait_for

STATES = {"waiting", "not_ready", "claimed", "sending", "unknown", "pending", "delivering", "delivered", "failed", "gone"}
COMMANDS = [["status"], ["list"], ["show", "A-1"], ["why", "A-1"], ["retry", "--code", "NOT_AN_IMAGE"]]


def rule(match, **action):
    return {"name": "rule", "match": match, "do": action}


class Desk:
    """The commands, with their JSON read."""

    def __init__(self, world):
        self.world = world

    def run(self, *arguments, **options):
        return self.world.kycd(arguments[0], "--config", str(self.world.config_file), *arguments[1:], **options)

    def json(self, *arguments, code=0):
        run = self.run(*arguments, "--json")
        assert run.code == code, run
        return json.loads(run.out)

    def status(self, code=0):
        return self.json("status", code=code)

    def count(self, state, code=0):
        return sum(each["cases"] for each in self.status(code)["cases"] if each["state"] == state)

    def list(self, *arguments, code=0):
        lines = self.json("list", *arguments, code=code)
        assert all(set(line) >= {"case", "folder", "service", "state", "since", "path"} for line in lines)
        assert {line["state"] for line in lines} <= STATES
        return {f'{line["folder"]}/{line["case"]}': line["state"] for line in lines}

    def show(self, case, code=0):
        return self.json("show", case, code=code)["lives"]

    def why(self, path, code=0):
        return self.json("why", str(path), code=code)

    def retry(self, *arguments, code=0):
        return self.json("retry", *arguments, code=code)["cases"]


@pytest.fixture
def desk(world):
    return Desk(world)


def ledger_of(world):
    return world.root / "ledger/ledger.db"


def fail_case(world, case, service="face_liveness"):
    """A case whose task crashes at the API; retried, it passes."""
    world.drop_case(case, service, answer="failure")


def deliver_and_fail(world):
    """One case of each end, and kycd stopped again."""
    world.configure(resubmit_failed_tasks=0)
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "B-2", {"image.jpg": b"no image"})
    fail_case(world, "C-3")
    assert world.run_once().code == 1
    assert world.cases("failed") == {"face_liveness/B-2", "face_liveness/C-3"}


# Help and usage


@pytest.mark.parametrize("command", ["status", "list", "show", "why", "retry"])
def test_each_has_a_help_and_names_what_is_wrong_with_its_arguments(world, desk, command):
    run = world.kycd(command, "--help")
    assert run.code == 0 and f"Usage: kycd {command}" in run.out and "--json" in run.out
    run = world.kycd(command, "--nonsense")
    assert run.code == 64 and f"kycd {command} --help" in run.log and len(run.lines) == 1
    run = world.kycd(command, "--config", str(world.root / "none.yaml"), *(["A"] if command not in ("status", "list") else []))
    assert run.code == 78 and "none.yaml" in run.log


@pytest.mark.parametrize("arguments", [["show"], ["why"], ["retry"], ["retry", "--all", "A-1"], ["retry", "--all", "--code", "TASK_FAILED"], ["retry", "--code", "X"],
                                       ["list", "--state", "lost"], ["list", "--since", "yesterday"], ["show", "a/b/c"],
                                       ["retry", "a/b/c"], ["retry", "a/"], ["status", "extra"]])
def test_a_usage_error_is_64(desk, arguments):
    run = desk.run(*arguments)
    assert run.code == 64 and run.out == "" and run.log.startswith("kycd: ") and len(run.lines) == 1


# An empty spool, and what is not there


def test_before_the_first_start_everything_is_told_and_nothing_is_made(world, desk):
    before = world.tree()
    assert desk.status()["running"] is False
    assert "kycd is not running" in desk.run("status").out
    assert desk.list() == {}
    assert desk.show("A-1", code=1) == []
    assert desk.retry("--all") == []
    assert desk.run("why", "A-1").code == 1
    assert world.tree() == before and not world.work.exists() and not ledger_of(world).exists()


def test_a_case_that_nobody_knows_says_where_was_looked(world, desk):
    assert world.run_once().code == 0
    run = desk.run("show", "A-1")
    assert run.code == 1 and run.out == ""
    for path in (ledger_of(world), world.inbox, world.outbox, world.failed):
        assert str(path) in run.log
    assert desk.run("retry", "A-1").code == 1


# status


def test_status_counts_by_state_and_service_with_a_daemon(world, desk):
    deliver_and_fail(world)
    world.sandbox.settings(answer="never")
    daemon = world.start_daemon()
    world.drop_case("D-4")
    world.drop_folder("kyc_card", "E-5", {"front_id.jpg": picture("front_id", "E")})
    wait_for(lambda: desk.count("pending") == 1 and desk.count("not_ready") == 1, "both to be seen")
    status = desk.status()
    assert status["running"] is True and status["daemon"]["pid"] == daemon.pid
    live = status["daemon"]
    assert live["schema"] == "kycd.status/1" and live["faults"] == [] and live["paused_services"] == []
    assert live["in_hand"]["services"] == {"face_liveness": 1} and live["in_hand"]["after_receipt"] == 1
    assert live["counters"]["submissions"] == 1 and live["counters"]["taken"] == 1
    assert live["api"]["token"]["state"] == "good" and live["api"]["token"]["expires_in_seconds"] > 0
    assert live["ledger"]["commits"] >= 1
    loop = live["loop"]
    assert loop["turns"] >= 20 and loop["over_1ms"] + loop["crowded_out"] <= loop["turns"]
    assert loop["sum_us"] >= loop["longest_us"] > 0
    assert loop["histogram"][-1]["up_to_us"] is None
    assert sum(bucket["turns"] for bucket in loop["histogram"]) == loop["turns"]
    cases = {(each["state"], each["service"]): each["cases"] for each in status["cases"]}
    assert cases == {("pending", "face_liveness"): 1, ("not_ready", "kyc_card"): 1,
                     ("delivered", "face_liveness"): 1, ("failed", "face_liveness"): 2}
    assert status["backlog"] == 1 and status["paused"] == [] and status["troubles"] == []
    text = desk.run("status").out
    assert f"kycd is running (process {daemon.pid})" in text
    assert re.search(r"^loop: (none|\d+) of \d+ turns took over 1 ms, the longest \d+\.\d ms(; \d+ more for want of a core)?$", text, re.MULTILINE)
    rows = [line for line in text.splitlines() if "face_liveness" in line or "kyc_card" in line]
    assert len({line.index("  ", 12) for line in rows}) >= 1 and len(rows) == 4
    assert daemon.stop() == 0
    status = desk.status()
    assert status["running"] is False and status["daemon"] is None
    cases = {(each["state"], each["service"]): each["cases"] for each in status["cases"]}
    assert cases[("pending", "face_liveness")] == 1 and cases[("not_ready", "kyc_card")] == 1


def test_the_rate_and_the_forecast_follow_what_ended(world, desk):
    for number in range(5):
        world.drop_case(f"A-{number}")
    assert world.run_once().code == 0
    status = desk.status()
    assert status["rate"]["ended"] == 5 and status["forecast_seconds"] == 0
    world.drop_case("B-1")
    status = desk.status()
    assert status["backlog"] == 1 and status["forecast_seconds"] == status["rate"]["in_seconds"] // 5
    assert "it waits until kycd is started" in desk.run("status").out


@pytest.mark.parametrize("what", ["api_down", "credentials", "no_token", "resting", "service"])
def test_what_is_paused_is_told_with_the_reason(world, desk, what):
    world.configure(limits={"uploads": 1})
    if what == "api_down":
        world.sandbox.rules(rule({"call": "submit"}, status=503))
    elif what == "credentials":
        world.write_password("wrong")
    elif what == "no_token":
        world.sandbox.rules(rule({"call": "obtain"}, status=200, html="<h1>hi</h1>"))
    elif what == "resting":
        world.sandbox.rules(rule({"call": "submit"}, status=429, headers={"Retry-After": "300"}))
    else:
        world.sandbox.rules(rule({"call": "submit"}, status=403))
    world.start_daemon()
    for number in range(12):
        world.drop_case(f"A-{number:02}")
    paused = wait_for(lambda: [each for each in desk.status()["paused"] if each["what"] == what], "the pause")
    assert paused[0]["why"]
    assert "paused: " in desk.run("status").out
    wanted = {"credentials": "credentials_refused", "service": "service_paused"}.get(what, what)

    def explained():
        waiting = [case for case, state in desk.list().items() if state in ("waiting", "claimed")]
        return waiting and desk.run("why", waiting[-1], "--json").summary["reason"] == wanted

    wait_for(explained, "a waiting case with that reason")


def test_a_fault_of_the_system_is_told(world, desk):
    world.configure(intake={"rescan": "1s"})
    world.start_daemon()
    away = world.root / "away"
    world.inbox.rename(away)
    try:
        paused = wait_for(lambda: desk.run("status", "--json").summary["paused"], "the fault")
    finally:
        away.rename(world.inbox)
    assert paused[0]["what"] == "fault" and "inbox" in paused[0]["why"] and paused[0]["since"]
    wait_for(lambda: not desk.status()["paused"], "the end of the fault", timeout=40)


def test_the_status_socket_is_private_and_comes_again_after_a_kill(world, desk):
    daemon = world.start_daemon()
    control = world.work / ".control"
    wait_for(control.is_socket, "the socket")
    assert control.stat().st_mode & 0o777 == 0o600
    daemon.stop(signal.SIGKILL)
    assert control.is_socket() and desk.status()["running"] is False
    daemon = world.start_daemon()
    assert wait_for(lambda: desk.status()["daemon"], "an answer")["pid"] == daemon.pid
    assert daemon.stop() == 0 and not control.exists()


def test_a_spool_deeper_than_a_socket_address_is_answered_for(world, desk):
    deep = world.root.joinpath(*["a-folder-with-a-long-name-" + str(i) for i in range(8)])
    deep.mkdir(parents=True)
    world.configure(spool=str(deep / "spool"))
    (deep / "spool/inbox").mkdir(parents=True)
    daemon = world.start_daemon()
    assert desk.status()["daemon"]["pid"] == daemon.pid


def test_clients_that_never_read_hurt_nobody(world, desk):
    daemon = world.start_daemon()
    where = os.open(world.work, os.O_RDONLY)
    silent = []
    for _ in range(100):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.connect(f"/proc/self/fd/{where}/.control")
        silent.append(peer)
    os.close(where)
    assert desk.status()["daemon"]["pid"] == daemon.pid
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    for peer in silent:
        peer.close()
    assert daemon.stop() == 0


# list


def test_list_names_every_case_once_with_its_state(world, desk):
    deliver_and_fail(world)
    world.drop_flat("kyc_card", {"D-4.front_id.jpg": b"x"})
    wanted = {"face_liveness/A-1": "delivered", "face_liveness/B-2": "failed", "face_liveness/C-3": "failed",
              "kyc_card/D-4": "not_ready"}  # the other picture is missing
    assert desk.list() == wanted
    assert desk.list("--state", "failed") == {case: state for case, state in wanted.items() if state == "failed"}
    assert desk.list("--state", "not_ready") == {"kyc_card/D-4": "not_ready"}
    assert desk.list("--state", "waiting") == {}
    assert desk.list("--service", "kyc_card") == {"kyc_card/D-4": "not_ready"}
    assert desk.list("--since", "1h") == wanted
    assert desk.list("--since", "2099-01-01") == {}
    lines = desk.run("list").out.splitlines()
    assert len(lines) == 4 and "NOT_AN_IMAGE" in "".join(lines)
    # Without the ledger the folders tell the same.
    ledger_of(world).rename(world.root / "away.db")
    assert desk.list() == wanted


def test_list_streams_many_cases_and_ends_when_nobody_reads(world, desk):
    assert world.run_once().code == 0
    with sqlite3.connect(ledger_of(world)) as ledger:
        ledger.executemany("INSERT INTO kyc_case (folder, name, service, lane, flat, taken_at, fingerprint, attempts, polls, "
                           "failed_tasks, state, ended_at, word, stage, message, place) VALUES ('kyc_card', ?, 'kyc_card', 'live', "
                           "0, 1, '', 1, 1, 0, 'delivered', 2, 'pass', '', '', '/x')",
                           ((f"case-{number}",) for number in range(100_000)))
    ledger.close()
    began = time.monotonic()
    run = desk.run("list", "--json")
    assert run.code == 0 and len(json.loads(run.out)) == 100_000
    assert time.monotonic() - began < 60
    with subprocess.Popen([KYCD, "list", "--config", str(world.config_file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=world.env) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 0


# show


def test_show_tells_the_whole_history_of_a_delivered_case(world, desk):
    world.sandbox.rules(rule({"call": "submit", "first": 1}, status=503, headers={"Retry-After": 0}))
    world.drop_case("A-1", "kyc_card")
    assert world.run_once().code == 0
    (life,) = desk.show("A-1")
    result = world.result("A-1", "kyc_card")
    assert life["state"] == "delivered" and life["detail"] == "pass" and life["there"] and life["in_ledger"]
    assert [each["outcome"] for each in life["attempts"]] == ["not_sent", "accepted"]
    assert life["attempts"][0]["http_status"] == 503 and life["attempts"][1]["task"] == result["task"]["id"]
    assert life["polls"] == result["task"]["polls"] >= 1
    assert {file["field"]: file["sha256"] for file in life["files"]} == \
        {file["field"]: file["sha256"] for file in result["files"]}
    assert desk.show("kyc_card/A-1") == [life] and desk.show("face_liveness/A-1", code=1) == []
    text = desk.run("show", "A-1").out
    assert text.startswith("kyc_card/A-1: delivered, pass\n") and "attempt 2" in text and result["task"]["id"] in text
    # A reader takes the folder: the ledger still knows.
    shutil.rmtree(world.outbox / "kyc_card/A-1")
    (gone,) = desk.show("A-1")
    assert not gone["there"] and gone["attempts"] == life["attempts"]
    assert "somebody has taken its folder" in desk.why("A-1")["because"]


def test_lives_of_one_name_come_one_after_the_other(world, desk):
    for seed in ("one", "two"):
        world.drop_folder("face_liveness", "A-1", case_files("face_liveness", seed))
        assert world.run_once().code == 0
    lives = desk.show("A-1")
    assert [pathlib.Path(life["path"]).name for life in lives] == ["A-1", "A-1~2"]
    assert [life["state"] for life in lives] == ["delivered", "delivered"] and all(life["there"] for life in lives)
    assert [pathlib.Path(life["path"]).name for life in desk.show("A-1~2")] == ["A-1~2"]
    world.drop_folder("face_liveness", "A-1", {"image.jpg": b""})
    assert [life["state"] for life in desk.show("A-1")] == ["delivered", "delivered", "waiting"]


def test_a_case_that_only_the_folders_know_is_shown_from_them(world, desk):
    deliver_and_fail(world)
    shown = {case: desk.show(case)[0] for case in ("A-1", "B-2", "C-3")}
    shutil.rmtree(ledger_of(world).parent)
    for case, before in shown.items():
        (life,) = desk.show(case)
        assert not life["in_ledger"] and life["there"]
        for key in ("state", "detail", "path", "task", "message"):
            assert life[key] == before[key] or key == "task" and life[key] is None, key
    assert "from its folder" in desk.run("show", "A-1").out


def test_an_unknown_outcome_is_counted_and_named(world, desk):
    world.configure(on_unknown_outcome="hold")
    world.sandbox.rules(rule({"call": "submit", "first": 1}, drop="after_body"))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    (life,) = desk.show("A-1")
    assert life["detail"] == "UNKNOWN_OUTCOME" and life["unknown_outcomes"] == 1
    assert [each["outcome"] for each in life["attempts"]] == ["unknown"] and life["attempts"][0]["what"]
    assert desk.status()["unknown_outcomes"] == 1
    assert "may have accepted and billed" in desk.run("show", "A-1").out
    (moved,) = desk.retry("A-1")
    assert moved["moved"] and "paid again" in moved["warning"]
    assert world.run_once().code == 0
    assert [life["state"] for life in desk.show("A-1")] == ["failed", "delivered"]


# why


def test_why_tells_the_one_reason_of_what_lies_in_the_inbox(world, desk):
    daemon = world.start_daemon()
    missing = world.drop_folder("kyc_card", "A-1", {"front_id.jpg": picture("front_id", "A")})
    said = desk.why(missing)
    assert said["reason"] == "not_ready" and "selfie_image is missing" in said["because"]
    assert said["next_at"] and said["case"] == "kyc_card/A-1"
    assert desk.why(missing / "front_id.jpg")["case"] == "kyc_card/A-1"
    assert desk.why("A-1")["reason"] == desk.why("kyc_card/A-1")["reason"] == "not_ready"
    (missing / "scan.part").write_bytes(b"x")
    assert desk.why(missing / "scan.part")["reason"] == "junk"
    world.drop_flat("kyc_card", {"x.filepart": b"x", "B-2.back_id.jpg": picture("back_id", "B")})
    assert desk.why(world.inbox / "kyc_card/x.filepart")["reason"] == "junk"
    assert desk.why(world.inbox / "kyc_card/B-2.back_id.jpg")["case"] == "kyc_card/B-2"
    assert desk.why(world.inbox / "kyc_card")["reason"] == "service_folder"
    (world.inbox / "kyc_crad").mkdir()
    assert desk.why(world.inbox / "kyc_crad")["reason"] == "unknown_service"
    (world.inbox / "stray.jpg").write_bytes(b"x")
    assert desk.why(world.inbox / "stray.jpg")["reason"] == "no_service"
    assert daemon.stop() == 0
    said = desk.why(missing)
    assert said["reason"] == "not_running" and "selfie_image is missing" in said["next"]


def test_why_follows_a_case_to_its_end(world, desk):
    world.configure(resubmit_failed_tasks=0)
    world.sandbox.settings(answer="never")
    daemon = world.start_daemon()
    dropped = world.drop_case("A-1")
    said = wait_for(lambda: (lambda said: said["state"] == "pending" and said)(desk.why("A-1")), "the receipt")
    task = desk.show("A-1")[0]["task"]
    assert said["reason"] == "waiting_for_answer" and task in said["because"] and "TASK_DEADLINE" in said["next"]
    assert desk.why(world.work / "face_liveness/A-1")["reason"] == "waiting_for_answer"
    assert desk.why(dropped)["reason"] == "waiting_for_answer"  # it is not there any more
    world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "again"))
    wait_for(lambda: desk.why(dropped)["reason"] == "same_name", "the second of the name")
    assert daemon.stop() == 0
    assert task in desk.why(world.work / "face_liveness/A-1")["next"]
    shutil.rmtree(dropped)
    world.sandbox.settings(answer="failure")
    daemon = world.start_daemon()
    world.drop_folder("face_liveness", "B-2", {"image.jpg": b"no image"})
    world.wait_failed("B-2")
    said = desk.why(world.failed / "face_liveness/B-2")
    assert said["reason"] == "failed" and said["because"].startswith("NOT_AN_IMAGE") and "kycd retry" in said["next"]


def test_why_refuses_what_is_not_of_this_spool(world, desk, tmp_path):
    elsewhere = tmp_path / "A-1"
    elsewhere.mkdir()
    for path in (elsewhere, "/", "/etc/passwd", "../x", world.spool, world.inbox, world.root / "spool2/inbox/kyc_card/A-1"):
        run = desk.run("why", str(path))
        assert run.code == 64 and str(world.inbox) in run.log or "whole folder" in run.log, (path, run)
    run = desk.run("why", str(world.inbox / "kyc_card/A-1"))
    assert run.code == 1 and "A-1" in run.log


def test_why_finds_the_spool_through_links_and_from_within(world, desk):
    world.drop_folder("kyc_card", "A-1", {"front_id.jpg": picture("front_id", "A")})
    (world.root / "link").symlink_to(world.spool)
    assert desk.why(world.root / "link/inbox/kyc_card/A-1")["case"] == "kyc_card/A-1"
    done = subprocess.run([KYCD, "why", "inbox/kyc_card/A-1", "--config", str(world.config_file), "--json"], cwd=world.spool,
                          capture_output=True, env=world.env, check=False)
    assert json.loads(done.stdout)["case"] == "kyc_card/A-1"


# retry


def test_retry_puts_a_case_back_whole_and_without_its_error(world, desk):
    world.configure(resubmit_failed_tasks=0)
    world.drop_folder("face_liveness", "A-1", {**case_files("face_liveness", "A", "failure"), "note.txt": b"mine",
                                              "error.json": b"the producer's"})
    assert world.run_once().code == 1
    dry = desk.retry("A-1", "--dry-run")
    assert dry[0]["to"] == str(world.inbox / "face_liveness/A-1") and not dry[0]["moved"]
    assert world.cases("failed") == {"face_liveness/A-1"}
    (moved,) = desk.retry("face_liveness/A-1")
    assert moved["moved"] and moved["code"] == "TASK_FAILED" and not moved["flat"]
    assert {file.name for file in (world.inbox / "face_liveness/A-1").iterdir()} == \
        {"image.jpg", "note.txt", "error.json.dropped"}
    assert world.cases("failed") == set()
    assert [life["state"] for life in desk.show("A-1")] == ["failed", "waiting"]


def test_retry_beside_a_running_daemon_is_taken_up_at_once_and_paid_once_more(world, desk):
    world.configure(resubmit_failed_tasks=0)
    world.sandbox.settings(answer="failure")
    daemon = world.start_daemon()
    for number in range(8):
        world.drop_folder("face_liveness", f"A-{number}", case_files("face_liveness", f"A-{number}"))
    for number in range(8):
        world.wait_failed(f"A-{number}")
    world.sandbox.settings(answer="pass")
    assert len(desk.retry("--code", "TASK_FAILED")) == 8
    for number in range(8):
        world.wait_delivered(f"A-{number}")
        assert {file.name for file in (world.outbox / f"face_liveness/A-{number}").iterdir()} == {"image.jpg", "result.json"}
    assert len(world.bill()) == 16 and world.cases("failed") == set()
    assert daemon.stop() == 0


def test_retry_gives_a_flat_case_back_as_flat_files(world, desk):
    world.configure(resubmit_failed_tasks=0)
    world.drop_flat("kyc_card", {f"A-1.{name}": data for name, data in case_files("kyc_card", "A", "failure").items()})
    world.drop_flat("face_liveness", {"B-2.jpg": picture("image", "B", "failure"), "B-2.json": b'{"labels": {"x": "y"}}'})
    assert world.run_once().code == 1
    shown = desk.retry("--all", "--yes")
    assert all(each["flat"] and each["moved"] for each in shown) and len(shown) == 2
    assert {file.name for file in (world.inbox / "kyc_card").iterdir()} == \
        {"A-1.selfie_image.jpg", "A-1.front_id.jpg", "A-1.back_id.jpg"}
    assert {file.name for file in (world.inbox / "face_liveness").iterdir()} == {"B-2.jpg", "B-2.json"}
    assert world.cases("failed") == set()


def test_retry_replaces_nothing_and_says_so(world, desk):
    deliver_and_fail(world)
    world.drop_folder("face_liveness", "C-3", {"image.jpg": b"another"})
    (kept,) = desk.retry("C-3", code=1)
    assert not kept["moved"] and "already" in kept["why_not"]
    assert (world.failed / "face_liveness/C-3/error.json").exists()
    assert (world.inbox / "face_liveness/C-3/image.jpg").read_bytes() == b"another"
    both = desk.retry("B-2", "C-3", code=1)
    assert {each["case"]: each["moved"] for each in both} == {"B-2": True, "C-3": False}


def test_a_numbered_failure_goes_back_under_its_own_name(world, desk):
    for _ in range(2):
        world.drop_folder("face_liveness", "A-1", {"image.jpg": b"no image"})
        assert world.run_once().code == 1
    assert world.cases("failed") == {"face_liveness/A-1", "face_liveness/A-1~2"}
    (moved,) = desk.retry("A-1~2")
    assert moved["to"] == str(world.inbox / "face_liveness/A-1") and "not cured" in moved["warning"]


def test_names_and_code_together_choose_what_is_both(world, desk):
    deliver_and_fail(world)
    assert [each["case"] for each in desk.retry("B-2", "C-3", "--code", "TASK_FAILED")] == ["C-3"]
    run = desk.run("retry", "B-2", "Z-9")
    assert run.code == 1 and "Z-9" in run.log and "B-2" in run.out
    assert world.cases("failed") == set()


# Trouble


def test_a_damaged_ledger_is_named_and_the_folders_still_tell(world, desk):
    deliver_and_fail(world)
    ledger_of(world).write_bytes(b"x" * 8192)
    run = desk.run("status")
    assert run.code == 73 and "sets it aside" in run.log and "delivered" in run.out
    assert desk.list(code=73) == {"face_liveness/A-1": "delivered", "face_liveness/B-2": "failed",
                                  "face_liveness/C-3": "failed"}
    assert desk.show("A-1")[0]["detail"] == "pass"
    assert desk.why("B-2")["reason"] == "failed"
    assert desk.retry("C-3")[0]["moved"]
    assert desk.run("show", "Z-9").code == 73


@pytest.mark.parametrize("version,words", [(99, "newer kycd"), (1, "older kycd")])
def test_a_ledger_of_another_version_is_named(world, desk, version, words):
    assert world.run_once().code == 0
    with sqlite3.connect(ledger_of(world)) as ledger:
        ledger.execute(f"PRAGMA user_version={version}")
    ledger.close()
    run = desk.run("status")
    assert run.code == 73 and words in run.log


NOBODY = 65534


@pytest.fixture
def open_world():
    """A world whose root everybody may enter, with a kycd that everybody may run."""
    if os.geteuid() != 0:
        pytest.skip("needs to be root, and another user")
    with tempfile.TemporaryDirectory(prefix="kycd-open-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        opened = World(root / "world")
        opened.root.chmod(0o755)
        opened.binary = shutil.copy(KYCD, root / "kycd")
        opened.start_sandbox()
        opened.configure()
        try:
            yield opened
        finally:
            opened.close()


def as_nobody(world, *arguments):
    return subprocess.run([world.binary, arguments[0], "--config", str(world.config_file), *arguments[1:]], capture_output=True,
                          user=NOBODY, group=NOBODY, extra_groups=[], env=world.env, timeout=60, check=False)


def test_somebody_without_permission_is_told_what_to_do(open_world):
    world = open_world
    deliver_and_fail(world)
    world.config_file.chmod(0o644)
    for command in COMMANDS:
        done = as_nobody(world, *command)
        log = done.stderr.decode()
        assert done.returncode in (1, 73), (command, log)
        assert "run this as kycd's user or as root" in log, (command, log)
    assert world.cases("failed") == {"face_liveness/B-2", "face_liveness/C-3"}


def test_a_spool_that_cannot_be_seen_is_not_said_to_be_empty(open_world):
    world = open_world
    world.drop_case("A-1")
    world.config_file.chmod(0o644)

    def told(run, words):
        assert run[0] == 73 and f"what is in the spool cannot be told: {world.inbox} {words}\n" in run[1], run
        assert "the spool is empty" not in run[1] and "nothing waits" not in run[1], run

    (world.root / "ledger").mkdir(exist_ok=True)
    world.spool.chmod(0o700)
    hidden = as_nobody(world, "status")
    told((hidden.returncode, hidden.stdout.decode()), "cannot be read")
    world.spool.rename(world.root / "away")
    gone = world.kycd("status", "--config", str(world.config_file))
    told((gone.code, gone.out), "is not there")


def make_nobodys(world):
    for path in [world.root, *world.root.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


CLOSED = ["inbox/kyc_card", "inbox/reverify", "outbox/face_liveness", "failed/face_liveness", "work/.assembly"]


@pytest.mark.parametrize("place", [*CLOSED, "ledger", "ledger/ledger.db", "secrets/password", "kycd.yaml", "ca"])
def test_check_by_root_finds_what_the_owner_of_the_spool_cannot_use(open_world, place):
    world = open_world
    deliver_and_fail(world)
    make_nobodys(world)
    world.config_file.chmod(0o600)
    good = subprocess.run([world.binary, "check", "--config", str(world.config_file)], capture_output=True, text=True,
                          env=world.env, timeout=60)
    assert good.returncode == 0 and "bad" not in good.stdout, good
    assert f"ok    user: folders and files are tried as the owner of {world.work}\n" in good.stdout, good
    path = {"secrets/password": world.password_file, "kycd.yaml": world.config_file,
            "ca": pathlib.Path(world.sandbox.ca_file)}.get(place, (world.spool if place in CLOSED else world.root) / place)
    os.chown(path, 0, 0)
    path.chmod(0o755 if place == "ledger" else 0o700 if path.is_dir() else 0o600)
    run = subprocess.run([world.binary, "check", "--config", str(world.config_file)], capture_output=True, text=True,
                         env=world.env, timeout=60)
    assert run.returncode == {"secrets/password": 77, "kycd.yaml": 78, "ca": 78}.get(place, 73), run
    told = [line for line in (run.stdout + run.stderr).splitlines() if not line.startswith("ok ")]
    assert all(str(path) in line for line in told) and "Permission denied" in told[0], run
    assert len([*world.spool.rglob(".kycd-probe*")]) == 0


@pytest.mark.parametrize("place", ["ledger", "ledger/ledger.db"])
def test_a_ledger_that_kycd_may_not_write_is_told_as_that(open_world, place):
    world = open_world
    world.drop_case("A-1")
    assert world.run_once().code == 0
    make_nobodys(world)
    os.chown(world.root / place, 0, 0)
    (world.root / place).chmod(0o755 if place == "ledger" else 0o644)
    done = as_nobody(world, "run", "--once")
    log = done.stderr.decode()
    assert done.returncode == 73 and f"{world.root / place}: Permission denied; make its folder writable" in log, log
    assert "Read-only" not in log


def test_check_reads_as_root_what_systemd_reads_as_root(open_world):
    world = open_world
    world.drop_case("A-1")
    assert world.run_once().code == 0
    make_nobodys(world)
    credentials = world.root / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "pw").write_text(world.password_file.read_text())
    (credentials / "pw").chmod(0o600)
    world.configure(api={"credentials": {"password": "credential:pw"}})
    os.chown(world.config_file, NOBODY, NOBODY)
    run = subprocess.run([world.binary, "check", "--config", str(world.config_file)], capture_output=True, text=True,
                         env={**world.env, "CREDENTIALS_DIRECTORY": str(credentials)}, timeout=60)
    assert run.returncode == 0 and "ok    credentials: accepted" in run.stdout, run


def test_root_leaves_nothing_of_its_own_in_a_spool_of_another_user(open_world):
    world = open_world
    desk = Desk(world)
    world.drop_folder("face_liveness", "A-1", {"image.jpg": b"no image"})
    make_nobodys(world)
    with open(world.root / "log", "wb") as log:
        daemon = subprocess.Popen([world.binary, "run", "--config", str(world.config_file)], user=NOBODY, group=NOBODY,
                                  extra_groups=[], stdout=log, stderr=log, env=world.env)
    try:
        world.wait_failed("A-1")
        assert desk.status()["daemon"]["pid"] == daemon.pid
        assert json.loads(as_nobody(world, "status", "--json").stdout)["daemon"]["pid"] == daemon.pid
        for command in COMMANDS[:-1]:
            assert desk.run(*command).code == 0
        daemon.kill()  # its WAL stays
        daemon.wait()
        (world.root / "ledger/ledger.db-shm").unlink(missing_ok=True)
        for command in COMMANDS:
            assert desk.run(*command).code == 0, command
        kept = [*world.spool.rglob("*"), *(world.root / "ledger").rglob("*")]
        assert [path for path in kept if path.lstat().st_uid != NOBODY] == []
        assert world.cases("failed") == set() and (world.inbox / "face_liveness/A-1/image.jpg").exists()
    finally:
        daemon.kill()
        daemon.wait()


def test_a_daemon_that_does_not_answer_is_told_from_one_that_is_not_there(world, desk):
    daemon = world.start_daemon()
    daemon.send(signal.SIGSTOP)
    try:
        run = desk.run("status")
        assert run.code == 73 and "does not answer" in run.log and f"process {daemon.pid}" in run.out
    finally:
        daemon.send(signal.SIGCONT)
    assert desk.status()["daemon"]["pid"] == daemon.pid


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of a few megabytes."""
    where = tmp_path / "disk"
    where.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", where], capture_output=True, check=False).returncode != 0:
        pytest.skip("this needs the right to mount")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", where], check=True)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_on_a_disk_that_cannot_be_written_everything_is_told(world, desk, small_disk, how):
    spool, ledger = small_disk / "spool", small_disk / "ledger"
    (spool / "inbox").mkdir(parents=True)
    ledger.mkdir()
    world.spool, world.inbox, world.work = spool, spool / "inbox", spool / "work"
    world.outbox, world.failed, world.staging = spool / "outbox", spool / "failed", small_disk / "staging"
    world.staging.mkdir()
    world.configure(spool=str(spool), ledger=str(ledger / "ledger.db"), resubmit_failed_tasks=0)
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "B-2", {"image.jpg": b"no image"})
    assert world.run_once().code == 1

    def all_is_told(states):
        assert desk.list() == states
        assert desk.show("A-1")[0]["detail"] == "pass" and desk.show("A-1")[0]["in_ledger"]
        assert desk.why("B-2")["reason"] == "failed"
        return desk.status()

    def close_disk(closed):
        if how == "full":
            if closed:
                fill(small_disk)
            else:
                (small_disk / "ballast").unlink()
        else:
            subprocess.run(["mount", "-o", f"remount,{'ro' if closed else 'rw'}", small_disk], check=True)

    ended = {"face_liveness/A-1": "delivered", "face_liveness/B-2": "failed"}
    close_disk(True)
    assert all_is_told(ended)["running"] is False
    close_disk(False)
    if how == "full":  # a writer keeps its file system from becoming read-only
        daemon = world.start_daemon()
        world.sandbox.settings(answer="never")
        world.drop_case("C-3")
        wait_for(lambda: desk.list().get("face_liveness/C-3") == "pending", "the receipt")
        ready = small_disk / "D-4"
        ready.mkdir()
        (ready / "image.jpg").write_bytes(picture("image", "D-4"))
        fill(small_disk)
        ready.rename(world.inbox / "face_liveness/D-4")
        paused = wait_for(lambda: desk.status()["paused"], "the fault")
        assert "No space left" in paused[0]["why"]
        held = {**ended, "face_liveness/C-3": "pending", "face_liveness/D-4": "claimed"}
        assert all_is_told(held)["daemon"]["pid"] == daemon.pid
        assert desk.why("C-3")["reason"] == desk.why("D-4")["reason"] == "fault"
        daemon.stop(signal.SIGKILL)
        assert all_is_told(held)["running"] is False
        close_disk(False)
        world.sandbox.settings(answer="pass")
        world.start_daemon()
        world.wait_delivered("D-4")


# Hostile names


NAMES = [b"new\nline", b"tab\there", b"\xff\xfe", b"quote\"back\\slash", b"\x1b[2J", "rtl\u202egpj".encode(), b"--json", b"a b",
         b"%41", b"~", b"x" * 250, "ümlaut".encode(), b"..." , b"{}", b"A~2"]


@pytest.mark.parametrize("running", [False, True])
def test_no_name_breaks_the_json_or_the_terminal(world, desk, running):
    folder = world.inbox / "face_liveness"
    folder.mkdir()
    for name in NAMES:
        where = os.path.join(os.fsencode(folder), name)
        os.mkdir(where)
        with open(os.path.join(where, b"im\nage\xff.jpg"), "wb") as file:
            file.write(b"x")
    with open(os.path.join(os.fsencode(folder), b"flat\n\xff.image.jpg"), "wb") as file:
        file.write(b"x")
    world.configure(intake={"incomplete_after": "1s"})
    if running:
        world.start_daemon()
        bad = [name for name in NAMES if not name.startswith(b".")]
        wait_for(lambda: (world.failed / "face_liveness").exists() and
                 len(list((world.failed / "face_liveness").iterdir())) >= len(bad), "all to have failed")
    for name in NAMES:
        path = os.path.join(os.fsencode(folder), name)
        for command in (["show", b"face_liveness/" + name], ["why", path], ["why", b"face_liveness/" + name]):
            done = subprocess.run([KYCD, command[0], "--config", str(world.config_file), "--json", "--", *command[1:]],
                                  capture_output=True, env=world.env, timeout=60, check=False)
            assert done.returncode in (0, 1), (command, done)
            if done.stdout:
                json.loads(done.stdout.decode())  # strict UTF-8
            done = subprocess.run([KYCD, command[0], "--config", str(world.config_file), "--", *command[1:]], capture_output=True,
                                  env=world.env, timeout=60, check=False)
            for text in (done.stdout, done.stderr):
                assert not any(byte < 32 and byte != 10 for byte in text) and "\u202e" not in text.decode(), command
    for command in (["status"], ["list"], ["retry", "--all", "--dry-run"], ["retry", "--code", "NOT_AN_IMAGE,BAD_CASE_NAME"]):
        run = desk.run(*command, "--json")
        assert run.code in (0, 1)
        json.loads(run.out)
        text = desk.run(*command)
        assert "\x1b" not in text.out + text.log and "\u202e" not in text.out + text.log
