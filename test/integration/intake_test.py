"""How producers drop cases, rightly and wrongly, and what kycd takes, leaves and refuses."""

import grp
import json
import os
import tempfile

import pytest
from conftest import case_files, picture, picture_png, sha256, wait_for
from receipts import NOT_YET

CARD = ("selfie_image", "front_id", "back_id")


def manifest(**keys):
    return json.dumps(keys).encode()


def sent(world):
    """What was paid for: the hashes of the files of each submission, by field."""
    return [{file["field"]: file["sha256"] for file in line["files"]} for line in world.bill()]


# The forms of a case


def test_flat_files_that_share_a_stem_are_one_case_and_keep_their_names(world):
    files = {f"A-1.{field}.jpg": picture(field, "A-1") for field in CARD}
    world.drop_flat("kyc_card", files)
    run = world.run_once()
    assert run.code == 0, run
    assert world.tree() == {f"outbox/kyc_card/A-1/{name}" for name in [*files, "result.json"]}
    assert sent(world) == [{field: sha256(files[f"A-1.{field}.jpg"]) for field in CARD}]
    assert [file["name"] for file in world.result("A-1", "kyc_card")["files"]] == list(files)


def test_a_single_file_is_a_case_of_a_service_with_one_image(world):
    data = picture("passport_image", "A-1")
    world.drop_flat("ocr_passport", {"A-1.jpg": data, "A.2.with.dots.PNG": picture_png("passport_image")})
    assert world.run_once().code == 0
    assert world.cases("outbox") == {"ocr_passport/A-1", "ocr_passport/A.2.with.dots"}
    assert {"passport_image": sha256(data)} in sent(world) and len(world.bill()) == 2


def test_the_fields_of_a_flat_case_come_in_a_json_file_of_its_name(world):
    fields = {"fullname": "Tove Halvorsen", "birth_date": "1971-2-3"}
    world.drop_flat("background_check", {"A-1.json": manifest(fields=fields)})
    run = world.run_once()
    assert run.code == 0, run
    assert world.tree() == {"outbox/background_check/A-1/A-1.json", "outbox/background_check/A-1/result.json"}
    assert world.bill()[0]["texts_sha256"] == sha256(b"fullname=Tove Halvorsen\nbirth_date=1971-02-03\n")


def test_a_manifest_maps_other_names_and_its_hashes_are_compared(world):
    front = picture("front_id", "A-1")
    files = {"scan001.jpg": front, "scan002.jpg": picture("back_id", "A-1"),
             "case.json": manifest(files={"front_id": "scan001.jpg", "back_id": "scan002.jpg"},
                                   sha256={"scan001.jpg": sha256(front).upper()}, labels={"desk": "4"})}
    world.drop_folder("ocr_card", "A-1", files)
    run = world.run_once()
    assert run.code == 0, run
    result = world.result("A-1", "ocr_card")
    names = [(file["field"], file["name"]) for file in result["files"]]
    assert names == [("front_id", "scan001.jpg"), ("back_id", "scan002.jpg")]
    assert sent(world) == [{"front_id": sha256(front), "back_id": sha256(files["scan002.jpg"])}]
    assert world.bill()[0]["files"][0]["name"] == "front_id.jpg"


