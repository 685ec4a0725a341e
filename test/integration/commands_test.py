"""The commands: their help, their output, their exit codes, and the log."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest
from conftest import KYCD, PASSWORD, USERNAME, case_files, picture, wait_for

# Help and usage


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["inspect"]])
def test_help_is_printed_on_stdout(bare_world, command):
    run = bare_world.kycd(*command, "--help")
    assert run.code == 0 and run.log == ""
    assert "Usage: kycd" in run.out
    if command != ["inspect"]:
        assert "77 credentials refused" in run.out or "--config" in run.out


def test_the_version_is_a_line(bare_world):
    run = bare_world.kycd("--version")
    assert run.code == 0 and re.fullmatch(r"kycd \d+\.\d+\.\d+\n", run.out)


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["run", "--nonsense"], ["inspect"], ["run", "--json"],
                                       ["check", "extra"], ["run", "--config"]])
def test_a_usage_error_is_64_and_one_line_that_says_what_to_do(bare_world, arguments):
    run = bare_world.kycd(*arguments)
    assert run.code == 64 and run.out == ""
    assert run.log.startswith("kycd: ") and "--help" in run.log and len(run.lines) == 1


# Configuration errors


def test_a_config_error_is_78_with_file_line_and_key_and_all_are_named(world):
    text = world.config_file.read_text() + "limits: {uploads: 0}\nintak: {}\npoll: {first: soon}\n"
    text = re.sub(r"^(limits|poll):\n(  .*\n)*", "", text, flags=re.M)
    world.config_file.write_text(text)
    lines = {key: 1 + next(i for i, line in enumerate(text.splitlines()) if line.startswith(key))
             for key in ("limits:", "intak:", "poll:")}
    for command in (["run", "--once"], ["run"], ["check"]):
        run = world.kycd(*command, "--config", str(world.config_file))
        assert run.code == 78, run
        assert f"kycd: {world.config_file}:{lines['limits:']}: limits.uploads: " in run.log
        assert f"kycd: {world.config_file}:{lines['intak:']}: intak: unknown key; did you mean 'intake'?" in run.log
        assert f"kycd: {world.config_file}:{lines['poll:']}: poll.first: " in run.log
        assert len(run.lines) == 3
    assert world.sandbox.stats()["requests"] == {} and not world.work.exists()


def test_a_missing_config_is_78(bare_world):
    run = bare_world.kycd("run", "--config", str(bare_world.root / "none.yaml"))
    assert run.code == 78 and "none.yaml" in run.log


@pytest.mark.parametrize("secret", [PASSWORD, f"literal:{PASSWORD}"])
def test_a_password_in_the_configuration_is_refused_and_not_repeated(world, secret):
    world.configure(api={"credentials": {"password": secret}})
    run = world.run_once()
    assert run.code == 78 and "api.credentials.password" in run.log and PASSWORD not in run.log


@pytest.mark.parametrize("form, code, why", [
    ("file:{}", 78, "not an absolute path"), ("env:{}!", 78, "not the name of an environment variable"),
    ("credential:{}!", 78, "not the name of a systemd credential"), ("env:{}", 77, "is not set"),
    ("credential:{}", 77, "CREDENTIALS_DIRECTORY")])
def test_a_password_in_the_place_of_its_name_is_not_repeated(world, form, code, why):
    slip = "hunter2Gnxq7"
    daemon = world.start_daemon()
    world.configure(api={"credentials": {"password": form.format(slip)}})
    checked = world.kycd("check", "--config", str(world.config_file))
    assert checked.code == code and "api.credentials.password" in checked.out + checked.log, checked
    assert why in checked.out + checked.log and slip not in checked.out + checked.log, checked
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: why in daemon.log(), "the reload is refused")
    assert "api.credentials.password" in daemon.log() and slip not in daemon.log()


def test_a_password_file_that_others_can_read_is_refused(world):
    world.password_file.chmod(0o644)
    world.configure(once={"patience": "3s"})
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code in (77, 78), run
    assert "chmod 600" in run.log and str(world.password_file) in run.log
    assert world.sandbox.stats()["requests"] == {}


@pytest.mark.parametrize("source", ["env", "credential"])
def test_secrets_come_from_the_environment_or_from_systemd(world, source):
    if source == "env":
        world.configure(api={"credentials": {"username": "env:DESK_USER", "password": "env:DESK_PASSWORD"}})
        env = {**world.env, "DESK_USER": USERNAME, "DESK_PASSWORD": PASSWORD}
    else:
        folder = world.root / "credentials"
        folder.mkdir()
        (folder / "pw").write_text(PASSWORD)
        world.configure(api={"credentials": {"password": "credential:pw"}})
        env = {**world.env, "CREDENTIALS_DIRECTORY": str(folder)}
    world.drop_case("A-1")
    run = world.run_once(env=env)
    assert run.code == 0, run
    assert len(world.bill()) == 1


# The output


def output_to(world, file, *command):
    arguments = [KYCD, *command, *(["--config", str(world.config_file)] if not command[0].startswith("-") else [])]
    return subprocess.run(arguments, stdout=file, stderr=subprocess.PIPE, text=True, env=world.env, timeout=60)


@pytest.mark.parametrize("command", [
    "--help", "--version", "check", "status", "status --json", "list", "list --json", "show A-1", "why A-1", "report",
    "report --format html", "report --json", "purge", "retry --all --dry-run", "reverify list"])
def test_output_that_cannot_be_written_is_74_and_told(world, command):
    for number in (1, 2, 3):
        world.drop_case(f"A-{number}")
    world.run_once()
    with open("/dev/full", "w") as full:
        run = output_to(world, full, *command.split())
    assert run.returncode == 74 and run.stderr.startswith("kycd: standard output: "), run
    assert run.stderr.count("\n") == 1, run


@pytest.mark.parametrize("command", ["list", "list --json", "report --format html", "--help"])
def test_a_reader_that_has_gone_away_is_no_error(world, command):
    world.drop_case("A-1")
    world.run_once()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        run = output_to(world, writing, *command.split())
    finally:
        os.close(writing)
    assert run.returncode == 0 and run.stderr == "", run


# The spool


def test_a_spool_that_cannot_be_used_is_73(world):
    world.spool.rename(world.root / "away")
    world.spool.write_text("a file where the folder should be")
    try:
        run = world.run_once()
        assert run.code == 73, run
        assert run.log.startswith("kycd: spool: ") and str(world.spool) in run.log
    finally:
        world.spool.unlink()
        (world.root / "away").rename(world.spool)


def test_an_inbox_whose_mount_is_not_there_is_73_and_is_not_made(world):
    world.configure(folders={"inbox": str(world.root / "mount/inbox")})
    run = world.run_once()
    assert run.code == 73, run
    assert "mount" in run.log and not (world.root / "mount").exists()
    run = check(world)
    assert run.code == 73 and re.search(r"^bad +inbox: .*/mount/inbox is not there, .*; mount it", run.out, re.M), run


@pytest.mark.parametrize("changes", [{"folders": {"outbox": "{inbox}/out"}}, {"folders": {"failed": "{inbox}"}}])
def test_a_layout_that_loops_is_refused_at_start(world, changes):
    world.configure(folders={key: value.format(inbox=world.inbox) for key, value in changes["folders"].items()})
    run = world.run_once()
    assert run.code == 78 and run.log.startswith("kycd: "), run


def test_two_names_for_one_folder_are_refused_at_start(world):
    (world.root / "alias").symlink_to(world.inbox)
    world.configure(folders={"outbox": str(world.root / "alias")})
    run = world.run_once()
    assert run.code in (73, 78) and run.log.startswith("kycd: "), run
    assert world.sandbox.stats()["requests"] == {}


# check


def check(world, *arguments):
    return world.kycd("check", "--config", str(world.config_file), *arguments)


def test_check_finds_nothing_wrong_where_nothing_is(world):
    assert world.run_once().code == 0  # makes the folders
    run = check(world)
    assert run.code == 0, run
    assert run.log == "" and run.out.startswith(f"ok    config: {world.config_file}\n")
    words = [line.split()[1].rstrip(":") for line in run.out.splitlines()]
    assert {"config", "layout", "inbox", "work", "outbox", "failed", "ledger", "api", "credentials"} <= set(words)
    assert all(line.startswith("ok ") for line in run.out.splitlines()), run
    assert world.bill() == []


def test_check_leaves_nothing_behind(world):
    assert world.run_once().code == 0
    before = sorted(str(path) for path in world.spool.rglob("*"))
    assert check(world).code == 0
    assert sorted(str(path) for path in world.spool.rglob("*")) == before


def everything_in(*folders):
    """Names and bytes, but for SQLite's own index of a WAL."""
    return {str(path): path.read_bytes() if path.is_file() else None
            for folder in folders for path in folder.rglob("*") if not path.name.endswith("-shm")}


