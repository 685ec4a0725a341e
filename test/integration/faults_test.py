"""The system's own trouble under a running kycd: full and read-only disks, mounts that go, inotify's limits, a clock that is
set. Every case is kept, the log says what is waited for, and all goes on by itself.
"""

import os
import signal
import subprocess
import time

import pytest
from conftest import case_files, wait_for
from receipts import NOT_YET

PRELOAD = os.environ.get("KYCD_PRELOAD")

needs_preload = pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")


class Mounts:
    """Mounts that are gone when the test ends."""

    def __init__(self):
        self.points = []

    def mount(self, point, *arguments):
        point.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", *arguments, str(point)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        self.points.append(point)
        return point

    def small_disk(self, point, size="2m"):
        return self.mount(point, "-t", "tmpfs", "-o", f"size={size},mode=700", "kycd-test")

    def bind(self, what, point):
        return self.mount(point, "--bind", str(what))

    def remount(self, point, how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(point)], check=True)

    def unmount(self, point):
        """As an administrator does it under a program that still looks at it."""
        subprocess.run(["umount", "--lazy", str(point)], check=True)
        self.points.remove(point)


@pytest.fixture
def mounts():
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    made = Mounts()
    yield made
    for point in reversed(made.points):
        subprocess.run(["umount", "--lazy", str(point)], check=False)


def fill(folder):
    """Takes every byte that is left; the file."""
    file = folder / "somebody-elses.bin"
    with open(file, "wb", buffering=0) as out:
        for size in (65536, 4096, 1):
            try:
                while out.write(b"\0" * size):
                    pass
            except OSError:
                pass
    return file


def check_told_once(daemon, most=1):
    """Each fault has a line when it begins and, within the longest pause, one when it is over; nothing is repeated."""
    def begun():
        return daemon.log().count("paused by a fault")

    def ended():
        return daemon.log().count("goes on, what it waited for") + daemon.log().count("nothing waits any more")

    wait_for(lambda: ended() == begun(), "the end of the fault in the log")
    assert 1 <= begun() <= most, daemon.log()
    assert sum(" error " in line for line in daemon.log().splitlines()) <= most, daemon.log()


def put_spool_on(world, mounts, size):
    """The spool on a small disk; producers stage on the same one."""
    mounts.small_disk(world.spool, size)
    world.inbox.mkdir()
    world.staging = world.spool / "staging"
    world.staging.mkdir()


# What is not mounted when nobody runs


def told_of(world, *command):
    return world.kycd(*command, "--config", str(world.config_file))