def test_everything_else_in_a_case_travels_with_it_and_is_never_uploaded(world):
    junk = dict.fromkeys([".DS_Store", "Thumbs.db", "~$letter.doc", "front_id.jpg.part", "selfie_image.tmp"], b"x")
    extra = {"notes.txt": b"scanned at desk 4", "fourth.jpg": picture("selfie_image", "extra")}
    files = {**case_files("kyc_card", "A-1"), **junk, **extra}
    folder = world.staging / "with-folder"
    (folder / "attachments").mkdir(parents=True)
    for name, data in {**files, "attachments/letter.pdf": b"%PDF-"}.items():
        (folder / name).write_bytes(data)
    (world.inbox / "kyc_card").mkdir()
    os.rename(folder, world.inbox / "kyc_card/A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert world.tree() == {f"outbox/kyc_card/A-1/{name}" for name in [*files, "attachments/letter.pdf", "result.json"]}
    assert [file["field"] for file in world.bill()[0]["files"]] == list(CARD)


def test_junk_beside_cases_is_left_where_it_is(world):
    junk = [".hidden", "a.tmp", "b.PART", "c.partial", "d.filepart", "e.crdownload", "f.swp", "~$g", ".nfs0001",
            "._h.jpg", ".DS_Store", "Thumbs.db", "desktop.ini"]
    world.drop_flat("face_liveness", dict.fromkeys(junk, b"x"))
    for folder in ("@eaDir", "#recycle", ".Trash"):
        (world.inbox / "face_liveness" / folder).mkdir()
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert world.cases("outbox") == {"face_liveness/A-1"} and len(world.bill()) == 1
    assert set(junk) | {"@eaDir", "#recycle", ".Trash"} == set(os.listdir(world.inbox / "face_liveness"))
    assert run.summary["not_ready"] == [] and run.summary["taken"] == 1


def test_a_case_of_high_priority_goes_first(world):
    world.configure(intake={"settle": 0}, limits={"uploads": 1, "pending": 1})
    for number in range(3):
        world.drop_case(f"A-{number}")
    urgent = case_files("face_liveness", "urgent", priority="high")
    world.drop_folder("face_liveness", "Z-urgent", urgent)
    assert world.run_once().code == 0
    paid = sent(world)
    assert len(paid) == 4 and paid[0] == {"image": sha256(urgent["image.jpg"])}


def test_of_very_many_cases_the_urgent_one_is_among_the_first(world):
    """Its priority may be found only after others have begun: more cases than are asked before the first is taken."""
    world.configure(intake={"settle": 0}, limits={"uploads": 1, "pending": 1}, log={"level": "info"})
    folder = world.inbox / "face_liveness"
    folder.mkdir()
    for number in range(700):
        (folder / f"A-{number}").mkdir()
        (folder / f"A-{number}/image.jpg").write_bytes(picture("image", number))
        (folder / f"A-{number}/case.json").write_bytes(manifest(labels={"n": "1"}))
    world.drop_folder("face_liveness", "Z-urgent", case_files("face_liveness", "urgent", priority="high"))
    daemon = world.start_daemon()
    world.wait_delivered("Z-urgent", timeout=60)
    assert len(world.cases("outbox")) < 100
    assert daemon.stop() == 0


def test_waiting_cases_go_oldest_first(world):
    world.configure(intake={"settle": 0}, limits={"uploads": 1, "pending": 1})
    order = [3, 7, 0, 9, 4, 1, 8, 2, 6, 5]
    for age, number in enumerate(reversed(order)):
        folder = world.drop_case(f"A-{number}")
        os.utime(folder, (1_700_000_000 - age * 10,) * 2)
    assert world.run_once().code == 0
    assert sent(world) == [{"image": sha256(picture("image", f"A-{number}"))} for number in order]


def test_a_case_that_becomes_urgent_while_it_waits_overtakes_the_others(world):
    world.sandbox.settings(answer_after="1s")
    world.configure(intake={"settle": 0}, limits={"uploads": 1, "pending": 1})
    for number in range(20):
        world.drop_case(f"A-{number:02}")
    daemon = world.start_daemon()
    wait_for(lambda: world.bill(), "the first submission")
    staged = world.staging / "case.json"
    staged.write_bytes(manifest(priority="high"))
    os.rename(staged, world.inbox / "face_liveness/A-19/case.json")
    world.drop_folder("face_liveness", "B-urgent", case_files("face_liveness", "B", priority="high"))
    world.wait_delivered("A-19", timeout=30)
    world.wait_delivered("B-urgent", timeout=30)
    assert len(world.bill()) < 15
    assert daemon.stop() == 0


def test_a_case_is_never_delivered_over_another(world):
    for number in range(3):
        world.drop_folder("face_liveness", "A-1", case_files("face_liveness", f"take {number}"))
        assert world.run_once().code == 0
    assert world.cases("outbox") == {"face_liveness/A-1", "face_liveness/A-1~2", "face_liveness/A-1~3"}
    tasks = [world.result(case)["task"]["id"] for case in ("A-1", "A-1~2", "A-1~3")]
    assert tasks == [line["task"] for line in world.bill()]


def test_cases_of_one_name_in_every_form_are_all_delivered(world):
    """A folder, a flat case, and the alias of their service, all called A-1 at one time."""
    daemon = world.start_daemon()
    pictures = [picture("image", name) for name in ("folder", "flat", "alias folder", "alias flat")]
    world.drop_folder("face_liveness", "A-1", {"image.jpg": pictures[0]})
    world.drop_flat("face_liveness", {"A-1.jpg": pictures[1]})
    world.drop_folder("liveness", "A-1", {"image.jpg": pictures[2]})
    world.drop_flat("liveness", {"A-1.jpg": pictures[3]})
    wait_for(lambda: len(world.cases("outbox")) == 4, "four deliveries")
    assert daemon.stop() == 0
    assert world.cases("outbox") == {"face_liveness/A-1", "face_liveness/A-1~2", "liveness/A-1", "liveness/A-1~2"}
    assert sorted(paid["image"] for paid in sent(world)) == sorted(map(sha256, pictures))
    for case in world.cases("outbox"):
        (file,) = json.loads((world.outbox / case / "result.json").read_text())["files"]
        assert sha256((world.outbox / case / file["name"]).read_bytes()) == file["sha256"]


def test_a_case_waits_for_its_namesake_that_is_still_pending(world):
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "first"))
    wait_for(lambda: world.bill(), "the first submission")
    second = world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "second"))
    polls = world.sandbox.fired("not yet")
    wait_for(lambda: world.sandbox.fired("not yet") > polls + 2, "some polls meanwhile")
    world.sandbox.rules()
    daemon.wait_for_log("verdict=pass")
    wait_for(lambda: len(world.cases("outbox")) == 2, "both deliveries")
    assert daemon.stop() == 0
    assert not second.exists() and world.sandbox.stats()["duplicates"] == 0
    assert [world.result(case)["task"]["id"] for case in ("A-1", "A-1~2")] == [line["task"] for line in world.bill()]