def is_as_the_start_finds_it(world, what, words):
    """check and the next start say the same, and check changes nothing."""
    before = everything_in(world.spool, world.root / "ledger")
    run = check(world)
    assert run.code == 73, run
    bad = [line for line in run.out.splitlines() if line.startswith("bad ")]
    assert len(bad) == 1 and re.match(rf"bad +{what}: ", bad[0]) and words in bad[0], run
    assert everything_in(world.spool, world.root / "ledger") == before
    start = world.run_once()
    assert start.code == 73 and words in start.log, start
    assert "writable" not in start.log, start
    return bad[0]


@pytest.mark.parametrize("how", ["empty", "missing"])
def test_check_finds_a_work_folder_that_is_not_the_ledgers(world, how):
    world.drop_case("A-1")
    assert world.run_once().code == 0
    world.work.rename(world.root / "away")
    if how == "empty":
        world.work.mkdir()
    is_as_the_start_finds_it(world, "work", f"{world.work} is not the folder that the ledger {world.root / 'ledger/ledger.db'} "
                                            "belongs to; mount the spool, or move the ledger away")
    if how == "empty":
        shutil.rmtree(world.work)  # the start has made its folders there
    (world.root / "away").rename(world.work)
    assert check(world).code == 0


def set_version(world, version):
    with contextlib.closing(sqlite3.connect(world.root / "ledger/ledger.db")) as ledger:
        was = ledger.execute("PRAGMA user_version").fetchone()[0]
        ledger.execute(f"PRAGMA user_version={version}")
    return was