@pytest.mark.parametrize("how", ["unmounted", "gone"])
def test_what_is_not_there_is_not_said_to_be_empty_or_taken(world, mounts, how):
    outbox = mounts.small_disk(world.root / "share", "8m") if how == "unmounted" else world.outbox
    world.outbox = outbox
    world.configure(folders={"outbox": str(outbox)})
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "B-2", {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    assert told_of(world, "check").code == 0 and told_of(world, "status").code == 0
    if how == "unmounted":
        mounts.unmount(outbox)
    else:
        outbox.rename(world.root / "away")
    why_not = f"{outbox} is not " + ("the folder that was mounted there before" if how == "unmounted" else "there")
    for command in (["status"], ["list"], ["why", "A-1"], ["show", "A-1"], ["why", str(outbox / "face_liveness/A-1")]):
        run = told_of(world, *command)
        assert run.code == 73, (command, run)
        assert run.log.count(why_not) == 1 and "mount it" in run.log, (command, run)
        assert "is empty" not in run.out and "somebody" not in run.out and "any more" not in run.out, (command, run)
        assert command[0] not in ("why", "show") or why_not in run.out, (command, run)
    # What lies elsewhere is told as ever, with what is missing beside it.
    for command in (["why", "B-2"], ["show", "B-2"]):
        run = told_of(world, *command)
        assert run.code == 0 and "NOT_AN_IMAGE" in run.out and why_not in run.log, run
    run = told_of(world, "check")
    start_ends = how == "unmounted"
    assert run.code == (73 if start_ends else 0), run
    assert ("bad   outbox: " in run.out and why_not in run.out) == start_ends, run
    assert list(outbox.iterdir()) == [] if start_ends else not outbox.exists()
    if start_ends:
        run = world.run_once()
        assert run.code == 73 and why_not in run.log, run
    else:
        (world.root / "away").rename(outbox)
        assert told_of(world, "status").code == 0


# Full disks


def test_a_full_spool_holds_the_answer_until_there_is_room(world, mounts):
    put_spool_on(world, mounts, "2m")
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("full")
    daemon.wait_for_log("submitted")
    filler = fill(world.spool)
    world.sandbox.rules()
    daemon.wait_for_log("paused by a fault")
    filler.unlink()
    world.wait_delivered("full", timeout=40)
    assert len(world.bill()) == 1
    check_told_once(daemon)


def test_a_case_that_comes_while_the_spool_is_full_is_kept(world, mounts):
    put_spool_on(world, mounts, "2m")
    daemon = world.start_daemon()
    staged = world.staging / "tight"
    staged.mkdir()
    for name, data in case_files("kyc_card", "tight").items():
        (staged / name).write_bytes(data)
    filler = fill(world.spool)
    os.rename(staged, world.inbox / "kyc_card/tight")
    daemon.wait_for_log("paused by a fault")
    filler.unlink()
    world.wait_delivered("tight", "kyc_card", timeout=40)
    assert len(world.bill()) == 1
    check_told_once(daemon)


def test_a_full_ledger_lets_nothing_be_sent_and_loses_no_receipt(world, mounts):
    disk = mounts.small_disk(world.root / "ledger", "1m")
    daemon = world.start_daemon()
    world.drop_case("before")
    world.wait_delivered("before")
    filler = fill(disk)
    world.drop_case("during")
    daemon.wait_for_log("paused by a fault")
    assert len(world.bill()) == 1, "what cannot be recorded is not sent"
    filler.unlink()
    world.wait_delivered("during", timeout=40)
    assert len(world.bill()) == 2
    check_told_once(daemon)


def test_a_ledger_that_is_full_when_the_receipt_comes_gets_it_later(world, mounts):
    disk = mounts.small_disk(world.root / "ledger", "1m")
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "5s"}})
    daemon = world.start_daemon()
    world.drop_case("paid")
    wait_for(lambda: world.sandbox.fired("slow"), "the upload")
    filler = fill(disk)
    daemon.wait_for_log("paused by a fault")
    filler.unlink()
    result = world.wait_delivered("paid", timeout=40)
    assert len(world.bill()) == 1 and result["task"]["attempts"] == 1
    check_told_once(daemon)


# Mounts


def test_a_read_only_outbox_is_waited_for(world, mounts):
    outbox = mounts.small_disk(world.root / "share", "8m")
    world.configure(folders={"outbox": str(outbox)})
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("held")
    daemon.wait_for_log("submitted")
    mounts.remount(outbox, "ro")
    world.sandbox.rules()
    daemon.wait_for_log("paused by a fault")
    mounts.remount(outbox, "rw")
    wait_for((outbox / "face_liveness/held/result.json").exists, "the delivery", 40)
    wait_for(lambda: not list(world.work.glob("*/held")), "the end of the copy in work/")
    assert len(world.bill()) == 1
    check_told_once(daemon)


def test_a_read_only_inbox_is_waited_for(world, mounts):
    real = world.root / "real-inbox"
    os.rename(world.inbox, real)
    mounts.bind(real, world.inbox)
    world.configure(intake={"rescan": "1s"})
    daemon = world.start_daemon()
    mounts.bind(real, world.inbox)  # a second time: the first one is busy with kycd's lock
    mounts.remount(world.inbox, "bind,ro")
    for name, data in case_files("face_liveness", "held").items():
        (real / "face_liveness/held").mkdir(exist_ok=True)
        (real / "face_liveness/held" / name).write_bytes(data)
    daemon.wait_for_log("paused by a fault")
    mounts.remount(world.inbox, "bind,rw")
    world.wait_delivered("held", timeout=40)
    assert len(world.bill()) == 1
    check_told_once(daemon)