def test_a_failed_case_is_never_put_over_another(world):
    for _ in range(2):
        world.drop_folder("face_liveness", "A-1", {"image.jpg": b"no image"})
        assert world.run_once().code == 1
    assert world.cases("failed") == {"face_liveness/A-1", "face_liveness/A-1~2"}


def test_files_in_the_outbox_are_private(world):
    os.chmod(world.drop_case("A-1") / "image.jpg", 0o644)
    assert world.run_once().code == 0
    folder = world.outbox / "face_liveness/A-1"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_with_a_group_its_members_may_work_in_the_spool(world):
    world.configure(group=grp.getgrgid(os.getgid()).gr_name)
    world.drop_case("A-1")
    assert world.run_once().code == 0
    folder = world.outbox / "face_liveness/A-1"
    for path in (world.inbox / "ocr_card", world.outbox / "face_liveness", folder):
        assert path.stat().st_mode & 0o7777 == 0o2770, path
        assert path.stat().st_gid == os.getgid()
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o660}


@pytest.mark.parametrize("name", ["Ünïcode-Kunde", "with space", "a'b\"c$(d)", "x" * 200])
def test_any_harmless_name_is_a_case_name(world, name):
    world.drop_case(name)
    run = world.run_once()
    assert run.code == 0, run
    assert world.result(name)["case"] == name


# What is refused


def refused(world, service="face_liveness", case="A-1"):
    """Runs once; the case must have failed without a call."""
    run = world.run_once()
    assert run.code == 1, run
    assert world.bill() == [] and "submit" not in world.sandbox.stats()["requests"]
    error = world.error(case, service)
    assert error["stage"] == "intake" and error["message"] and error["advice"]
    assert error["attempts"] == 0 and error["api"] is None and error["http_status"] is None
    return error


def test_a_folder_that_is_no_service_is_named(world):
    world.drop_folder("kyc_crad", "A-1", {"image.jpg": picture("image", "A-1")})
    error = refused(world, "kyc_crad")
    assert error["code"] == "UNKNOWN_SERVICE" and "kyc_crad" in error["message"]
    assert world.tree() == {"failed/kyc_crad/A-1/image.jpg", "failed/kyc_crad/A-1/error.json"}