def test_check_finds_the_ledger_of_a_newer_kycd(world):
    assert world.run_once().code == 0
    was = set_version(world, 999)
    told = is_as_the_start_finds_it(world, "ledger", f"written by a newer kycd (schema 999, this one knows {was}): install that one")
    assert told.endswith("install that one") and world.run_once().log.endswith("install that one\n")
    set_version(world, was)
    assert check(world).code == 0


def test_check_tells_what_a_start_makes_of_a_ledger_that_is_damaged_or_gone(world):
    world.drop_case("A-1")
    assert world.run_once().code == 0
    file = world.root / "ledger/ledger.db"
    file.write_bytes(b"garbage" * 999)
    before = everything_in(world.spool, world.root / "ledger")
    run = check(world)
    assert run.code == 0 and re.search(rf"^note +ledger: {file} is damaged .*'kycd run' moves it to", run.out, re.M), run
    file.unlink()
    before.pop(str(file))
    run = check(world)
    assert run.code == 0 and re.search(rf"^note +ledger: {file} is not there, .*bring it back", run.out, re.M), run
    assert everything_in(world.spool, world.root / "ledger") == before
    assert world.run_once().code == 0
    assert check(world).out.count("note ") == 0


def test_check_beside_a_running_daemon_takes_nothing_from_it(world):
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    for _ in range(3):
        run = check(world)
        assert run.code == 0 and re.search(r"^note +daemon: process \d+ runs on this spool", run.out, re.M), run
    world.drop_case("A-2")
    world.wait_delivered("A-2")
    assert daemon.stop() == 0


def test_check_in_json_is_one_array(world):
    run = check(world, "--json")
    assert run.code == 0, run
    lines = json.loads(run.out)
    assert all(list(line) == ["state", "what", "detail"] for line in lines)
    assert {line["state"] for line in lines} <= {"ok", "note"}


