"""Every service, from images in a folder to result.json in the outbox."""

import json

import pytest
from conftest import FIELDS, IMAGES, PERSONAL, case_files, picture_png, sha256

KEYS = ["schema", "case", "service", "lane", "verdict", "checks", "document", "issues", "registered_face",
        "background", "task", "files", "duplicate_of", "response"]
DOCUMENT_KEYS = ["type", "number", "full_name", "first_name", "last_name", "date_of_birth", "sex", "nationality",
                 "country", "issued_on", "expires_on", "portrait_url"]
FILE_KEYS = ["field", "name", "bytes", "sha256", "width", "height"]

OCR = {"document_valid": True, "document_expired": False}
KYC = {**OCR, "face_match": True, "liveness": True}
CHECKS = {
    "kyc_card": KYC,
    "kyc_passport": KYC,
    "ocr_card": OCR,
    "ocr_passport": OCR,
    "face_liveness": {"liveness": True},
    "register_face": {"face_registered": True},
    "authenticate_face": {"authentication": True, "liveness": True},
    "background_check": {"background_clear": True},
    "kyc_card_with_background_check": {**KYC, "background_clear": True},
    "kyc_passport_with_background_check": {**KYC, "background_clear": True},
}


def response_text(world, service, case):
    """The value of `response`, as it stands in the file."""
    text = (world.outbox / service / case / "result.json").read_bytes()
    head, found, rest = text.partition(b'"response":')
    assert found, text
    return rest.strip().removesuffix(b"}").strip()


def register_a_face(world):
    world.drop_folder("register_face", "R-1", case_files("register_face", "R-1"))
    run = world.run_once()
    assert run.code == 0, run
    return world.result("R-1", "register_face")["registered_face"]


@pytest.mark.parametrize("service", sorted(IMAGES))
def test_a_case_of_each_service_comes_back_as_a_pass(world, service):
    fields = {"uuid": register_a_face(world)} if service == "authenticate_face" else FIELDS.get(service, {})
    files = case_files(service, "A-1", fields=fields)
    world.drop_folder(service, "A-1", files)
    run = world.run_once()
    assert run.code == 0, run
    assert run.summary["delivered"] >= 1 and run.summary["open"] == 0

    bill = [line for line in world.bill() if line["service"] == service]
    assert len(bill) == 1 and world.sandbox.stats()["duplicates"] == 0
    (paid,) = bill
    images = IMAGES[service]
    assert [file["field"] for file in paid["files"]] == images
    assert [file["name"] for file in paid["files"]] == [f"{field}.jpg" for field in images]
    texts = dict(fields)
    if service != "background_check":
        texts["extend_data"] = "false"
    assert paid["fields"] == list(texts)
    assert paid["texts_sha256"] == sha256("".join(f"{name}={value}\n" for name, value in texts.items()).encode())

    delivered = {f"outbox/{service}/A-1/{name}" for name in [*files, "result.json"]}
    assert {path for path in world.tree() if "/A-1/" in path} == delivered
    result = json.loads((world.outbox / service / "A-1/result.json").read_text())
    assert list(result) == KEYS
    assert result["schema"] == "kycd.result/1"
    assert (result["case"], result["service"], result["lane"]) == ("A-1", service, "live")
    assert result["verdict"] == "pass" and result["issues"] == [] and result["duplicate_of"] is None
    assert result["checks"] == CHECKS[service]
    assert list(result["task"]) == ["id", "submitted_at", "answered_at", "attempts", "polls"]
    assert result["task"]["id"] == paid["task"] and result["task"]["attempts"] == 1
    assert result["task"]["polls"] == world.sandbox.stats()["polls_per_task"][paid["task"]]
    assert result["task"]["submitted_at"] <= result["task"]["answered_at"]

    assert [list(file) for file in result["files"]] == [FILE_KEYS] * len(images)
    for told, sent in zip(result["files"], paid["files"]):
        data = files[told["name"]]
        assert (told["field"], told["bytes"], told["sha256"]) == (sent["field"], len(data), sha256(data))
        assert sent["sha256"] == told["sha256"] and sent["bytes"] == told["bytes"]
        assert (told["width"], told["height"]) == (640, 480)
        assert (world.outbox / service / "A-1" / told["name"]).read_bytes() == data

    assert response_text(world, service, "A-1") == world.sandbox.task_reply(paid["task"]).strip()

    with_document = service.startswith(("kyc", "ocr"))
    if with_document:
        assert list(result["document"]) == DOCUMENT_KEYS
        assert result["document"]["type"] == ("passport" if "passport" in service else "card")
        assert PERSONAL.search(result["document"]["number"])
        year, month, day = result["document"]["date_of_birth"].split("-")
        assert (len(year), len(month), len(day)) == (4, 2, 2)
        assert all(value != "" for value in result["document"].values())
    else:
        assert result["document"] is None
    assert (result["registered_face"] is not None) == (service == "register_face")
    if "background_check" in service:
        assert list(result["background"]) == ["potential_match", "risk_level", "total_matches", "hits"]
    else:
        assert result["background"] is None


