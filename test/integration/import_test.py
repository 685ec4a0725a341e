"""kycd import: rows of a CSV become cases that are delivered, bad rows are told, and nothing comes twice."""

import csv
import fcntl
import io
import json
import os
import pathlib
import signal
import subprocess
import tempfile

import pytest
from conftest import FIELDS, IMAGES, KYCD, World, picture, wait_for
from schemas import check

BREAKABLE = os.environ["KYCD_BREAKABLE"]
COLUMNS = ["name", "service", "selfie_image", "front_id", "back_id", "passport_image", "image", "uuid", "fullname", "birth_date",
           "extend_data", "priority", "label.branch"]


class Migration:
    """A folder of scans beside the spool, and the rows of a file."""

    def __init__(self, world):
        self.world = world
        self.scans = world.root / "scans"
        self.scans.mkdir()
        self.file = world.root / "cases.csv"
        self.rows = []

    def scan(self, name, field="image", answer=None):
        """A picture; its path as it stands in a row."""
        path = self.scans / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(field, name, answer))
        return name

    def row(self, name, service="face_liveness", **cells):
        for field in IMAGES.get(service, []):
            if field not in cells:
                cells[field] = self.scan(f"{name}/{field}.jpg", field)
        self.rows.append({"name": name, "service": service, **FIELDS.get(service, {}), **cells})

    def write(self, columns=COLUMNS, **style):
        text = io.StringIO(newline="")
        out = csv.DictWriter(text, columns, restval="", **style)
        out.writeheader()
        out.writerows(self.rows)
        self.file.write_text(text.getvalue())

    def run(self, *arguments, file=None, env=None, write=True):
        if write:
            self.write()
        return self.world.kycd("import", str(file or self.file), "--root", str(self.scans), "--config", str(self.world.config_file),
                               *arguments, env=env)

    def run_json(self, *arguments, code=0, **more):
        run = self.run("--json", *arguments, **more)
        assert run.code == code, run
        return check("import", json.loads(run.out))


@pytest.fixture
def migration(world):
    return Migration(world)


def waiting(world):
    return {f"{place.parent.name}/{place.name}" for place in world.inbox.glob("[!.]*/*")}


def staged(world):
    return [str(file) for file in world.inbox.glob(".kycd-import/*/*/*")]


# Good rows


def test_rows_of_every_service_are_delivered(world, migration):
    world.drop_case("R-1", "register_face")
    assert world.run_once().code == 0
    face = world.result("R-1", "register_face")["registered_face"]
    for service in IMAGES:
        migration.row(f"A {service}", service, **({"uuid": face} if service == "authenticate_face" else {}))
    done = migration.run()
    assert done.code == 0 and done.log == "", done
    assert done.out.startswith("10 rows: 10 imported (") and done.out.endswith("), 0 already there, 0 bad\n")
    assert waiting(world) == {f"{service}/A {service}" for service in IMAGES}
    assert world.run_once().code == 0
    assert world.cases("outbox") == {f"{service}/A {service}" for service in IMAGES} | {"register_face/R-1"}
    assert staged(world) == []
    assert all((migration.scans / f"A {service}").exists() for service in IMAGES if IMAGES[service])  # the scans stay


def test_what_the_row_says_beside_images_is_in_case_json(world, migration):
    migration.row("A-1", extend_data="TRUE", priority="High", **{"label.branch": "north, 2nd \"floor\""})
    migration.row("A-2", priority="normal", extend_data="false")
    migration.row("A-3")
    migration.row("B-1", "background_check")
    assert migration.run().code == 0
    said = {case: json.loads((world.inbox / case / "case.json").read_text()) for case in waiting(world)
            if (world.inbox / case / "case.json").exists()}
    for each in said.values():
        check("case", each)
    assert said == {"face_liveness/A-1": {"extend_data": True, "priority": "high", "labels": {"branch": "north, 2nd \"floor\""}},
                    "face_liveness/A-2": {"extend_data": False},
                    "background_check/B-1": {"fields": FIELDS["background_check"]}}
    assert world.run_once().code == 0


def test_spreadsheets_write_it_in_many_ways(world, migration):
    for number, (text, service) in enumerate([
            ("\ufeffName;Service;IMAGE;;\r\nA-0;face_liveness;a.jpg;;\r\n", "face_liveness"),
            ("name\tservice\timage\nA-1\tliveness\ta.jpg\n", "liveness"),
            (f"service,name,image\nface_liveness,A-2,{migration.scans}/./a.jpg\n", "face_liveness"),
            ("name,service,image\n\n\"A-3\",face_liveness,\"a.jpg\"", "face_liveness")]):
        migration.scan("a.jpg")
        migration.file.write_text(text)
        done = migration.run(write=False)
        assert done.code == 0, done
        assert f"{service}/A-{number}" in waiting(world)
    assert world.run_once().code == 0