@pytest.mark.parametrize("below", ["nothing", "an empty spool"])
def test_a_spool_that_is_unmounted_under_the_daemon_is_waited_for(world, mounts, below):
    real = world.root / "real-spool"
    if below == "an empty spool":  # of a start before the mount was there
        for folder in ("inbox", "work", "outbox", "failed"):
            (world.spool / folder / "face_liveness").mkdir(parents=True, exist_ok=True)
    else:
        world.inbox.rmdir()
    (real / "inbox").mkdir(parents=True)
    mounts.bind(real, world.spool)
    world.configure(intake={"rescan": "1s"})
    world.sandbox.rules(NOT_YET)
    world.staging = world.spool / "staging"
    world.staging.mkdir()
    daemon = world.start_daemon()
    world.drop_case("pending")
    daemon.wait_for_log("submitted")
    mounts.unmount(world.spool)
    world.sandbox.rules()
    daemon.wait_for_log("paused by a fault", 40)
    wait_for(lambda: any(world.sandbox.stats()["polls_per_task"].values()), "a poll")
    mounts.bind(real, world.spool)
    world.wait_delivered("pending", timeout=40)
    world.drop_case("after")
    world.wait_delivered("after", timeout=40)
    assert len(world.bill()) == 2
    check_told_once(daemon, 2)


def share(world, mounts, root):
    """One root on a disk of its own, as producers and readers know it; where it can be reached when it is not mounted."""
    behind = mounts.small_disk(world.root / f"disk-of-{root}", "8m")
    real = behind / "share"
    real.mkdir()
    point = world.spool / root
    mounts.bind(real, point)
    if root == "inbox":
        world.staging = point / ".staging"
        world.staging.mkdir()
    return real, point


def test_an_outbox_that_is_unmounted_gets_its_answers_when_it_is_back(world, mounts):
    real, point = share(world, mounts, "outbox")
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("held")
    daemon.wait_for_log("submitted")
    mounts.unmount(point)
    world.sandbox.rules()
    daemon.wait_for_log("is not the folder that was mounted there before")
    assert list(point.iterdir()) == [], "nothing is put below a mount"
    mounts.bind(real, point)
    wait_for((point / "face_liveness/held/result.json").exists, "the delivery", 40)
    wait_for(lambda: not list(world.work.glob("*/held")), "the end of the copy in work/")
    assert len(world.bill()) == 1 and (real / "face_liveness/held/result.json").exists()
    check_told_once(daemon)


def beside(world, name, share):
    """The configuration of a kycd with a work/ and a ledger of its own on the same roots."""
    roots = {root: str(share / root) for root in ("inbox", "outbox", "failed")}
    world.configure(spool=None, folders={"work": str(world.root / f"work-{name}"), **roots}, ledger=str(world.root / f"ledger/{name}.db"))
    return world.config_file.rename(world.root / f"{name}.yaml")


def two_on_one_share(world, mounts):
    share = mounts.small_disk(world.root / "share", "32m")
    for name in ("inbox", "outbox", "failed", "staging"):
        (share / name).mkdir()
    world.inbox, world.outbox, world.staging = share / "inbox", share / "outbox", share / "staging"
    return beside(world, "one", share), beside(world, "two", share)


def test_a_second_kycd_on_a_shared_inbox_is_73_and_no_case_is_sent_twice(world, mounts):
    one, two = two_on_one_share(world, mounts)
    first = world.start("run", "--config", str(one))
    first.wait_for_log("started")
    for number in range(5):
        world.drop_case(f"A-{number}")
        refused = world.kycd("run", "--once", "--config", str(two))
        assert refused.code == 73, refused
        assert f"the inbox {world.inbox} is in use by another kycd, that of {world.root / 'work-one'} on " in refused.log, refused
    found = world.kycd("check", "--config", str(two))
    assert found.code == 73 and f"bad   inbox: the inbox {world.inbox} is in use by another kycd" in found.out, found
    found = world.kycd("check", "--config", str(one))
    assert found.code == 0 and "bad " not in found.out, found
    for number in range(5):
        wait_for((world.outbox / f"face_liveness/A-{number}/result.json").exists, "the delivery", 20)
    assert first.stop() == 0 and len(world.bill()) == 5