@pytest.mark.parametrize("name,encoded", [(b"A\x01B", "A%01B"), (b"two\nlines", "two%0Alines"),
                                          (b"latin1-\xe9", "latin1-%E9")])
def test_a_bad_case_name_fails_percent_encoded(world, name, encoded):
    folder = world.drop_case("A-1")
    os.rename(folder, os.path.join(os.fsencode(folder.parent), name))
    error = refused(world, case=encoded)
    assert error["code"] == "BAD_CASE_NAME"
    assert (world.failed / "face_liveness" / encoded / "image.jpg").exists()
    assert os.listdir(world.inbox / "face_liveness") == []


def test_a_name_that_is_too_long_fails(world):
    world.drop_case("x" * 201)
    run = world.run_once()
    assert run.code == 1 and run.summary["codes"] == {"BAD_CASE_NAME": 1} and world.bill() == []


def test_two_files_for_one_field_are_ambiguous(world):
    world.drop_folder("face_liveness", "A-1", {"image.jpg": picture("image", 1), "IMAGE.png": picture_png("image")})
    error = refused(world)
    assert error["code"] == "AMBIGUOUS_FILES" and "image.jpg" in error["message"] and "IMAGE.png" in error["message"]


def test_an_unknown_key_of_the_manifest_is_named(world):
    world.drop_folder("face_liveness", "A-1", {"image.jpg": picture("image", 1), "case.json": manifest(feilds={})})
    error = refused(world)
    assert error["code"] == "BAD_MANIFEST" and "feilds" in error["message"]


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"files": {"image": "../secret"}}',
                                  b'{"files": {"front_id": "image.jpg"}}', b'{"fields": {"uuid": "x"}}',
                                  b'{"extend_data": "yes"}'])
def test_a_bad_manifest_fails(world, text):
    world.drop_folder("face_liveness", "A-1", {"image.jpg": picture("image", 1), "case.json": text})
    assert refused(world)["code"] == "BAD_MANIFEST"


def test_the_value_of_a_bad_field_is_not_repeated(world):
    world.drop_folder("background_check", "A-1",
                      {"case.json": manifest(fields={"fullname": "Tove Halvorsen", "birth_date": "Halvorsen"})})
    error = refused(world, "background_check")
    assert error["code"] == "BAD_MANIFEST" and "birth_date" in error["message"] and "Halvorsen" not in error["message"]


def test_a_folder_in_an_images_place_is_no_file(world):
    made = world.staging / "case"
    (made / "image.jpg").mkdir(parents=True)
    (world.inbox / "face_liveness").mkdir()
    os.rename(made, world.inbox / "face_liveness/A-1")
    error = refused(world)
    assert error["code"] == "NOT_A_REGULAR_FILE" and "folder" in error["message"]


def test_a_fifo_in_an_images_place_is_no_file_and_nobody_waits_for_it(world):
    made = world.staging / "case"
    made.mkdir()
    os.mkfifo(made / "image.jpg")
    (world.inbox / "face_liveness").mkdir()
    os.rename(made, world.inbox / "face_liveness/A-1")
    assert refused(world)["code"] == "NOT_A_REGULAR_FILE"


def test_a_link_in_an_images_place_is_not_followed(world):
    secret = world.root / "secret.jpg"
    secret.write_bytes(picture("image", "secret"))
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").symlink_to(secret)
    (world.inbox / "face_liveness").mkdir()
    os.rename(made, world.inbox / "face_liveness/A-1")
    before = secret.stat()
    assert refused(world)["code"] == "NOT_A_REGULAR_FILE"
    assert (secret.stat().st_mode, secret.read_bytes()) == (before.st_mode, picture("image", "secret"))
    assert os.path.islink(world.failed / "face_liveness/A-1/image.jpg")