def test_files_are_copies_of_their_own_and_named_after_their_fields(world, migration):
    first = migration.scan("x/IMG_0001.JPEG", "front_id")
    os.link(migration.scans / first, migration.scans / "second name.tmp")
    migration.row("A-1", "ocr_card", front_id="second name.tmp", back_id=first)
    assert migration.run().code == 0
    case = world.inbox / "ocr_card/A-1"
    assert sorted(file.name for file in case.iterdir()) == ["back_id.JPEG", "front_id"]
    for file in case.iterdir():
        assert file.stat().st_nlink == 1 and file.read_bytes() == (migration.scans / first).read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
    assert case.stat().st_mode & 0o777 == 0o700
    assert world.run_once().code == 0


def test_under_the_marker_rule_cases_have_their_marker(world, migration):
    world.configure(intake={"ready": "marker"})
    migration.row("A-1")
    assert migration.run().code == 0
    assert (world.inbox / "face_liveness/A-1/.done").read_bytes() == b""
    assert world.run_once().code == 0 and world.cases("outbox") == {"face_liveness/A-1"}


def test_beside_a_running_daemon_each_case_is_taken_at_once(world, migration):
    daemon = world.start_daemon()
    for number in range(20):
        migration.row(f"A-{number}")
    assert migration.run().code == 0
    for number in range(20):
        world.wait_delivered(f"A-{number}")
    assert migration.run().out.startswith("20 rows: 0 imported (0B), 20 already there, 0 bad")
    assert daemon.stop() == 0 and len(world.bill()) == 20


def test_before_the_first_start_only_the_inbox_has_to_be_there(world, migration):
    migration.row("A-1")
    assert migration.run().code == 0 and waiting(world) == {"face_liveness/A-1"}
    assert world.run_once().code == 0


# Bad rows


def test_bad_rows_are_told_with_their_line_and_the_rest_goes_on(world, migration):
    scans = migration.scans
    (scans / "empty.jpg").touch()
    (scans / "large.jpg").write_bytes(b"x" * 2_000_001)
    (scans / "folder").mkdir()
    (scans / "link.jpg").symlink_to("good/image.jpg")
    (scans / "out").symlink_to(world.root)
    os.mkfifo(scans / "pipe")
    migration.row("good")
    for name, image in {"m": "no\u2028where.jpg", "e": "empty.jpg", "l": "large.jpg", "d": "folder", "s": "link.jpg", "o": "out/password",
                        "p": "../password", "a": str(world.password_file), "f": "pipe", "w": "good\\image.jpg"}.items():
        migration.row(name, image=image)
    migration.row("good")
    migration.row("", image="good/image.jpg")
    migration.row(".hidden", image="good/image.jpg")
    migration.row("x" * 201, image="good/image.jpg")
    migration.row("a/b", image="good/image.jpg")
    migration.row("copy.part", image="good/image.jpg")
    migration.row("n1", "no_service")
    migration.row("n2", "")
    migration.row("n3", "reverify")
    migration.row("c1", "ocr_card", back_id="")
    migration.row("c2", front_id="good/image.jpg")
    migration.row("c3", "background_check", extend_data="true")
    migration.row("v1", extend_data="yes")
    migration.row("v2", priority="urgent")
    migration.row("v3", "authenticate_face", uuid="4711")
    migration.row("v4", "background_check", birth_date="31.12.1971")
    migration.row("v5", "background_check", fullname="")
    migration.row("v6", **{"label.branch": "x" * 70_000})
    migration.row("last")
    told = migration.run_json(code=1)
    assert waiting(world) == {"face_liveness/good", "face_liveness/last"} and staged(world) == []
    assert (told["rows"], told["imported"], told["bad"]) == (len(migration.rows), 2, len(migration.rows) - 2)
    assert [row["line"] for row in told["problems"]] == list(range(3, len(migration.rows) + 1))
    by_name = {}
    for row in told["problems"]:
        by_name.setdefault(row["name"], row["problem"])
    assert by_name == {
        "m": "file_missing", "e": "file_empty", "l": "file_too_large", "d": "not_a_regular_file", "s": "outside_root", "o": "outside_root",
        "p": "outside_root", "a": "outside_root", "f": "not_a_regular_file", "w": "file_missing", "good": "duplicate", "": "bad_name",
        ".hidden": "bad_name", "x" * 201: "bad_name", "a/b": "bad_name", "copy.part": "bad_name", "n1": "unknown_service",
        "n2": "unknown_service", "n3": "unknown_service", "c1": "missing", "c2": "not_of_service", "c3": "not_of_service",
        "v1": "bad_value", "v2": "bad_value", "v3": "bad_value", "v4": "bad_value", "v5": "missing", "v6": "bad_value"}
    text = migration.run()
    assert text.code == 1 and "0 imported (0B), 2 already there" in text.out
    assert "line 3: face_liveness/m: no\\u2028where.jpg is not there" in text.out or "line 3: face_liveness/m: no\\xe2" in text.out
    assert "line 13: face_liveness/good: line 2 has a case of this name already" in text.out
    assert "31.12.1971" not in text.out and "4711" not in text.out, "what stands in a form field is about a person"
    assert world.run_once().code == 0