def test_a_share_is_another_kycds_until_somebody_says_that_it_is_gone(world, mounts):
    one, two = two_on_one_share(world, mounts)
    world.drop_case("A-1")
    assert world.kycd("run", "--once", "--config", str(one)).code == 0
    owner = world.inbox / ".kycd/.owner"
    for command in (("run", "--once"), ("check",)):
        refused = world.kycd(*command, "--config", str(two))
        assert refused.code == 73 and f"if the other one is gone for good, remove {owner}" in refused.out + refused.log, refused
    assert world.kycd("check", "--config", str(one)).code == 0
    assert world.kycd("run", "--once", "--config", str(one)).code == 0
    owner.unlink()
    world.drop_case("A-2")
    assert world.kycd("run", "--once", "--config", str(two)).code == 0
    assert world.kycd("run", "--once", "--config", str(one)).code == 73
    assert (world.outbox / "face_liveness/A-2/result.json").exists() and len(world.bill()) == 2


def test_a_share_that_was_used_before_there_were_owners_is_taken_over(world, mounts):
    one, two = two_on_one_share(world, mounts)
    world.drop_case("A-1")
    assert world.kycd("run", "--once", "--config", str(one)).code == 0
    (world.inbox / ".kycd/.owner").unlink()
    (world.inbox / ".kycd/.lock").unlink()
    left = world.inbox / ".kycd/face_liveness/A-2"
    left.mkdir(parents=True)
    for name, data in case_files("face_liveness", "A-2").items():
        (left / name).write_bytes(data)
    assert world.kycd("run", "--once", "--config", str(one)).code == 0
    assert (world.outbox / "face_liveness/A-2/result.json").exists()
    assert world.kycd("run", "--once", "--config", str(two)).code == 73


@pytest.mark.parametrize("root", ["inbox", "outbox"])
def test_a_mount_inside_a_root_is_told(world, mounts, root):
    point = world.spool / root / "face_liveness"
    mounts.small_disk(point)
    checked = world.kycd("check", "--config", str(world.config_file))
    assert checked.code == 73, checked
    assert f"bad   {root}: {point} is a mount of its own inside {world.spool / root}" in checked.out, checked
    daemon = world.start_daemon()
    if root == "inbox":
        world.staging = point / ".staging"
        world.staging.mkdir()
    world.drop_case("held")
    daemon.wait_for_log("Invalid cross-device link", timeout=30)
    told = f"Invalid cross-device link (in {point}) (is a mount inside it?)"
    why = world.kycd("why", "face_liveness/held", "--config", str(world.config_file))
    assert told in why.out, why
    assert told in world.kycd("status", "--config", str(world.config_file)).out
    mounts.unmount(point)
    assert world.kycd("check", "--config", str(world.config_file)).code == 0
    daemon.stop()


def test_a_failed_case_waits_for_the_mount_of_failed(world, mounts):
    real, point = share(world, mounts, "failed")
    daemon = world.start_daemon()
    mounts.unmount(point)
    world.drop_folder("face_liveness", "bad", {"image.jpg": b"no image"})
    daemon.wait_for_log("is not the folder that was mounted there before")
    world.drop_case("good")
    world.wait_delivered("good", timeout=40)
    assert list(point.iterdir()) == []
    mounts.bind(real, point)
    wait_for((real / "face_liveness/bad/error.json").exists, "the delivery", 40)
    check_told_once(daemon)


def test_an_inbox_that_is_unmounted_is_waited_for(world, mounts):
    real, point = share(world, mounts, "inbox")
    world.configure(intake={"rescan": "1s"})
    daemon = world.start_daemon()
    world.drop_case("before")
    world.wait_delivered("before")
    mounts.unmount(point)
    daemon.wait_for_log("is not the folder that was mounted there before")
    staged = real / ".staging/after"
    staged.mkdir()
    for name, data in case_files("face_liveness", "after").items():
        (staged / name).write_bytes(data)
    os.rename(staged, real / "face_liveness/after")
    mounts.bind(real, point)
    world.wait_delivered("after", timeout=40)
    assert len(world.bill()) == 2
    check_told_once(daemon)