def test_a_link_in_a_cases_place_is_not_followed(world):
    outside = world.root / "outside"
    outside.mkdir()
    (outside / "image.jpg").write_bytes(picture("image", "outside"))
    (world.inbox / "face_liveness").mkdir()
    (world.inbox / "face_liveness/A-1").symlink_to(outside)
    assert refused(world)["code"] == "NOT_A_REGULAR_FILE"
    assert os.listdir(outside) == ["image.jpg"] and not os.path.lexists(world.inbox / "face_liveness/A-1")


def test_a_link_in_a_services_place_is_not_followed(world):
    outside = world.root / "outside"
    (outside / "A-1").mkdir(parents=True)
    (outside / "A-1/image.jpg").write_bytes(picture("image", "outside"))
    (world.inbox / "face_liveness").symlink_to(outside)
    run = world.run_once()
    assert world.bill() == []
    assert (outside / "A-1/image.jpg").exists(), run


# When a case is ready


def test_an_incomplete_case_waits_and_then_fails_naming_what_is_missing(world):
    world.configure(intake={"incomplete_after": "1s"})
    world.drop_folder("kyc_card", "A-1", {"front_id.jpg": picture("front_id", 1)})
    daemon = world.start_daemon()
    error = world.wait_failed("A-1", "kyc_card")
    assert daemon.stop() == 0
    assert error["code"] == "CASE_INCOMPLETE" and error["stage"] == "intake"
    assert "selfie_image" in error["message"] and "back_id" in error["message"] and "front_id" not in error["message"]
    assert world.bill() == []


def test_an_empty_file_counts_as_not_there_yet(world):
    world.configure(intake={"incomplete_after": "1s"})
    world.drop_folder("face_liveness", "A-1", {"image.jpg": b""})
    daemon = world.start_daemon()
    assert world.wait_failed("A-1")["code"] == "CASE_INCOMPLETE"
    assert daemon.stop() == 0 and world.bill() == []


@pytest.mark.parametrize("listed,code", [({"image.jpg": "0" * 64}, "HASH_MISMATCH"),
                                         ({"other.jpg": "0" * 64}, "CASE_INCOMPLETE")])
def test_a_listed_file_that_does_not_match_fails_at_the_incomplete_limit(world, listed, code):
    world.configure(intake={"incomplete_after": "1s"})
    world.drop_folder("face_liveness", "A-1", {"image.jpg": picture("image", 1), "case.json": manifest(sha256=listed)})
    daemon = world.start_daemon()
    error = world.wait_failed("A-1")
    assert daemon.stop() == 0
    assert error["code"] == code and next(iter(listed)) in error["message"] and world.bill() == []


def test_a_listed_file_that_comes_to_match_is_taken(world):
    whole = picture("image", 1)
    folder = world.drop_folder("face_liveness", "A-1", {"image.jpg": whole[:5000],
                                                        "case.json": manifest(sha256={"image.jpg": sha256(whole)})})
    daemon = world.start_daemon()
    daemon.wait_for_log("does not match its sha256")
    (folder / "image.jpg").write_bytes(whole)
    assert world.wait_delivered("A-1")["files"][0]["sha256"] == sha256(whole)
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_a_case_that_is_completed_later_is_taken_then(world):
    folder = world.drop_folder("kyc_passport", "A-1", {"selfie_image.jpg": picture("selfie_image", 1)})
    daemon = world.start_daemon()
    daemon.wait_for_log("passport_image is missing")
    (folder / "passport_image.jpg").write_bytes(picture("passport_image", 1))
    assert world.wait_delivered("A-1", "kyc_passport")["verdict"] == "pass"
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_a_file_that_is_still_written_is_not_taken(world):
    whole = picture("image", 1)
    daemon = world.start_daemon()
    made = world.staging / "image.jpg"
    with open(made, "wb", buffering=0) as slow:
        slow.write(whole)  # complete to look at, and still open
        folder = world.inbox / "face_liveness/A-1"
        folder.mkdir(parents=True)
        os.rename(made, folder / "image.jpg")
        daemon.wait_for_log("still being written")
        # Others come and go meanwhile, for longer than the settle time.
        for number in range(3):
            world.drop_case(f"B-{number}")
            world.wait_delivered(f"B-{number}")
        assert folder.exists() and len(world.bill()) == 3
    assert world.wait_delivered("A-1")["files"][0]["sha256"] == sha256(whole)
    assert daemon.stop() == 0 and len(world.bill()) == 4