def test_check_says_by_which_clock_bulk_work_goes(world):
    run = world.kycd("check", "--config", str(world.config_file), env={**world.env, "TZ": "Europe/Berlin"})
    assert run.code == 0 and "ok    window: re-verification runs 22:00-06:00 Europe/Berlin\n" in run.out, run
    run = world.kycd("check", "--config", str(world.config_file), env={**world.env, "TZ": "CET-1CEST"})
    assert run.code == 0, run
    assert re.search(r"^note +window: re-verification runs 22:00-06:00 UTC, since .*TZ is 'CET-1CEST'", run.out, re.M), run
    world.configure(lanes={"bulk": {"window": "21:00-05:00"}})
    run = world.kycd("check", "--config", str(world.config_file), env={**world.env, "TZ": "CET-1CEST"})
    assert run.code == 78 and "lanes.bulk.window: '21:00-05:00' needs a time zone" in run.log, run


def test_check_says_that_credentials_are_refused(world):
    world.write_password("not-the-password")
    run = check(world)
    assert run.code == 77, run
    assert re.search(r"^bad +credentials: .*No active account", run.out, re.M) and "not-the-password" not in run.out


def test_check_says_that_the_api_is_unreachable(world):
    world.sandbox.stop()
    run = check(world)
    assert run.code == 69, run
    assert re.search(r"^bad +api: localhost:\d+: .*refused", run.out, re.M)


def test_check_says_that_the_certificate_is_not_trusted(world):
    world.configure(api={"ca_file": None})
    run = check(world)
    assert run.code == 69, run
    assert re.search(r"^bad +api: .*certificate", run.out, re.M)


def test_check_names_the_daemon_that_runs(world):
    daemon = world.start_daemon()
    run = check(world)
    assert run.code == 0 and f"process {daemon.pid}" in run.out, run
    assert daemon.stop() == 0


# run --once


def test_a_summary_in_text_counts_everything(world):
    world.drop_case("A-1")
    world.drop_case("A-2", answer="spoof")
    world.drop_folder("face_liveness", "A-3", {"image.jpg": b"no image"})
    world.drop_folder("kyc_card", "A-4", {"front_id.jpg": picture("front_id", 1)})
    run = world.kycd("run", "--once", "--config", str(world.config_file))
    assert run.code == 1, run
    first, second, third = run.out.splitlines()
    assert first == "3 cases taken: 2 delivered (1 pass, 1 fail), 1 failed (1 NOT_AN_IMAGE), 0 still open"
    assert second.startswith("not ready: kyc_card/A-4: ") and "selfie_image" in second
    assert re.fullmatch(r"2 submissions accepted, \d+ requests over \d+ connections with \d+ TLS handshakes "
                        r"\(\d+ resumed\)", third)


def test_a_summary_in_json_counts_everything(world):
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "A-3", {"image.jpg": b"no image"})
    run = world.run_once()
    assert run.code == 1 and run.out.count("\n") == 1
    summary = run.summary
    counted = {"taken": 2, "resumed": 0, "delivered": 1, "verdicts": {"pass": 1}, "failed": 1,
               "codes": {"NOT_AN_IMAGE": 1}, "open": 0, "not_ready": [], "submissions": 1, "stopped_early": ""}
    assert {key: summary[key] for key in counted} == counted
    stats = world.sandbox.stats()
    assert summary["requests"] == sum(stats["requests"].values())
    assert summary["tls_handshakes"] == stats["tls_handshakes"]


def test_an_empty_inbox_is_done_at_once_without_a_call(world):
    run = world.run_once()
    assert run.code == 0 and run.summary["taken"] == 0, run
    assert world.sandbox.stats()["requests"].get("submit") is None


def test_cases_that_are_not_ready_are_named_and_do_not_change_the_code(world):
    world.drop_case("A-1")
    world.drop_folder("kyc_card", "half", {"front_id.jpg": picture("front_id", 1)})
    run = world.run_once()
    assert run.code == 0, run
    (waiting,) = run.summary["not_ready"]
    assert waiting["case"] == "kyc_card/half" and "selfie_image" in waiting["why"] and "back_id" in waiting["why"]
    assert world.cases("inbox") == {"kyc_card/half"} and world.cases("failed") == set()