@pytest.mark.parametrize("root", ["inbox", "outbox", "failed"])
def test_a_root_that_is_not_mounted_at_the_start_is_no_empty_folder(world, mounts, root):
    real, point = share(world, mounts, root)
    assert world.run_once().code == 0
    mounts.unmount(point)
    world.staging = world.root / "staging"
    run = world.run_once()
    assert run.code == 73 and str(point) in run.log and f"work/.mounts/{root}" in run.log, run
    assert list(point.iterdir()) == [], "nothing was made below the mount"
    point.rmdir()
    run = world.run_once()
    assert run.code == 73 and not point.exists(), run
    mounts.bind(real, point)
    assert world.run_once().code == 0
    mounts.unmount(point)
    (world.work / ".mounts" / root).unlink()
    world.drop_case("moved")
    assert world.run_once().code == 0, "the administrator has said that it is so on purpose"
    world.wait_delivered("moved")


@needs_preload
@pytest.mark.parametrize("fault", ["EIO", "ESTALE", "ENFILE"])
def test_a_folder_that_the_disk_cannot_show_at_the_start_is_no_wrong_configuration(world, fault):
    """78 would keep systemd from starting kycd again."""
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.spool), KYCD_INJECT=f"stat:{fault}:1:1")
    run = world.kycd("run", "--config", str(world.config_file), env=env)
    assert run.code == 73 and "folders.inbox" in run.log, run


@pytest.mark.parametrize("way", ["removed", "removed and restored", "its WAL removed"])
def test_a_ledger_that_is_removed_under_the_daemon_is_put_back_and_nothing_is_paid_twice(world, way):
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    for name in ("A-1", "A-2"):
        world.drop_case(name)
    wait_for(lambda: daemon.log().count("submitted") == 2, "the receipts")
    book = world.root / "ledger/ledger.db"
    backup = book.read_bytes()
    for file in book.parent.iterdir():
        if way != "its WAL removed" or file.name.endswith("-wal"):
            file.unlink()
    if way == "removed and restored":
        book.write_bytes(backup)
    daemon.wait_for_log(f"the ledger {book} was ")
    world.drop_case("B-1")
    wait_for(lambda: daemon.log().count("submitted") == 3, "the receipt of what came later")
    assert book.with_name("ledger.db.replaced-1").exists() == (way == "removed and restored")
    status = world.kycd("status", "--config", str(world.config_file))
    assert status.code == 0 and not status.log, status
    daemon.stop(signal.SIGKILL)
    world.sandbox.rules()
    again = world.start_daemon()
    for name in ("A-1", "A-2", "B-1"):
        world.wait_delivered(name, timeout=20)
    assert len(world.bill()) == 3 and again.stop() == 0
    assert "paused by a fault" not in daemon.log()


def test_without_a_place_for_the_ledger_nothing_is_sent_and_a_look_says_so(world):
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("submitted")
    folder = world.root / "ledger"
    folder.rename(world.root / "away")
    world.drop_case("B-1")
    daemon.wait_for_log("has gone with its folder, is it mounted?")
    for command in ("status", "list"):
        look = world.kycd(command, "--config", str(world.config_file))
        assert look.code == 73 and "although kycd runs" in look.log, look
    assert len(world.bill()) == 1
    (world.root / "away").rename(folder)
    wait_for(lambda: len(world.bill()) == 2, "the case that waited", 20)
    check_told_once(daemon, most=2)


def test_a_ledger_that_is_removed_just_before_a_stop_is_there_afterwards(world):
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("submitted")
    for file in (world.root / "ledger").iterdir():
        file.unlink()
    assert daemon.stop() == 0
    world.sandbox.rules()
    world.start_daemon()
    world.wait_delivered("A-1", timeout=20)
    assert len(world.bill()) == 1


@needs_preload
def test_a_ledger_that_could_not_be_read_for_a_moment_is_not_called_damaged(world):
    """Set aside, it would take the receipts with it, and the cases in work/ would be paid again."""
    world.drop_case("earlier")
    assert world.run_once().code == 0
    for nth in range(1, 41):
        env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.root / "ledger"),
                   KYCD_INJECT=f"read:EIO:{nth}:1:ledger.db", KYCD_INJECT_LOG=str(world.root / "fired"))
        run = world.run_once(env=env)
        assert run.code in (0, 73), f"read {nth}: {run}"
        assert not list((world.root / "ledger").glob("*damaged*")), f"read {nth}: {run}"
    assert (world.root / "fired").exists()