def test_the_alias_liveness_keeps_its_folder_and_reports_the_canonical_name(world):
    world.drop_folder("liveness", "A-1", case_files("face_liveness", "A-1"))
    assert world.run_once().code == 0
    assert world.result("A-1", "liveness")["service"] == "face_liveness"
    assert world.cases("outbox") == {"liveness/A-1"}
    assert [line["service"] for line in world.bill()] == ["face_liveness"]


def test_a_part_is_named_by_its_field_and_true_type_whatever_the_producer_called_it(world):
    files = case_files("ocr_card", "A-1")
    del files["front_id.jpg"], files["back_id.jpg"]
    files["Front_ID.jpg"] = picture_png("front_id")
    files["BACK_ID.JPEG"] = case_files("ocr_card", "A-1")["back_id.jpg"]
    head = 'name="front_id"; filename="front_id.png"\r\nContent-Type: image/png\r\n'
    world.sandbox.rules({"name": "png", "match": {"contains": head}, "do": {"delay": "1ms"}})
    world.drop_folder("ocr_card", "A-1", files)
    assert world.run_once().code == 0
    assert [file["name"] for file in world.bill()[0]["files"]] == ["front_id.png", "back_id.jpg"]
    assert [file["name"] for file in world.result("A-1", "ocr_card")["files"]] == ["Front_ID.jpg", "BACK_ID.JPEG"]
    assert world.sandbox.fired("png") == 1


@pytest.mark.parametrize("where", ["config", "manifest"])
def test_extend_data_is_sent_as_true_when_it_is_asked_for(world, where):
    world.configure(api={"extend_data": where == "config"})
    files = case_files("ocr_passport", "A-1", **({"extend_data": True} if where == "manifest" else {}))
    world.drop_folder("ocr_passport", "A-1", files)
    assert world.run_once().code == 0
    assert world.bill()[0]["texts_sha256"] == sha256(b"extend_data=true\n")
    assert "extend_data" in json.dumps(world.result("A-1", "ocr_passport")["response"])


def test_a_strict_api_gets_extend_data_from_every_service_that_lists_it(bare_world):
    world = bare_world
    world.start_sandbox("--strict-extend-data")
    world.configure()
    for service in IMAGES:
        if service != "authenticate_face":
            world.drop_folder(service, "A-1", case_files(service, "A-1"))
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == len(IMAGES) - 1
    assert run.summary["verdicts"] == {"pass": len(IMAGES) - 1}


def test_a_service_from_the_configuration_is_taken_like_the_others(world):
    world.configure(services={"desk_card": {"path": "ocr_card/", "images": ["front_id", "back_id"]}})
    world.drop_folder("desk_card", "A-1", case_files("ocr_card", "A-1"))
    run = world.run_once()
    assert run.code == 0, run
    assert world.result("A-1", "desk_card")["service"] == "desk_card"
    assert [line["service"] for line in world.bill()] == ["ocr_card"]
