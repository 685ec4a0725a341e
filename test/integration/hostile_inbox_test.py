"""Producers that plant links, pipes, odd names and moving targets: each ends in a clear state, and nothing outside the
spool is read, written or followed.
"""

import json
import os
import random
import socket
import stat
import threading

import pytest
from conftest import picture, sha256, wait_for

LONG_AGO = 1_000_000_000 * 10**9


class Outside:
    """Files that are no producer's business. A read would move their access time, a chmod the rest."""

    def __init__(self, world):
        self.folder = world.root / "outside"
        self.folder.mkdir()
        self.image = self.folder / "image.jpg"
        self.image.write_bytes(picture("image", "outside"))
        self.manifest = self.folder / "case.json"
        self.manifest.write_text(json.dumps({"labels": {"from": "outside"}}))
        for file in (self.image, self.manifest):
            file.chmod(0o644)
            os.utime(file, ns=(LONG_AGO, LONG_AGO + 10**9))  # read less recently than written: relatime notes a read
        self.before = self.looks()

    def looks(self):
        def told(path):
            found = os.lstat(path)
            return (path.name, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_size,
                    found.st_atime_ns if path.is_file() else 0)
        return sorted(told(path) for path in [self.folder, *self.folder.iterdir()])

    def check(self, world):
        assert self.looks() == self.before
        assert self.image.read_bytes() == picture("image", "outside")
        told = {sha256(self.image.read_bytes()), sha256(self.manifest.read_bytes())}
        sent = {file["sha256"] for line in world.bill() for file in line["files"]}
        assert not told & sent, "a file from outside was uploaded"


@pytest.fixture
def outside(world):
    (world.inbox / "face_liveness").mkdir()
    canary = Outside(world)
    yield canary
    canary.check(world)


def is_still(world, service="face_liveness"):
    """Whether no case waits, is being claimed or is worked at: looked at in the order in which a case goes its way.

    A folder may be claimed while it is looked at: iterdir() and glob() would raise, os.walk() does not.
    """
    ways = (world.inbox / service, world.work / ".assembly", world.work / service)
    return not any(files for way in ways for _, _, files in os.walk(way))


