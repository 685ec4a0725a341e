"""status.json and status.txt in the spool's folder: what they tell, when they are written, and that they hurt nobody."""

import grp
import json
import os
import signal
import subprocess
import time

import pytest
from conftest import fill, picture, wait_for


def status_json(world):
    return json.loads((world.spool / "status.json").read_text())


def status_text(world):
    return (world.spool / "status.txt").read_text()


def written(world):
    return (world.spool / "status.txt").exists() and (world.spool / "status.json").exists()


def asked(world):
    return json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)["daemon"]


@pytest.fixture
def telling(world):
    world.configure(status_files="1s", resubmit_failed_tasks=0)
    return world


def test_they_tell_what_waits_what_failed_and_what_became_of_it(telling):
    world = telling
    daemon = world.start_daemon()
    wait_for(lambda: written(world), "the first files")
    world.drop_folder("kyc_card", "Anna-Muster", {"front_id.jpg": picture("front_id", "A")})
    world.drop_folder("face_liveness", "Erik-Muster", {"image.jpg": b"no image"})
    world.drop_case("Jon-Muster")
    world.wait_delivered("Jon-Muster")
    world.wait_failed("Erik-Muster")
    wait_for(lambda: "Within the last hour: 1 case answered, 1 case failed." in status_text(world), "both ends in the text", timeout=30)
    wait_for(lambda: status_json(world)["inbox"] == [{"folder": "kyc_card", "queued": 0, "not_ready": 1, "not_permitted": 0}], "the third", timeout=30)
    text = wait_for(lambda: "kyc_card          1 " in status_text(world) and status_text(world), "the third in the text", timeout=30)
    assert "NOT_AN_IMAGE, 1 case: Replace the file" in text and "at least every 60 seconds" in text
    told = status_json(world)
    assert told["schema"] == "kycd.status/1" and told["pid"] == daemon.pid
    assert set(told) == set(asked(world)) | {"file"}, "the document of the socket, and about the file itself"
    assert told["file"]["stopped"] is False and told["file"]["at_least_every_seconds"] == 60
    assert "Muster" not in text + json.dumps(told), "the files are for everybody on the share"
    for name in ("status.json", "status.txt"):
        assert (world.spool / name).stat().st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    assert "kycd has been stopped" in status_text(world) and status_json(world)["file"]["stopped"] is True
    assert not [name for name in os.listdir(world.spool) if name.startswith(".")], "no temporary file is left"


def test_what_is_paused_is_told_without_a_path(telling):
    world = telling
    daemon = world.start_daemon()
    wait_for(lambda: written(world), "the first files")
    world.write_password("wrong")
    daemon.send(signal.SIGHUP)
    world.drop_case("A-1")
    wait_for(lambda: "PAUSED: credentials refused" in status_text(world), "the pause", timeout=60)
    assert "has to be corrected" in status_text(world) and "goes on by itself" not in status_text(world)


def test_nothing_is_written_while_nothing_changes(telling):
    world = telling
    world.start_daemon()
    wait_for(lambda: written(world), "the first files")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    wait_for(lambda: status_json(world)["counters"]["delivered"] == 1 and status_json(world)["in_hand"]["cases"] == 0 and
             status_json(world)["ledger"]["commits"] == asked(world)["ledger"]["commits"], "the last change", timeout=30)
    before, began = (world.spool / "status.txt").stat(), time.monotonic()
    wait_for(lambda: time.monotonic() - began > 3.5, "three rounds")
    after = (world.spool / "status.txt").stat()
    assert after.st_ino == before.st_ino or after.st_mtime - before.st_mtime > 30


def test_a_group_may_read_them(telling):
    world = telling
    world.configure(status_files="1s", group=grp.getgrgid(os.getegid()).gr_name)
    world.start_daemon()
    wait_for(lambda: written(world), "the files")
    for name in ("status.json", "status.txt"):
        found = (world.spool / name).stat()
        assert found.st_mode & 0o777 == 0o660 and found.st_gid == os.getegid()


def test_links_and_folders_of_their_names_are_replaced_or_said_once(telling):
    world = telling
    victim = world.root / "victim"
    victim.write_text("untouched")
    (world.spool / "status.json").symlink_to(victim)
    in_the_way = world.spool / "status.txt"
    (in_the_way / "full").mkdir(parents=True)
    daemon = world.start_daemon()
    daemon.wait_for_log("status.json and status.txt cannot be written")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    (in_the_way / "full").rmdir()
    in_the_way.rmdir()
    daemon.wait_for_log("status.json and status.txt are written again", timeout=30)
    assert victim.read_text() == "untouched" and not (world.spool / "status.json").is_symlink()
    assert daemon.stop() == 0
    assert daemon.log().count("cannot be written") == daemon.log().count("are written again") == 1


def test_off_writes_nothing_and_a_reload_changes_it(world):
    assert world.run_once().code == 0
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    assert not (world.spool / "status.txt").exists()
    world.configure(status_files="1s")
    daemon.send(signal.SIGHUP)
    wait_for(lambda: written(world), "the files", timeout=30)
    world.configure(status_files="off")
    daemon.send(signal.SIGHUP)
    wait_for(lambda: not written(world), "the end of the files, which say that they are kept up to date", timeout=30)
    assert daemon.stop() == 0 and not written(world)


def test_the_last_files_tell_of_cases_that_were_not_sent_yet(telling):
    world = telling
    world.write_password("not-the-password")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: "credentials refused" in world.kycd("status", "--config", str(world.config_file)).out, "the pause")
    assert daemon.stop() == 0
    last = json.loads((world.spool / "status.json").read_text())
    assert last["file"]["stopped"] and [(row["state"], row["cases"]) for row in last["states"]] == [("claimed", 1)]
    assert "Nothing waits." not in (world.spool / "status.txt").read_text()


def test_without_a_common_folder_there_is_no_place_for_them(telling):
    world = telling
    folders = {name: str(world.spool / name) for name in ("inbox", "work", "outbox", "failed")}
    world.configure(spool=None, folders=folders, status_files="1s")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    assert daemon.stop() == 0 and not written(world) and "status.txt" not in daemon.log()


def test_run_once_leaves_them_behind_as_stopped(telling):
    world = telling
    world.drop_case("A-1")
    assert world.run_once().code == 0
    assert "1 case answered" in status_text(world) and "kycd has been stopped" in status_text(world)


@pytest.fixture
def small_spool(telling):
    """The spool on a file system of its own."""
    world = telling
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", world.spool], capture_output=True,
                             check=False)
    if mounted.returncode != 0:
        pytest.skip("this needs the right to mount")
    try:
        world.inbox.mkdir()
        yield world
    finally:
        world.close()
        subprocess.run(["umount", "-l", world.spool], check=True)


def test_a_full_disk_is_said_once_and_costs_only_the_files(small_spool):
    world = small_spool
    daemon = world.start_daemon()
    wait_for(lambda: written(world), "the first files")
    fill(world.spool)
    os.mkdir(world.inbox / "kyc_card/A-1")  # something to tell
    daemon.wait_for_log("status.json and status.txt cannot be written", timeout=30)
    assert asked(world)["pid"] == daemon.pid
    (world.spool / "ballast").unlink()
    daemon.wait_for_log("are written again", timeout=90)
    assert daemon.log().count("status.txt cannot be written") == 1
    assert status_json(world)["pid"] == daemon.pid
    assert daemon.stop() == 0