def test_a_file_that_grows_piece_by_piece_is_sent_whole(world):
    whole = picture("image", 1)
    world.configure(intake={"settle": "4s"})
    daemon = world.start_daemon()
    folder = world.inbox / "face_liveness"
    for at in range(0, len(whole), len(whole) // 5 + 1):
        with open(folder / "A-1.jpg", "ab") as part:  # opened and closed each time, as some clients do
            part.write(whole[at:at + len(whole) // 5 + 1])
        world.drop_case(f"B-{at}")
        wait_for(lambda: not (folder / f"B-{at}").exists(), "another case to be taken")
        assert (folder / "A-1.jpg").exists()
    assert world.wait_delivered("A-1")["files"][0]["sha256"] == sha256(whole)
    assert daemon.stop() == 0


def test_a_slow_copy_into_place_is_taken_when_it_is_complete(world):
    daemon = world.start_daemon()
    folder = world.inbox / "kyc_card/A-1"
    folder.mkdir(parents=True)
    for field in CARD:
        (folder / f"{field}.jpg").write_bytes(picture(field, 1))
    assert world.wait_delivered("A-1", "kyc_card")["verdict"] == "pass"
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_under_ready_marker_a_case_is_taken_when_its_marker_appears(world):
    world.configure(intake={"ready": "marker"})
    daemon = world.start_daemon()
    folder = world.drop_case("A-1")
    world.drop_flat("face_liveness", {"F-1.jpg": picture("image", "F-1")})
    marked = world.drop_folder("face_liveness", "B-1", {**case_files("face_liveness", "B-1"), ".done": b""})
    world.wait_delivered("B-1")
    assert folder.exists() and not marked.exists() and len(world.bill()) == 1
    (folder / ".done").touch()
    world.wait_delivered("A-1")
    world.drop_flat("face_liveness", {"F-1.done": b""})
    world.wait_delivered("F-1")
    assert daemon.stop() == 0 and len(world.bill()) == 3
    assert os.listdir(world.inbox / "face_liveness") == []


def test_under_ready_marker_an_empty_file_is_no_image_at_once(world):
    world.configure(intake={"ready": "marker"})
    world.drop_folder("face_liveness", "A-1", {"image.jpg": b"", ".done": b""})
    run = world.run_once()
    assert run.code == 1, run
    assert world.error("A-1")["code"] == "NOT_AN_IMAGE" and world.bill() == []


def test_polling_finds_cases_where_events_do_not_arrive(world):
    world.configure(intake={"watch": "poll"})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.drop_flat("face_liveness", {"A-2.jpg": picture("image", 2)})
    world.wait_delivered("A-1")
    world.wait_delivered("A-2")
    assert daemon.stop() == 0 and len(world.bill()) == 2


def test_a_new_service_folder_is_watched_from_its_start(world):
    daemon = world.start_daemon()
    for service in ("ocr_passport", "liveness"):
        (world.inbox / service).mkdir(exist_ok=True)
    world.drop_case("A-1", "ocr_passport")
    world.wait_delivered("A-1", "ocr_passport")
    world.drop_folder("no_such_service", "A-1", {"image.jpg": picture("image", 1)})
    assert world.wait_failed("A-1", "no_such_service")["code"] == "UNKNOWN_SERVICE"
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_many_cases_that_come_at_once_are_each_paid_once(world):
    daemon = world.start_daemon()
    names = [f"A-{number:03}" for number in range(40)]
    for number, name in enumerate(names):
        if number % 2:
            world.drop_case(name)
        else:
            world.drop_flat("face_liveness", {f"{name}.jpg": picture("image", name)})
    wait_for(lambda: len(world.cases("outbox")) == 40, "40 deliveries")
    assert daemon.stop() == 0
    assert len(world.bill()) == 40 and world.sandbox.stats()["duplicates"] == 0


def test_a_second_daemon_on_the_spool_says_who_holds_it(world):
    daemon = world.start_daemon()
    run = world.run_once()
    assert run.code == 73
    assert str(daemon.pid) in run.log and run.log.startswith("kycd: spool: ")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    assert daemon.stop() == 0


def test_inbox_and_outbox_may_lie_on_another_file_system(world):
    other = "/dev/shm" if os.path.isdir("/dev/shm") else None
    if other is None or os.stat(other).st_dev == os.stat(world.root).st_dev:
        pytest.skip("no second file system here")
    with tempfile.TemporaryDirectory(dir=other) as share:
        world.configure(folders={"inbox": f"{share}/in", "outbox": f"{share}/out"})
        files = case_files("kyc_card", "A-1")
        case = os.path.join(share, "in/kyc_card/A-1")
        os.makedirs(case)
        for name, data in {**files, "notes.txt": b"n"}.items():
            with open(os.path.join(case, name), "wb") as file:
                file.write(data)
        run = world.run_once()
        assert run.code == 0, run
        out = os.path.join(share, "out/kyc_card/A-1")
        assert set(os.listdir(out)) == {*files, "notes.txt", "result.json"}
        assert not os.path.exists(case) and len(world.bill()) == 1
        left = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(share, "in")) for name in names]
        own = {os.path.join(share, "in/.kycd", name) for name in (".identity", ".owner", ".lock")}
        assert set(left) == own, "only the mark of the mount, and whose it is"


def test_a_case_that_is_left_half_claimed_is_taken_up_by_a_running_daemon(world):
    world.configure(intake={"rescan": "1s"})
    daemon = world.start_daemon()
    stage = world.work / ".assembly/face_liveness"
    stage.mkdir(parents=True, exist_ok=True)
    made = world.staging / "case"
    made.mkdir()
    (made / "image.jpg").write_bytes(picture("image", "A-1"))
    os.rename(made, stage / "A-1")
    world.wait_delivered("A-1")
    assert daemon.stop() == 0 and len(world.bill()) == 1


# Permissions


def test_a_case_that_may_not_be_moved_is_named_and_holds_up_nobody(mortal):
    world = mortal
    stuck = world.drop_case("stuck")
    os.chown(stuck, 65534, -1)
    stuck.chmod(0o555)
    world.drop_case("fine")
    run = world.run_once()
    assert run.code == 0, run
    assert world.cases("outbox") == {"face_liveness/fine"} and stuck.is_dir()
    (waiting,) = run.summary["not_ready"]
    assert waiting["case"] == "face_liveness/stuck" and f"write permission on {stuck}" in waiting["why"], waiting


def lock(folder):
    """Takes kycd's permissions on it."""
    os.chown(folder, 65534, 65534)
    folder.chmod(0o700)


def unlock(folder):
    os.chown(folder, 0, 0)


def status_of(world):
    return json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)["daemon"]