def plant(kind, path, target):
    """Something that is no regular file of its own at `path`."""
    if kind == "link":
        os.symlink(target, path)
    elif kind == "relative link":
        os.symlink(os.path.relpath(target, path.parent), path)
    elif kind == "link to a link":
        os.symlink(target, path.with_name("first"))
        os.symlink("first", path)
    elif kind == "hard link":
        os.link(target, path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the path of a socket is short
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero: never ends
        except PermissionError:
            pytest.skip("only root makes devices")
    elif kind == "folder":
        path.mkdir()
        (path / "image.jpg").write_bytes(picture("image", "inside"))


KINDS = ["link", "relative link", "hard link", "pipe", "socket", "device"]


def refused(world, case="A-1", code="NOT_A_REGULAR_FILE"):
    run = world.run_once()
    assert run.code == 1, run
    error = world.error(case)
    assert error["code"] == code and error["advice"] and world.bill() == []
    return error


@pytest.mark.parametrize("kind", [*KINDS, "link to a link", "folder"])
def test_what_stands_in_an_images_place_is_refused_unread(world, outside, kind):
    made = world.staging / "case"
    made.mkdir()
    plant(kind, made / "image.jpg", outside.image)
    os.rename(made, world.inbox / "face_liveness/A-1")
    error = refused(world)
    if kind == "hard link":
        assert "hard link" in error["message"] and "Copy the file" in error["advice"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_a_flat_images_place_is_refused_unread(world, outside, kind):
    plant(kind, world.inbox / "face_liveness/A-1.jpg", outside.image)
    refused(world)


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_what_stands_in_the_manifests_place_is_refused_unread(world, outside, kind):
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    plant(kind, made / "case.json", outside.manifest)
    os.rename(made, world.inbox / "face_liveness/A-1")
    refused(world)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_listed_with_a_hash_is_refused_unread(world, outside, kind):
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    (made / "case.json").write_text(json.dumps({"sha256": {"scan.pdf": sha256(outside.image.read_bytes())}}))
    os.utime(outside.image, ns=(LONG_AGO, LONG_AGO + 10**9))
    plant(kind, made / "scan.pdf", outside.image)
    os.rename(made, world.inbox / "face_liveness/A-1")
    refused(world)


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_what_lies_beside_the_images_travels_untouched(world, outside, kind):
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    plant(kind, made / "more", outside.image)
    os.rename(made, world.inbox / "face_liveness/A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert [file["sha256"] for line in world.bill() for file in line["files"]] == [sha256(picture("image", "A-1"))]
    assert os.path.lexists(world.outbox / "face_liveness/A-1/more")


@pytest.mark.parametrize("kind", ["link", "pipe", "socket", "device"])
def test_what_stands_in_a_cases_place_is_refused_unread(world, outside, kind):
    plant(kind, world.inbox / "face_liveness/A-1", outside.folder)
    refused(world)


@pytest.mark.parametrize("name", ["result.json", "error.json", ".kycd.result.json.tmp"])
def test_links_under_kycds_own_names_are_not_written_through(world, outside, name):
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    (made / name).symlink_to(outside.manifest)
    os.rename(made, world.inbox / "face_liveness/A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert world.result("A-1")["verdict"] == "pass" and len(world.bill()) == 1
    assert not (world.outbox / "face_liveness/A-1/result.json").is_symlink()


# Names

GOOD_NAMES = [b"-rf", b"--config=x", b"a..b", b"$(touch x)", b"%0A", b"a b", "ü漢".encode(), b"x" * 200]
BAD_NAMES = [b"two\nlines", b"bell\x07", b"esc\x1b[2J", b"latin1-\xe9", b"\xff\xfe", b"x" * 255, b"cut-\xe2\x82", b"del\x7f"]


def test_every_name_ends_in_a_clear_state(world, outside):
    inbox = os.fsencode(world.inbox / "face_liveness")
    for number, name in enumerate([*GOOD_NAMES, *BAD_NAMES]):
        folder = world.drop_case(f"made-{number}")
        os.rename(folder, os.path.join(inbox, name))
    for name in (b"...", b"..a"):  # dot files are junk and stay
        os.mkdir(os.path.join(inbox, name))
    run = world.run_once()
    assert run.code == 1, run
    assert sorted(os.listdir(inbox)) == [b"...", b"..a"]
    assert len(world.bill()) == len(GOOD_NAMES)
    assert set(os.listdir(os.fsencode(world.outbox / "face_liveness"))) == set(GOOD_NAMES)
    assert run.summary["codes"] == {"BAD_CASE_NAME": len(BAD_NAMES)}
    failed = os.listdir(os.fsencode(world.failed / "face_liveness"))
    assert len(failed) == len(BAD_NAMES)
    assert all(name.isascii() and b"\n" not in name and b"\x1b" not in name for name in failed)
    assert "\x1b" not in run.log and "\x07" not in run.log and "two\nlines" not in run.log


def test_flat_files_of_bad_names_fail_as_cases(world, outside):
    inbox = os.fsencode(world.inbox / "face_liveness")
    for name in (b"two\nlines.jpg", b"latin1-\xe9.jpg", b"x" * 251 + b".jpg"):
        with open(os.path.join(inbox, name), "wb") as file:
            file.write(picture("image", name))
    run = world.run_once()
    assert run.code == 1 and run.summary["codes"] == {"BAD_CASE_NAME": 3}, run
    assert os.listdir(inbox) == [] and world.bill() == []


def test_odd_file_names_in_a_case_travel_with_it(world, outside):
    folder = os.fsencode(world.staging / "case")
    os.mkdir(folder)
    names = [b"two\nlines", b"latin1-\xe9.jpg", b"y" * 255, b"-rf", b"...", b"\x1b[2J.png"]
    for name, data in [(b"image.jpg", picture("image", "A-1")), *[(name, b"junk") for name in names]]:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    os.rename(folder, os.fsencode(world.inbox / "face_liveness/A-1"))
    run = world.run_once()
    assert run.code == 0 and len(world.bill()) == 1, run
    there = os.listdir(os.fsencode(world.outbox / "face_liveness/A-1"))
    assert set(there) == {b"image.jpg", b"result.json", *names}


# Sizes and moving targets


def test_ten_thousand_files_in_a_case_take_bounded_time_and_memory(world, outside):
    daemon = world.start_daemon()
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    for number in range(10_000):
        (made / f"{number:05}-{'n' * 200}").touch()
    os.rename(made, world.inbox / "face_liveness/A-1")
    world.drop_case("B-1")
    world.wait_delivered("B-1")
    world.wait_delivered("A-1", timeout=30)
    assert len(os.listdir(world.outbox / "face_liveness/A-1")) == 10_002
    with open(f"/proc/{daemon.pid}/status") as status:
        most = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert "ASAN_OPTIONS" in world.env or most < 200_000, f"{most} KiB"
    assert daemon.stop() == 0 and len(world.bill()) == 2


def test_cases_that_are_renamed_or_deleted_while_they_are_looked_at_come_out_once_or_not_at_all(world, outside):
    world.configure(intake={"settle": "0s"})
    daemon = world.start_daemon()
    inbox = world.inbox / "face_liveness"
    dice = random.Random(4711)
    images = {}
    for number in range(80):
        case = f"A-{number}"
        images[sha256(picture("image", case))] = case
        world.drop_case(case)
        act = dice.choice(["rename", "delete", "delete", "leave"])
        try:
            if act == "rename":
                os.rename(inbox / case, inbox / f"renamed-{number}")
            elif act == "delete":
                (inbox / case / "image.jpg").unlink()
                (inbox / case).rmdir()
        except OSError:
            pass  # kycd was faster

    wait_for(lambda: is_still(world), "every case that is left to come out", 60)
    assert daemon.stop() == 0
    sent = [file["sha256"] for line in world.bill() for file in line["files"]]
    assert len(sent) == len(set(sent)), "a case was paid twice"
    delivered = [json.loads(file.read_text()) for file in world.outbox.rglob("result.json")]
    assert sorted(each["files"][0]["sha256"] for each in delivered) == sorted(sent)
    for file in world.failed.rglob("error.json"):
        assert json.loads(file.read_text())["code"] in ("CASE_INCOMPLETE", "FILE_UNREADABLE"), file


def test_a_file_that_is_replaced_until_the_claim_is_sent_as_it_was_checked(world, outside):
    world.configure(intake={"settle": "0s"})
    daemon = world.start_daemon()
    inbox = world.inbox / "face_liveness"
    versions = {sha256(picture("image", number)): number for number in range(40)}
    for number in range(40):
        made = world.staging / "next.jpg"
        made.write_bytes(picture("image", number))
        os.replace(made, inbox / "A-1.jpg")
    wait_for(lambda: is_still(world), "everything to come out", 60)
    assert daemon.stop() == 0
    results = [json.loads(file.read_text()) for file in world.outbox.rglob("result.json")]
    sent = [file["sha256"] for line in world.bill() for file in line["files"]]
    assert len(results) == len(sent) and set(sent) <= set(versions)
    for file in world.outbox.rglob("result.json"):
        told = json.loads(file.read_text())["files"][0]
        assert told["sha256"] == sha256((file.parent / "A-1.jpg").read_bytes()) and told["sha256"] in sent


def test_a_file_that_its_producer_goes_on_writing_is_sent_as_it_was_checked_or_not_at_all(world, outside):
    """Under `ready: marker` nobody asks for open writers: the marker says that there are none. It may lie."""
    world.configure(intake={"ready": "marker"})
    daemon = world.start_daemon()
    pictures = [picture("image", "one"), picture("image", "two")]
    for case in range(10):
        made = world.staging / "case"
        made.mkdir()
        (made / "image.jpg").write_bytes(pictures[0])
        (made / ".done").touch()
        stop = threading.Event()
        with open(made / "image.jpg", "r+b", buffering=0) as held:
            def scribble():
                number = 0
                while not stop.is_set():
                    number += 1
                    os.pwrite(held.fileno(), pictures[number % 2], 0)

            writer = threading.Thread(target=scribble)
            writer.start()
            os.rename(made, world.inbox / f"face_liveness/A-{case}")
            ends = [world.outbox / f"face_liveness/A-{case}/result.json",
                    world.failed / f"face_liveness/A-{case}/error.json"]
            try:
                wait_for(lambda: any(end.exists() for end in ends), f"A-{case} to come out")
            finally:
                stop.set()
                writer.join()
    assert daemon.stop() == 0
    codes = {json.loads(file.read_text())["code"] for file in world.failed.rglob("error.json")}
    assert codes <= {"FILE_CHANGED", "IMAGE_DAMAGED", "NOT_AN_IMAGE"}
    results = [json.loads(file.read_text()) for file in world.outbox.rglob("result.json")]
    sent = sorted(file["sha256"] for line in world.bill() for file in line["files"])
    assert sorted(result["files"][0]["sha256"] for result in results) == sent


def test_a_name_that_hides_what_follows_is_escaped_in_the_log(world):
    world.drop_case("a \u202egpj.exe")
    run = world.run_once()
    assert run.code == 0 and "\u202e" not in run.log and "\\xe2\\x80\\xae" in run.log


@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_stands_in_place_of_a_services_folder_is_told_until_it_has_gone(world, kind):
    world.configure(intake={"rescan": "1s"}, once={"patience": "2s"})
    share = world.root / "share"
    case = share / "P-1"
    case.mkdir(parents=True)
    (case / "passport_image.jpg").write_bytes(picture("passport_image", "P-1"))
    place = world.inbox / "ocr_passport"
    if kind == "link":
        place.symlink_to(share)
    else:
        place.write_text("")
    words = f"{place} " + ("is a link, which kycd does not follow (" if kind == "link" else "stands where a folder belongs (")

    def tell(*command):
        return world.kycd(*command, "--config", str(world.config_file))

    check = tell("check")
    assert check.code == 73 and f"bad   inbox: {words}" in check.out, check
    once = world.run_once()
    assert once.code == 73 and words in once.log, once
    stopped = tell("status")
    assert stopped.code == 73 and words in stopped.log, stopped
    daemon = world.start_daemon()
    daemon.wait_for_log(f"paused by a fault of the system: {words}")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    status = tell("status")
    assert f"paused: fault of the system: Not a directory (in {place})" in status.out, status
    for named in [str(place), str(place / "P-1")] if kind == "link" else [str(place)]:
        why = tell("why", named)
        assert ": unreadable\n" in why.out and words in why.out and "taken" not in why.out, why
    why = tell("why", "ocr_passport/P-1")
    assert words in why.log and f"cannot be read: Not a directory (in {place})" in why.out, why
    assert daemon.log().count(words) == 1, daemon.log()
    place.unlink()
    os.rename(share, place)
    world.wait_delivered("P-1", "ocr_passport", timeout=20)
    assert tell("status").code == 0 and tell("check").code == 0


def test_check_finds_links_in_place_of_folders_for_what_has_ended(world):
    for root in (world.outbox, world.failed):
        root.mkdir()
        (root / "face_liveness").symlink_to(world.root)
    check = world.kycd("check", "--config", str(world.config_file))
    for root in (world.outbox, world.failed):
        assert f"bad   {root.name}: {root / 'face_liveness'} is a link, " in check.out, check
    assert check.code == 73