def test_as_root_it_works_as_the_spools_owner_who_has_to_read_the_scans():
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        os.chmod(place, 0o755)
        world = World(pathlib.Path(place))
        world.configure()
        migration = Migration(world)
        migration.row("A-1")
        migration.row("A-2")
        (migration.scans / "A-1/image.jpg").chmod(0o600)
        subprocess.run(["chown", "-R", "nobody:", str(world.spool), str(world.root / "ledger")], check=True)
        migration.write()
        migration.file.chmod(0o600)  # the list itself is read as whoever calls
        told = migration.run_json("--report", str(world.root / "bad.csv"), code=1, write=False)
        assert [(row["name"], row["problem"]) for row in told["problems"]] == [("A-1", "file_unreadable")]
        assert "A-1" in (world.root / "bad.csv").read_text()
        assert waiting(world) == {"face_liveness/A-2"}
        assert (world.inbox / "face_liveness/A-2/image.jpg").owner() == "nobody"
        assert (world.inbox / "face_liveness").owner() == "nobody"
        migration.scans.chmod(0o700)
        shut = migration.run(write=False)
        assert shut.code == 73 and "user nobody, as whom this works, must be able to read it" in shut.log


def test_images_are_looked_into_when_asked(world, migration):
    migration.row("good")
    (migration.scans / "text.jpg").write_text("no picture")
    migration.row("text", image="text.jpg")
    (migration.scans / "small.jpg").write_bytes(picture("image", 1, size=(300, 300)))
    migration.row("small", image="small.jpg")
    for arguments in (["--dry-run"], []):
        told = migration.run_json("--check-images", *arguments, code=1)
        assert [(row["name"], row["problem"]) for row in told["problems"]] == [("text", "bad_image"), ("small", "bad_image")]
        assert told["imported"] == 1
    assert waiting(world) == {"face_liveness/good"}
    assert migration.run().code == 0, "without it kycd finds out when it takes them"
    assert waiting(world) == {"face_liveness/good", "face_liveness/text", "face_liveness/small"}


@pytest.mark.parametrize("text, why", [
    ("", "is empty; the first row must name the columns"),
    ("service,image\nface_liveness,a.jpg\n", "there is no column \"name\" in line 1"),
    ("name,image\nA-1,a.jpg\n", "there is no column \"service\" in line 1"),
    ("name,service,selfie\nA-1,kyc_card,a.jpg\n", "no service knows the column \"selfie\" in line 1; known are name, service"),
    ("name,service,name\nA-1,kyc_card,a.jpg\n", "two columns are called \"name\""),
    ("name,service,\"image\nA-1,face_liveness,good.jpg\n", "line 1: a quote is opened"),
    ("name,service,image\nA-1,face_liveness,good.jpg\nA-2,face_liveness,\0\n", "line 3: holds a byte 0"),
])
def test_a_file_that_is_no_csv_of_cases_imports_nothing(world, migration, text, why):
    migration.scan("good.jpg")
    migration.file.write_text(text)
    done = migration.run(write=False)
    assert done.code == 64 and why in done.log, done
    assert waiting(world) == set() and staged(world) == []