def named_faults(world):
    """The folders that the document names, when nothing else is wrong."""
    document = status_of(world)
    assert not document["faults_hold_up_all"], document["faults"]
    return {each["what"].removeprefix("Permission denied (in ").removesuffix(")") for each in document["faults"]}


def test_a_services_folder_that_may_not_be_read_holds_up_no_other(mortal):
    world = mortal
    world.configure(intake={"rescan": "1s"}, limits={"uploads": 1})
    daemon = world.start_daemon()
    cards, passports = world.inbox / "kyc_card", world.inbox / "kyc_passport"
    half = world.drop_folder("kyc_card", "half", {"front_id.jpg": picture("front_id", "half")})
    wait_for(lambda: any(each["folder"] == "kyc_card" for each in status_of(world)["inbox"]), "the incomplete case")
    for folder in (cards, passports):
        lock(folder)
        daemon.wait_for_log(f"paused by a fault of the system: read {folder}: Permission denied")
    for name in ("A-1", "A-2", "A-3", "A-4", "A-5"):  # more than may be between claim and receipt
        world.drop_case(name, "kyc_card")
    world.drop_case("fine")
    world.wait_delivered("fine")
    wait_for(lambda: named_faults(world) == {str(cards), str(passports)}, "both folders in the status")
    assert not world.cases("outbox") - {"face_liveness/fine"} and half.is_dir()
    unlock(cards)
    for name in ("A-1", "A-2", "A-3", "A-4", "A-5"):
        world.wait_delivered(name, "kyc_card", timeout=20)
    assert named_faults(world) == {str(passports)}
    for name, data in case_files("kyc_card", "half").items():
        (half / name).write_bytes(data)
    world.wait_delivered("half", "kyc_card")
    unlock(passports)
    wait_for(lambda: not named_faults(world), "the end of the fault")
    world.drop_case("last", "kyc_passport")
    world.wait_delivered("last", "kyc_passport")
    assert daemon.log().count("paused by a fault") == 2, daemon.log()
    assert daemon.log().count("goes on, what it waited for is over") == 2, daemon.log()
    assert len(world.bill()) == 8 and world.cases("failed") == set()