def test_a_run_that_loses_patience_is_2_and_the_next_run_polls_on(world):
    world.configure(once={"patience": "6s"})
    for number in range(3):
        world.drop_case(f"A-{number}", answer="never" if number < 2 else None)
    run = world.run_once()
    assert run.code == 2, run
    assert run.summary["open"] == 2 and run.summary["delivered"] == 1
    assert "no progress" in run.summary["stopped_early"]
    before = world.sandbox.stats()["polls_per_task"]
    run = world.run_once()
    assert run.code == 2 and run.summary["resumed"] == 2 and run.summary["open"] == 2, run
    after = world.sandbox.stats()["polls_per_task"]
    assert set(after) == set(before) and sum(after.values()) > sum(before.values())
    assert len(world.bill()) == 3 and world.cases("failed") == set()


def test_a_run_that_is_stopped_with_cases_open_is_2(world):
    world.drop_case("A-1", answer="never")
    daemon = world.start("run", "--once", "--config", str(world.config_file))
    wait_for(lambda: world.bill(), "the submission")
    assert daemon.stop() == 2


def test_a_progress_line_is_drawn_on_a_terminal_only(world):
    world.drop_case("A-1")
    try:
        master, slave = os.openpty()
    except OSError:
        pytest.skip("no pseudo terminals here")
    with subprocess.Popen([KYCD, "run", "--once", "--config", str(world.config_file)], stdout=subprocess.PIPE,
                          stderr=slave, env=world.env) as process:
        os.close(slave)
        drawn = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:
                break
            if not part:
                break
            drawn += part
        out = process.stdout.read()
        assert process.wait(20) == 0
    os.close(master)
    assert b"\r\x1b[K" in drawn and b" delivered, " in drawn
    assert b"\x1b" not in out
    assert "\x1b" not in world.run_once().log


# The log


def test_a_json_log_is_an_object_on_each_line(world):
    world.configure(log={"format": "json"})
    world.drop_case("A-1")
    world.drop_folder("face_liveness", 'odd "name" {}', {"image.jpg": b"no image"})
    run = world.run_once()
    assert run.code == 1
    lines = [json.loads(line) for line in run.lines]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    delivered = next(line for line in lines if line["message"] == "delivered")
    assert delivered["case"] == "face_liveness/A-1" and delivered["verdict"] == "pass"
    assert (delivered["attempts"], delivered["polls"]) == (1, 1)  # numbers, not texts
    submitted = next(line for line in lines if line["message"] == "submitted")
    assert submitted["attempt"] == 1 and isinstance(submitted["ms"], int) and isinstance(submitted["task"], str)
    assert any(line.get("case") == 'face_liveness/odd "name" {}' for line in lines)


def test_a_text_log_has_a_line_for_each_step_of_a_case(world):
    world.drop_case("A-1")
    run = world.run_once()
    words = [line.split()[2] for line in run.lines if "case=face_liveness/A-1" in line and " info " in line]
    assert words == ["submitted", "delivered"]
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) ")
    assert all(stamp.match(line) for line in run.lines)


def test_under_the_journal_lines_carry_its_priorities_and_no_time(world):
    world.drop_case("A-1")
    log = world.root / "journal"
    with open(log, "wb") as stream:
        info = os.fstat(stream.fileno())
        env = {**world.env, "JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"}
        done = subprocess.run([KYCD, "run", "--once", "--config", str(world.config_file)], stdout=subprocess.DEVNULL,
                              stderr=stream, env=env, timeout=60, check=False)
    assert done.returncode == 0
    lines = log.read_text().splitlines()
    assert lines and all(re.match(r"<[3467]>[a-z]", line) for line in lines)


@pytest.mark.parametrize("level,seen", [("error", False), ("info", True)])
def test_the_log_level_is_obeyed(world, level, seen):
    world.configure(log={"level": level})
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0 and (" info delivered " in run.log) is seen and " debug " not in run.log


def test_no_core_dump_and_no_memory_for_others(world):
    daemon = world.start_daemon()
    limits = open(f"/proc/{daemon.pid}/limits").read()
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert daemon.stop() == 0


def test_case_files_of_the_tests_are_what_they_seem(bare_world):
    """The pictures that all other tests rely on pass the gate."""
    files = [bare_world.root / name for name in case_files("kyc_card", "x")]
    for file, data in zip(files, case_files("kyc_card", "x").values()):
        file.write_bytes(data)
    assert bare_world.kycd("inspect", *map(str, files)).code == 0