def test_a_row_that_cannot_be_read_is_a_bad_row_and_the_rest_goes_on(world, migration):
    migration.scan("good.jpg")
    migration.file.write_bytes(b"sep=;\r\nname;service;image\r\nA-1;face_liveness;good.jpg\r\nO\"Brien;face_liveness;good.jpg\r\n"
                               b"Zo\xeb;face_liveness;good.jpg\r\n\"A-2;face_liveness;good.jpg\r\nA-3;face_liveness;good.jpg\r\n"
                               b"A-4;face_liveness;\"good.jpg\"\r\nA-5;face_liveness;good.jpg")
    bad = world.root / "bad.csv"
    for arguments in (["--dry-run"], ["--report", str(bad)]):
        told = migration.run_json(*arguments, code=1, write=False)
        assert (told["rows"], told["imported"], told["bad"], told["ended_early"]) == (7, 4, 3, None)
        assert [(row["line"], row["problem"], row["name"]) for row in told["problems"]] == [
            (4, "not_csv", ""), (5, "not_csv", ""), (6, "not_csv", "")]
        assert [row["reason"].split(";")[0].split(":")[0] for row in told["problems"]] == [
            "a quote stands inside a cell", "holds bytes that are not UTF-8",
            "a quote is opened in this row and never closed, or something follows it where it is, in line 8"]
    assert waiting(world) == {f"face_liveness/A-{number}" for number in (1, 3, 4, 5)}
    assert [row["import.line"] for row in csv.DictReader(io.StringIO(bad.read_text()), delimiter=";")] == ["4", "5", "6"]
    words = migration.run(write=False)
    assert words.code == 1 and "\nline 5: holds bytes that are not UTF-8: save the file as CSV UTF-8\n" in "\n" + words.out
    assert "7 rows: 0 imported" in words.out and "4 already there, 3 bad" in words.out


def test_what_else_stands_in_the_way(world, migration):
    migration.row("A-1")
    migration.write()

    def says(code, words, *arguments, **more):
        done = migration.run(*arguments, write=False, **more)
        assert done.code == code and words in done.log, done

    says(64, "is not there, cannot be read, or is no regular file", file=world.root / "none.csv")
    says(64, "is not there, cannot be read, or is no regular file", file=world.root)
    says(64, "cases.csv is there already; name another file", "--report", str(migration.file))
    says(64, "cannot be made", "--report", str(world.root / "no/where.csv"))
    run = world.kycd("import", str(migration.file), "--config", str(world.config_file))
    assert run.code == 64 and "--root is required" in run.log
    run = world.kycd("import", str(migration.file), "--root", str(world.root / "none"), "--config", str(world.config_file))
    assert run.code == 73 and "none: No such file or directory; name the folder that holds the images" in run.log
    (world.root / "ledger/ledger.db").write_bytes(b"no database" * 1000)
    says(73, "the ledger")
    (world.root / "ledger/ledger.db").unlink()
    world.inbox.rename(world.root / "away")
    says(73, "inbox: No such file or directory")
    (world.root / "away").rename(world.inbox)
    world.config_file.write_text("spool: 1")
    says(78, "spool")
    assert waiting(world) == set()


def test_the_report_can_be_mended_and_imported(world, migration):
    migration.row("A-1")
    migration.row("A-2", image="later.jpg", **{"label.branch": "=1+1"})
    migration.row("A-3", "ocr_card")
    migration.row("A-4", "nonsense")
    report = world.root / "bad.csv"
    done = migration.run("--report", str(report))
    assert done.code == 1 and waiting(world) == {"face_liveness/A-1", "ocr_card/A-3"}
    assert report.stat().st_mode & 0o777 == 0o600
    with open(report, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["import.line"], row["import.problem"], row["name"]) for row in rows] == [
        ("3", "file_missing", "A-2"), ("5", "unknown_service", "A-4")]
    assert rows[0]["import.reason"] == "later.jpg is not there" and rows[0]["label.branch"] == "=1+1"
    migration.scan("later.jpg")
    again = migration.run("--report", str(world.root / "worse.csv"), file=report, write=False)
    assert again.code == 1 and "2 rows: 1 imported (" in again.out and again.out.endswith("), 0 already there, 1 bad\n")
    assert waiting(world) == {"face_liveness/A-1", "ocr_card/A-3", "face_liveness/A-2"}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world, migration):
    migration.row("A-1")
    migration.row("A-2", image="none.jpg")
    before = world.tree()
    told = migration.run_json("--dry-run", code=1)
    assert told["dry_run"] and (told["imported"], told["bad"]) == (1, 1)
    text = migration.run("--dry-run")
    assert text.out.startswith("line 3: face_liveness/A-2: none.jpg is not there\n2 rows: 1 would be imported (")
    assert world.tree() == before and not (world.inbox / ".kycd-import").exists()


# Not twice


