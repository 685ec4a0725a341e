"""`kycd why`: one reason for each state a case can wait in, with the next event and its time where that is known."""

import itertools
import json
import os
import re
import signal
import socket
from datetime import datetime, timezone

import pytest
from conftest import case_files, picture, wait_for
from schemas import check

PRELOAD = os.environ.get("KYCD_PRELOAD")

needs_preload = pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")


def why(world, what):
    run = world.kycd("why", "--config", str(world.config_file), "--json", str(what))
    assert run.code == 0, run
    return check("why", json.loads(run.out))


def wait_for_reason(world, what, reason):
    return wait_for(lambda: [said for said in [why(world, what)] if said["reason"] == reason], f"'{reason}' for {what}", timeout=30)[0]


def seconds_to(said):
    at = datetime.strptime(said["next_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return (at - datetime.now(timezone.utc)).total_seconds()


def copy_in(world, service, case, files):
    """A case that is written in place, which has to settle."""
    folder = world.inbox / service / case
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def known(world, folder, name):
    """What the running daemon answers about a case."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(world.work / ".control"))
        peer.sendall(json.dumps({"case": {"folder": folder, "name": name}}).encode() + b"\n")
        return check("known", json.loads(b"".join(iter(lambda: peer.recv(65536), b""))))


def document(world):
    run = world.kycd("status", "--config", str(world.config_file), "--json")
    return json.loads(run.out)["daemon"]


def wait_still(world, what, seconds):
    """Until nothing of it has changed for so long, by what `why` tells."""
    def still():
        said = why(world, what)
        age = re.search(r"nothing changed for (\d+)s", said["because"])
        return [said] if age and int(age[1]) >= seconds else []

    return wait_for(still, f"{what} to be still for {seconds} s", timeout=60)[0]


@pytest.fixture
def share(world):
    """Where only whoever has watched a case knows how long it lies still."""
    world.env.update(LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.inbox.resolve()), KYCD_PRELOAD_NFS="1")
    return world


def test_settling_tells_when_it_is_taken(world):
    world.configure(intake={"settle": "10m"})
    world.start_daemon()
    copy_in(world, "face_liveness", "A-1", case_files("face_liveness", "A"))
    said = wait_for_reason(world, "A-1", "not_ready")
    assert "settling" in said["because"] and 0 < seconds_to(said) <= 600


def test_a_wrong_hash_is_named_with_the_time_at_which_it_fails(world):
    world.start_daemon()
    world.drop_folder("face_liveness", "A-1", {"image.jpg": picture("image", 1),
                                               "case.json": json.dumps({"sha256": {"image.jpg": "0" * 64}}).encode()})
    path = world.inbox / "face_liveness/A-1"
    said = wait_for(lambda: [said for said in [why(world, path)] if "settling" not in said["because"]], "it to be still")[0]
    assert said["reason"] == "not_ready" and "image.jpg does not match its sha256" in said["because"]
    assert "goes to failed/ at" in said["next"] and 600 < seconds_to(said) <= 900


def test_whoever_stands_in_line_is_told_the_place_and_who_goes_first(world):
    world.configure(limits={"uploads": 1, "pending": 1})
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"hang": "60s"}})
    world.start_daemon()
    world.drop_case("A-1")
    said = wait_for_reason(world, "A-1", "sending")
    assert 0 < seconds_to(said) <= 20
    world.drop_case("A-2")
    world.drop_folder("face_liveness", "Z-9", case_files("face_liveness", "Z", priority="high"))
    said = wait_for_reason(world, "A-2", "capacity")
    assert "limits.pending" in said["because"] and "it is number 2 of 2 in the inbox, behind 1 case of high priority" in said["because"]
    assert "those of high priority first" in said["next"]
    assert "number 1 of 2" in wait_for_reason(world, "Z-9", "capacity")["because"]


def test_the_limit_of_tasks_waited_for(world):
    world.configure(limits={"pending": 1})
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_case("A-1")
    said = wait_for_reason(world, "A-1", "waiting_for_answer")
    assert "asked again in about" in said["next"] and "TASK_DEADLINE" in said["next"] and said["next_at"]
    world.drop_case("A-2")
    assert "1 case is in hand, as many as limits.pending allows" in wait_for_reason(world, "A-2", "capacity")["because"]


def test_the_rate_is_told_with_an_estimate(world):
    world.configure(limits={"rate": 0.1})
    world.sandbox.settings(answer="never")
    world.start_daemon()
    for number in range(4):
        world.drop_case(f"A-{number}")

    def held():
        said = [why(world, f"A-{number}") for number in range(4)]
        return [each for each in said if each["reason"] == "rate"]

    said = wait_for(held, "a case that the rate holds up", timeout=30)[0]
    assert "limits.rate lets 0.1 cases a second go" in said["because"] and seconds_to(said) > 0


def test_an_api_that_wants_rest_is_told_with_the_time(world):
    world.sandbox.rules({"name": "busy", "match": {"call": "submit"}, "do": {"status": 429, "headers": {"Retry-After": 120}}})
    world.start_daemon()
    world.drop_case("A-1")
    said = wait_for_reason(world, "A-1", "resting")
    assert "too fast" in said["because"] and 0 < seconds_to(said) <= 130


def test_the_same_bytes_on_their_way(world):
    world.configure(intake={"dedupe": "1h"})
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "same"))
    wait_for_reason(world, "A-1", "waiting_for_answer")
    world.drop_folder("face_liveness", "A-2", case_files("face_liveness", "same"))
    assert "intake.dedupe" in wait_for_reason(world, "A-2", "same_bytes")["because"]


def test_the_same_name_in_work(world):
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "waiting_for_answer")
    world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "again"))
    assert wait_for_reason(world, world.inbox / "face_liveness/A-1", "same_name")["state"] == "waiting"


def test_a_daemon_that_does_not_answer_and_one_that_is_stopped(world):
    daemon = world.start_daemon()
    daemon.send(signal.SIGSTOP)
    try:
        world.drop_case("A-1")
        said = why(world, "A-1")
        assert said["reason"] == "not_known" and "does not answer" in said["because"]
    finally:
        daemon.send(signal.SIGCONT)
    world.wait_delivered("A-1")
    assert daemon.stop() == 0
    world.drop_case("B-1")
    said = why(world, "B-1")
    assert said["reason"] == "not_running" and "it is taken at once" in said["next"]
    # As a crash just before the last rename leaves it.
    folder = world.work / "face_liveness/C-1"
    folder.mkdir(parents=True)
    (folder / "result.json").write_bytes((world.outbox / "face_liveness/A-1/result.json").read_bytes())
    said = why(world, "C-1")
    assert said["reason"] == "not_running" and "moved to outbox/" in said["next"]


def test_a_case_that_is_held_says_what_to_ask(world):
    world.configure(on_unknown_outcome="hold")
    world.sandbox.rules({"name": "lost", "match": {"call": "submit"}, "do": {"drop": "after_body"}})
    world.drop_case("A-1")
    assert world.run_once().code == 1
    said = why(world, "A-1")
    assert said["reason"] == "failed" and "UNKNOWN_OUTCOME" in said["because"] and "kycd retry face_liveness/A-1" in said["next"]


def test_what_is_no_case_says_so(world):
    assert world.run_once().code == 0
    for name, reason in (("reverify", "kycds_own"), ("lost+found", "no_service"), (".trash", "junk"), ("kyc_card", "service_folder"),
                         ("kyc_crad", "unknown_service")):
        (world.inbox / name).mkdir(exist_ok=True)
        assert why(world, world.inbox / name)["reason"] == reason, name
        if reason in ("kycds_own", "no_service", "junk"):
            (world.inbox / name / "x").mkdir()
            # What lies among the tickets is kycd's own until it has lain there so long that it is said to be none.
            wait_for_reason(world, world.inbox / name / "x", "not_a_ticket" if name == "reverify" else reason)
    os.rmdir(world.inbox / "kyc_crad")
    assert why(world, world.inbox / "kyc_crad")["reason"] == "missing"


def test_of_a_daemon_that_does_not_answer_no_pause_is_said_to_be_over(world):
    world.configure(retry={"base": "50ms", "max": "100ms", "attempts": 100})
    world.sandbox.stop()
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "api_down")
    daemon.send(signal.SIGSTOP)
    try:
        wait_for_reason(world, "A-1", "not_known")
    finally:
        daemon.send(signal.SIGCONT)
    assert daemon.stop() == 0


@pytest.mark.parametrize("trouble", [{"hang": "60s"}, {"redirect": "https://localhost:1/login"}], ids=str)
def test_a_login_that_brings_no_token_is_what_holds_a_case_up(world, trouble):
    world.configure(api={"timeouts": {"idle": "6s"}})
    world.sandbox.rules({"name": "rule", "match": {"call": "obtain"}, "do": trouble})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "no_token")
    daemon.wait_for_log("the API gives no token")
    world.sandbox.rules()
    world.wait_delivered("A-1")
    assert daemon.stop() == 0


def test_a_case_is_named_alike_from_everywhere(world):
    world.drop_case("A-1")
    world.drop_case("B-1", "ocr_passport")
    assert world.run_once().code == 0
    world.drop_case("A-2")
    (world.inbox / "kyc_card").mkdir(exist_ok=True)

    def told(folder, text, code=0):
        run = world.kycd("why", "--config", str(world.config_file), "--json", text, cwd=folder)
        assert run.code == code, (folder, text, run)
        return json.loads(run.out)["case"] if run.code == 0 else run.log

    for folder in (world.root, world.spool, world.inbox, world.work, world.outbox, world.failed, world.inbox / "kyc_card",
                   world.outbox / "face_liveness"):
        for text, case in (("A-1", "face_liveness/A-1"), ("face_liveness/A-1", "face_liveness/A-1"), ("A-2", "face_liveness/A-2"),
                           ("ocr_passport/B-1", "ocr_passport/B-1"), ("B-1", "ocr_passport/B-1")):
            assert told(folder, text) == case
        if folder != world.inbox:
            assert "there is no C-9 in the spool" in told(folder, "C-9", code=1)
    # A path goes first: this folder's A-1 was meant.
    world.drop_case("A-1", "ocr_passport")
    assert told(world.inbox / "ocr_passport", "A-1") == "ocr_passport/A-1"
    assert told(world.outbox / "face_liveness", "A-1") == "face_liveness/A-1"


@pytest.mark.parametrize("service, name", [("face_liveness", "new\nline"), ("face_liveness", "tab\there"),
                                           ("face_liveness", "bad\udcff"), ("un\x1bknown", "esc\x1b[31m")])
def test_a_case_that_is_refused_for_its_name_is_found_by_it(world, service, name):
    folder = world.inbox / service / name
    folder.mkdir(parents=True)
    (folder / "image.jpg").write_bytes(picture("image", 1))
    for path in (folder, f"{service}/{name}", name):
        assert why(world, path)["state"] == "waiting"
    assert world.run_once().code == 1
    for path in (folder, f"{service}/{name}", name):
        assert why(world, path)["reason"] == "failed"
    for text in (f"{service}/{name}", name):
        shown = world.kycd("show", "--config", str(world.config_file), "--json", text)
        assert shown.code == 0 and len(json.loads(shown.out)["lives"]) == 1, shown
        retried = world.kycd("retry", "--config", str(world.config_file), "--json", "--dry-run", text)
        assert len(json.loads(retried.out)["cases"]) == 1, retried


def test_a_retry_is_advised_where_it_is_not_refused(world):
    world.drop_folder("kyc_crad", "A-1", case_files("kyc_card", "A"))
    world.drop_folder("face_liveness", "B-1", {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    assert "kyc_crad/A-1' puts it back into the inbox once the service is added)" in why(world, "A-1")["next"]
    assert why(world, "B-1")["next"].endswith("face_liveness/B-1' puts it back into the inbox)")


# What only the running daemon knows


@needs_preload
def test_on_a_share_the_time_at_which_a_case_fails_stays_the_same(share):
    share.configure(intake={"incomplete_after": "10m", "poll": "200ms"})
    share.start_daemon()
    copy_in(share, "kyc_card", "I-1", {"front_id.jpg": picture("front_id", 1)})
    early = wait_still(share, "I-1", 0)
    late = wait_still(share, "I-1", 2)
    assert late["reason"] == "not_ready" and "back_id is missing" in late["because"] and "goes to failed/ at" in late["next"]
    assert 0 < seconds_to(late) < 599 and abs(seconds_to(early) - seconds_to(late)) < 1
    entry = known(share, "kyc_card", "I-1")["entry"]
    assert entry["place"] in ("waiting", "queued", "examining") and entry["wait"] == "not_ready" and entry["fails_at"]
    assert known(share, "kyc_card", "I-2")["entry"] is None


@needs_preload
def test_on_a_share_a_complete_case_is_held_by_what_holds_it(share):
    share.configure(intake={"poll": "200ms"}, limits={"pending": 1})
    share.sandbox.settings(answer="never")
    share.start_daemon()
    share.drop_case("A-1")
    wait_for_reason(share, "A-1", "waiting_for_answer")
    share.drop_case("A-2")
    assert "limits.pending" in wait_for_reason(share, "A-2", "capacity")["because"]


def test_a_deadline_is_the_one_that_the_running_kycd_goes_by(world):
    world.configure(intake={"incomplete_after": "20m"})
    daemon = world.start_daemon()
    copy_in(world, "kyc_card", "I-1", {"front_id.jpg": picture("front_id", 1)})
    wait_for_reason(world, "I-1", "not_ready")
    wait_for(lambda: known(world, "kyc_card", "I-1")["entry"]["wait"] == "not_ready", "the daemon's look")
    world.configure(intake={"incomplete_after": "3h"})
    daemon.send(signal.SIGHUP)
    wait_for(lambda: "reloaded" in daemon.log(), "the reload")
    assert 0 < seconds_to(why(world, "I-1")) <= 1200


def test_what_kycd_may_not_take_is_told_with_what_to_do(mortal):
    world = mortal
    stuck = world.drop_case("stuck")
    os.chown(stuck, 65534, -1)
    stuck.chmod(0o555)
    world.start_daemon()
    world.drop_case("fine")
    world.wait_delivered("fine")
    said = wait_for_reason(world, "stuck", "not_permitted")
    assert f"write permission on {stuck}" in said["because"] and 0 < seconds_to(said) <= 60
    run = world.kycd("status", "--config", str(world.config_file))
    assert "no permission to take 1 case of the inbox" in run.out
    assert [each["not_permitted"] for each in document(world)["inbox"]] == [1]


def test_the_polls_of_a_task_and_the_next_one_are_those_of_the_running_kycd(world):
    """The ledger has the same reply again every two minutes only."""
    world.configure(poll={"first": "100ms", "min": "100ms", "max": "100ms", "jitter": 0})
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_case("A-1")

    def counted():
        said = why(world, "A-1")
        count = re.search(r"asked (\d+) times", said["because"])
        return count and int(count[1]) >= 5

    wait_for(counted, "five polls", timeout=30)
    wait_for(lambda: (known(world, "face_liveness", "A-1")["task"] or {}).get("polls_not_noted"), "polls that the ledger does not have")


def test_of_a_daemon_that_does_not_answer_no_next_step_is_promised(world):
    world.configure(intake={"incomplete_after": "1s"}, poll={"first": "100ms", "min": "100ms", "max": "100ms", "jitter": 0})
    world.sandbox.settings(answer="never")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "waiting_for_answer")
    daemon.send(signal.SIGSTOP)
    try:
        copy_in(world, "kyc_card", "I-1", {"front_id.jpg": picture("front_id", 1)})
        wait_for_reason(world, "A-1", "not_known")
        wait_for_reason(world, "I-1", "not_known")
    finally:
        daemon.send(signal.SIGCONT)


def test_a_stop_is_told(world):
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"hang": "60s"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "sending")
    daemon.send(signal.SIGTERM)
    wait_for(lambda: document(world)["stopping"], "the stop")
    world.drop_case("B-1")
    said = why(world, "B-1")
    assert said["reason"] == "stopping" and "at its next start it is taken" in said["next"]
    daemon.stop(signal.SIGKILL)


def test_what_comes_after_the_one_scan_of_a_run_is_for_the_next_run(world):
    world.sandbox.settings(answer="never")
    world.drop_case("A-1")
    run = world.start("run", "--once", "--config", str(world.config_file))
    wait_for_reason(world, "A-1", "waiting_for_answer")
    world.drop_case("B-1")
    said = why(world, "B-1")
    assert said["reason"] == "not_running" and "at the next run it is taken" in said["next"]
    run.stop(signal.SIGKILL)


def test_cases_held_back_for_others_of_their_service_are_not_about_to_be_taken(world):
    world.configure(limits={"uploads": 1}, retry={"base": "60s", "max": "60s"})
    world.sandbox.rules({"name": "refused", "match": {"call": "submit"}, "do": {"status": 408}})
    world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: document(world)["held_back"], "the pause")
    for number in range(20):  # one more is taken every other second
        world.drop_case(f"B-{number:02}")
    said = wait_for(lambda: [said for said in [why(world, "B-19")] if "takes no cases of face_liveness now" in said["because"]],
                    "the reason")[0]
    assert said["reason"] == "capacity" and "in the inbox" in said["because"]


def test_a_fault_of_one_case_is_not_blamed_for_the_others(mortal):
    world = mortal
    world.sandbox.settings(answer="never")
    failed = world.failed / "face_liveness"
    failed.mkdir(parents=True)
    world.start_daemon()
    os.chown(failed, 65534, -1)
    failed.chmod(0o555)
    world.drop_folder("face_liveness", "X-1", {"image.jpg": b"no image"})
    wait_for_reason(world, "X-1", "fault")
    copy_in(world, "kyc_card", "I-1", {"front_id.jpg": picture("front_id", 1)})
    wait_for_reason(world, "I-1", "not_ready")
    numbers = itertools.count()

    def is_told_of_another():
        """While something works beside it, the fault does not hold up all; it is met again every few seconds."""
        case = f"G-{next(numbers)}"
        world.drop_case(case)
        wait_for(lambda: why(world, case)["state"] == "pending", f"the receipt of {case}", timeout=30)
        return why(world, case)["reason"] == "waiting_for_answer"

    wait_for(is_told_of_another, "a case that is not told to wait for the fault", timeout=60)


def test_what_lies_in_an_inbox_that_is_away_is_not_said_to_be_gone(world):
    world.configure(intake={"rescan": "1s"})
    world.start_daemon()
    copy_in(world, "kyc_card", "I-1", {"front_id.jpg": picture("front_id", 1)})
    wait_for_reason(world, "I-1", "not_ready")
    away = world.root / "away"
    world.inbox.rename(away)
    try:
        wait_for(lambda: document(world)["faults"], "the fault")
        for what in ("I-1", "kyc_card/I-1", world.inbox / "kyc_card/I-1"):
            said = why(world, what)
            assert said["reason"] == "fault" and str(world.inbox) in said["because"], what
    finally:
        away.rename(world.inbox)
    wait_for_reason(world, "I-1", "not_ready")


def test_a_rate_below_one_holds_up_the_only_case_before_the_upload_too(world):
    world.configure(limits={"rate": 0.02})
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_case("A-1")
    wait_for_reason(world, "A-1", "waiting_for_answer")
    world.drop_case("A-2")
    said = wait_for_reason(world, "A-2", "rate")
    assert "limits.rate lets 0.02 cases a second go" in said["because"] and seconds_to(said) > 0