@needs_preload
def test_an_image_on_a_bad_place_of_the_disk_ends_its_case_while_others_get_through(world):
    world.configure(retry={"attempts": 3}, intake={"rescan": "1s"})
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.spool),
               KYCD_INJECT="read:EIO:1:0:work/face_liveness/bad/image.jpg")
    daemon = world.start_daemon(env)
    world.drop_case("bad")
    daemon.wait_for_log("paused by a fault")
    world.drop_case("good")
    world.wait_delivered("good")
    error = world.wait_failed("bad", timeout=30)
    assert error["code"] == "FILE_UNREADABLE" and error["stage"] == "intake" and error["attempts"] == 0, error
    assert "image.jpg" in error["message"] and "Input/output error" in error["message"], error
    assert len(world.bill()) == 1


@needs_preload
def test_a_disk_that_gives_no_image_at_all_fails_no_case(world):
    off = world.root / "off"
    world.configure(retry={"attempts": 2}, intake={"rescan": "60s"})
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.spool),
               KYCD_INJECT="read:EIO:1:0:/image.jpg", KYCD_INJECT_OFF=str(off), KYCD_INJECT_LOG=str(world.root / "met"))
    daemon = world.start_daemon(env)
    world.drop_case("kept")
    daemon.wait_for_log("paused by a fault")
    wait_for(lambda: len((world.root / "met").read_text().splitlines()) >= 4, "four tries", 20)
    off.touch()
    world.wait_delivered("kept", timeout=20)
    assert len(world.bill()) == 1 and not list(world.failed.glob("*/*"))


# inotify


@needs_preload
@pytest.mark.parametrize("first", [1, 3])
def test_cases_are_found_without_enough_inotify_watches(world, first):
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.spool),
               KYCD_INJECT=f"inotify_add:ENOSPC:{first}:1000000")
    daemon = world.start_daemon(env)
    world.drop_case("unwatched")
    world.wait_delivered("unwatched")
    world.drop_case("again")
    world.wait_delivered("again")
    assert "poll" in daemon.log().splitlines()[0], daemon.log()
    assert len(world.bill()) == 2


def test_an_overflow_of_events_loses_no_case(world):
    daemon = world.start_daemon()
    daemon.send(signal.SIGSTOP)
    folder = world.inbox / "face_liveness"
    for number in range(9000):  # two events each; the queue takes 16384
        (folder / f"{number}.tmp").touch()
    for number in range(20):
        world.drop_case(f"late-{number}")
    daemon.send(signal.SIGCONT)
    for number in range(20):
        world.wait_delivered(f"late-{number}", timeout=20)
    assert len(world.bill()) == 20


# The clock


@needs_preload
@pytest.mark.parametrize("jump", [300, 86_400, -300, -86_400])
def test_a_clock_that_is_set_harms_no_case(world, jump):
    """While one case is polled, one settles, and one comes later with the token of before."""
    clock = world.root / "clock"
    clock.write_text("0")
    world.configure(intake={"settle": "700ms", "rescan": "1s"})
    world.sandbox.rules(NOT_YET)
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_CLOCK_FILE=str(clock))
    daemon = world.start_daemon(env)
    world.drop_case("polled")
    daemon.wait_for_log("submitted")
    folder = world.inbox / "face_liveness/settling"
    folder.mkdir()
    for name, data in case_files("face_liveness", "settling").items():
        (folder / name).write_bytes(data)
    wait_for(lambda: world.sandbox.fired("not yet") > 1, "a second poll")
    clock.write_text(str(jump))
    world.sandbox.rules()
    began = time.monotonic()
    world.wait_delivered("polled", timeout=20)
    world.wait_delivered("settling", timeout=20)
    world.drop_case("later")
    world.wait_delivered("later", timeout=20)
    clock.write_text("0")
    world.drop_case("back")
    world.wait_delivered("back", timeout=20)
    assert time.monotonic() - began < 60
    assert len(world.bill()) == 4


@needs_preload
def test_a_day_between_stop_and_start_ends_no_task(world):
    clock = world.root / "clock"
    clock.write_text("0")
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_CLOCK_FILE=str(clock))
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon(env)
    world.drop_case("overnight")
    daemon.wait_for_log("submitted")
    assert daemon.stop() == 0
    world.sandbox.rules()
    clock.write_text("86400")
    world.start_daemon(env)
    world.wait_delivered("overnight", timeout=20)
    assert len(world.bill()) == 1