def test_a_start_finds_a_services_folder_that_may_not_be_read(mortal):
    world = mortal
    world.configure(once={"patience": "8s"})
    world.drop_case("held", "kyc_card")
    world.drop_case("fine")
    lock(world.inbox / "kyc_card")
    run = world.run_once()
    assert run.code == 2 and f"read {world.inbox / 'kyc_card'}: Permission denied" in run.log, run
    assert world.cases("outbox") == {"face_liveness/fine"}
    daemon = world.start_daemon()
    daemon.wait_for_log("paused by a fault of the system")
    world.drop_case("more")
    world.wait_delivered("more")
    unlock(world.inbox / "kyc_card")
    world.wait_delivered("held", "kyc_card", timeout=20)
    world.drop_case("again", "kyc_card")
    world.wait_delivered("again", "kyc_card")
    assert len(world.bill()) == 4


def test_what_cannot_leave_for_failed_holds_up_no_other(mortal):
    world = mortal
    world.configure(limits={"uploads": 1})
    daemon = world.start_daemon()
    world.drop_folder("face_liveness", "bad-0", {"image.jpg": b"no image"})
    world.wait_failed("bad-0")
    lock(world.failed / "face_liveness")
    for number in range(1, 11):  # more than may be between claim and receipt
        world.drop_folder("face_liveness", f"bad-{number}", {"image.jpg": b"no image"})
    daemon.wait_for_log("paused by a fault")
    world.drop_case("good", "ocr_passport")
    world.drop_case("good")
    world.wait_delivered("good", "ocr_passport")
    world.wait_delivered("good")
    wait_for(lambda: named_faults(world) == {str(world.failed / "face_liveness")}, "the folder in the status")
    unlock(world.failed / "face_liveness")
    for number in range(1, 11):
        world.wait_failed(f"bad-{number}", timeout=20)
    assert len(world.bill()) == 2
    assert daemon.log().count("paused by a fault") == 1, daemon.log()


def test_a_strangers_folder_that_may_not_be_read_is_told_once(mortal):
    world = mortal
    world.configure(intake={"rescan": "1s"})
    (world.inbox / "foo").mkdir()
    (world.inbox / "foo/X-1").mkdir()
    (world.inbox / "foo/X-1/image.jpg").write_bytes(picture("image", "X-1"))
    lock(world.inbox / "foo")
    daemon = world.start_daemon()
    told = f"left alone: read {world.inbox / 'foo'}: Permission denied"
    daemon.wait_for_log(told)
    (world.inbox / "bar").mkdir()
    lock(world.inbox / "bar")
    daemon.wait_for_log(f"left alone: read {world.inbox / 'bar'}: Permission denied")
    wait_for(lambda: status_of(world)["unreadable_folders"] == 2, "both in the status")
    run = world.kycd("status", "--config", str(world.config_file))
    assert "inbox: 2 folders that are no service's may not be read" in run.out and "empty" not in run.out, run
    assert "foo" not in run.out and not status_of(world)["faults"], run
    assert daemon.log().count(told) == 1
    unlock(world.inbox / "foo")
    wait_for(lambda: world.cases("failed") == {"foo/X-1"}, "the case of no service")
    wait_for(lambda: status_of(world)["unreadable_folders"] == 1, "the one that is left")
    assert daemon.log().count(told) == 1 and not world.bill()