def test_a_name_that_kycd_has_had_before_is_left_alone_wherever_it_is(world, migration):
    world.drop_case("delivered")
    world.drop_case("collected")
    world.sandbox.rules({"name": "rule", "match": {"call": "submit", "contains": "kycd-sandbox:spoof"}, "do": {"status": 400}})
    world.drop_case("failed", answer="spoof")
    assert world.run_once().code == 1
    world.sandbox.rules()
    (world.outbox / "face_liveness/collected").rename(world.root / "collected")
    world.drop_case("waiting")
    world.drop_flat("face_liveness", {"flat.jpg": picture("image", "flat")})
    names = ["delivered", "collected", "failed", "waiting", "flat"]
    for name in [*names, "new"]:
        migration.row(name)
    told = migration.run_json()
    assert (told["imported"], told["already_there"]) == (1, 5)
    assert waiting(world) == {"face_liveness/waiting", "face_liveness/flat.jpg", "face_liveness/new"}
    told = migration.run_json("--again")
    assert (told["imported"], told["already_there"]) == (3, 3), "what waits is on its way, and does not come again"
    assert {name.split("/")[1] for name in waiting(world)} == {"delivered", "collected", "failed", "waiting", "flat.jpg", "new"}
    assert world.run_once().code == 0
    assert (world.outbox / "face_liveness/delivered~2/result.json").exists()


@pytest.mark.parametrize("step", ["import.staged", "import.settled", "import.renamed"])
def test_an_import_that_is_killed_goes_on_and_no_case_is_paid_twice(world, migration, step):
    for number in range(6):
        migration.row(f"A-{number}")
    world.program = BREAKABLE
    case = "" if step == "import.settled" else "@A-3"
    killed = migration.run(env={**world.env, "KYCD_FAULT_AT": f"{step}{case}=kill"})
    assert killed.code == -signal.SIGKILL
    here = len(waiting(world))
    assert here == (4 if step == "import.renamed" else 0)
    assert staged(world), "the kill left something behind"
    daemon = world.start_daemon()
    wait_for(lambda: len(world.cases("outbox") if world.outbox.exists() else []) == here, "what was imported to be delivered")
    told = migration.run_json()
    assert (told["imported"], told["already_there"]) == (6 - here, here)
    for number in range(6):
        world.wait_delivered(f"A-{number}")
    assert staged(world) == []
    assert daemon.stop() == 0 and len(world.bill()) == 6


def test_a_stop_brings_in_what_is_whole(world, migration):
    for number in range(1000):
        migration.row(f"A-{number}", image="one.jpg")
    migration.scan("one.jpg")
    migration.write()
    os.mkfifo(world.root / "trace")
    world.program = BREAKABLE
    arguments = ["import", str(migration.file), "--root", str(migration.scans), "--config", str(world.config_file)]
    reader = os.open(world.root / "trace", os.O_RDWR)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)  # some 200 steps: then what writes it waits
    try:
        running = world.start(*arguments, env={**world.env, "KYCD_FAULT_TRACE": str(world.root / "trace")})
        seen = b""
        while b"import.staged\tA-20\n" not in seen:
            seen += os.read(reader, 4096)
        running.send(signal.SIGTERM)
        os.set_blocking(reader, False)

        def ended():
            try:
                os.read(reader, 65536)
            except BlockingIOError:
                pass
            return running.process.poll() is not None

        wait_for(ended, "the import to end", timeout=60)
    finally:
        os.close(reader)
    assert running.wait() == 2 and "stopped by a signal; what was imported before is in the inbox" in running.log()
    world.program = KYCD
    here = len(waiting(world))
    assert 21 <= here < 1000 and staged(world) == []
    told = migration.run_json(write=False)
    assert told["imported"] == 1000 - here and told["already_there"] == here


def test_one_import_at_a_time(world, migration):
    migration.row("A-1")
    place = world.inbox / ".kycd-import"
    place.mkdir()
    held = subprocess.Popen(["flock", str(place), "sh", "-c", "echo held; read _"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout.readline() == b"held\n"
    done = migration.run()
    held.communicate(b"\n")
    assert done.code == 73 and "another import is at work on this inbox" in done.log
    assert migration.run().code == 0


def test_an_import_that_does_not_fit_is_not_begun(world, migration):
    small = world.root / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        (small / "inbox").mkdir()
        world.configure(folders={"inbox": str(small / "inbox")})
        for number in range(40):
            migration.row(f"A-{number}")
        done = migration.run()
        assert done.code == 73 and "in the inbox there is room for" in done.log and "nothing was imported" in done.log
        assert list((small / "inbox").iterdir()) in ([], [small / "inbox/.kycd-import"])
        del migration.rows[3:]
        assert migration.run().code == 0 and len(list((small / "inbox/face_liveness").iterdir())) == 3
        assert world.run_once().code == 0 and len(world.cases("outbox")) == 3
    finally:
        subprocess.run(["umount", str(small)], check=True)
