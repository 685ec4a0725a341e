"""docs/formats.md and docs/schemas: what the built program writes is what they say, and nothing else."""

import json
import re

import pytest
from conftest import FIELDS, IMAGES, ROOT, case_files, picture, wait_for
from schemas import BASE, all_schemas, check, objections

FORMATS = (ROOT / "docs/formats.md").read_text()
FAILURES = (ROOT / "lib/core/failure.cpp").read_text()
ANSWERS = ["pass", "spoof", "face_not_found", "face_too_small", "unknown_code", "many_issues", "null_liveness", "face_mismatch",
           "expired", "invalid_document", "potential_match", "double_encoded", "null_result"]


def ask(world, *arguments, code=0):
    run = world.kycd(arguments[0], "--config", str(world.config_file), *arguments[1:], "--json")
    assert run.code == code, run
    return json.loads(run.out)


def result_of(world, case, service):
    return check("result", world.result(case, service))


def error_of(world, case, service="face_liveness"):
    return check("error", world.error(case, service))


# The schemas themselves, and the page about them


def test_each_schema_is_one_and_names_itself():
    for name, schema in all_schemas().items():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" and schema["$id"] == f"{BASE}{name}.json"
        objections(name, None)
        assert f"schemas/{name}.json" in FORMATS, f"docs/formats.md does not name {name}.json"


def examples():
    """Each JSON block of the page with the schema that the comment before it names."""
    return re.findall(r"<!-- schema: (\w+) -->\n```json\n(.*?)```", FORMATS, re.S)


def test_every_example_of_the_page_is_right():
    found = examples()
    assert len(found) == FORMATS.count("```json") and len(found) >= 5
    for name, text in found:
        check(name, json.loads(text))
    assert {"result", "error", "case", "status"} <= {name for name, _ in found}


@pytest.mark.parametrize("name", ["result", "error", "case"])
def test_the_strict_ones_refuse_what_is_not_theirs(name):
    value = json.loads(next(text for schema, text in examples() if schema == name))
    assert objections(name, {**value, "more": 1})
    for key in value if name != "case" else []:
        assert objections(name, {other: value[other] for other in value if other != key}), key
    if name == "case":
        for wrong in ({"files": {"front_id": "a/b.jpg"}}, {"files": {"front_id": ".."}}, {"fields": {"uuid": 1}}, {"priority": "low"},
                      {"sha256": {"a.jpg": "00"}}, {"extend_data": "true"}, {"labels": []}, []):
            assert objections("case", wrong), wrong
    else:
        for key, wrong in (("schema", "kycd.other/1"), ("service", ""), ("files", [{"name": "x"}])):
            assert objections(name, {**value, key: wrong}), key


def test_every_code_of_the_program_is_in_the_schema_and_no_other():
    codes = re.findall(r'\{failure_code::\w+, "([A-Z_]+)"', FAILURES)
    assert all_schemas()["error"]["properties"]["code"]["enum"] == codes


def test_every_reason_of_why_is_in_the_schema_and_no_other():
    said = set()
    commands = ROOT / "daemon/commands"
    for file in [*commands.glob("reasons*.cpp"), commands / "explainer.cpp", commands / "why.cpp"]:
        text = file.read_text()
        said |= set(re.findall(r'(?:say\(|reason = )\s*"(\w+)"', text))
    said.remove("ticket_")  # with the word of how it stands behind it
    words = (ROOT / "daemon/told/ticket_view.cpp").read_text()
    stands = re.findall(r'ticket_stand::\w+:\n\s+return "(\w+)"', words)
    said |= {f"ticket_{word}" for word in [*stands, "stopped"]}
    assert len(stands) > 4 and said == set(all_schemas()["why"]["$defs"]["reason"]["enum"])
    manual = (ROOT / "docs/operations.md").read_text()
    assert [reason for reason in sorted(said) if f"`{reason}`" not in manual] == []


# result.json


@pytest.mark.parametrize("service", sorted(IMAGES))
def test_the_result_of_each_service(world, service):
    fields = FIELDS.get(service, {})
    if service == "authenticate_face":
        world.drop_case("R-1", "register_face")
        assert world.run_once().code == 0
        fields = {"uuid": result_of(world, "R-1", "register_face")["registered_face"]}
    world.drop_folder(service, "A-1", case_files(service, "A", fields=fields, labels={"branch": "north"}))
    summary = world.run_once()
    assert summary.code == 0
    check("run", summary.summary)
    assert result_of(world, "A-1", service)["verdict"] == "pass"


def test_the_result_of_each_answer(world):
    for service in ("kyc_card", "kyc_passport_with_background_check", "face_liveness", "ocr_passport"):
        for answer in ANSWERS:
            world.drop_folder(service, answer, case_files(service, f"{service} {answer}", answer))
    assert world.run_once().code in (0, 1)
    verdicts = [result_of(world, *case.split("/")[::-1])["verdict"] for case in world.cases("outbox")]
    assert len(verdicts) >= 40 and set(verdicts) == {"pass", "fail", "inconclusive"}
    for case in world.cases("failed"):
        error_of(world, *case.split("/")[::-1])


def test_the_result_of_a_case_that_was_not_paid_again(world):
    world.configure(intake={"dedupe": "1h"})
    for case in ("A-1", "A-2"):
        world.drop_folder("kyc_card", case, case_files("kyc_card", "same"))
        assert world.run_once().code == 0
    assert result_of(world, "A-2", "kyc_card")["duplicate_of"]["case"] == "A-1" and len(world.bill()) == 1


# error.json


def test_the_errors_of_intake_and_of_the_image_gate(world):
    world.configure(intake={"incomplete_after": "1s"})
    drop = world.drop_folder
    drop("no_service", "A-1", {"a.jpg": b"x"})
    drop("face_liveness", "bad\nname", {"image.jpg": b"x"})
    drop("face_liveness", "manifest", {"image.jpg": picture("image", 1), "case.json": b"{"})
    drop("face_liveness", "incomplete", {"readme.txt": b"x"})
    drop("face_liveness", "ambiguous", {"image.jpg": picture("image", 1), "image.png": b"x"})
    drop("face_liveness", "hash", {"image.jpg": picture("image", 1), "case.json": json.dumps({"sha256": {"image.jpg": "0" * 64}}).encode()})
    (drop("face_liveness", "folder", {"x.txt": b"x"}) / "image.jpg").mkdir()
    drop("face_liveness", "text", {"image.jpg": b"no image"})
    drop("face_liveness", "cut", {"image.jpg": picture("image", 1)[:-3000]})
    drop("face_liveness", "small", {"image.jpg": picture("image", 1, size=(300, 300))})
    drop("face_liveness", "heavy", {"image.jpg": picture("image", 1) + b"\0" * 2_000_000})
    world.start_daemon()
    wait_for(lambda: len(world.cases("failed")) == 11 and
             all((world.failed / case / "error.json").exists() for case in world.cases("failed")), "all to fail", timeout=60)
    errors = [error_of(world, *case.split("/")[::-1]) for case in world.cases("failed")]
    assert {error["stage"] for error in errors} == {"intake", "prepare"}
    assert {error["code"] for error in errors} == {
        "UNKNOWN_SERVICE", "BAD_CASE_NAME", "BAD_MANIFEST", "CASE_INCOMPLETE", "AMBIGUOUS_FILES", "HASH_MISMATCH", "NOT_A_REGULAR_FILE",
        "NOT_AN_IMAGE", "IMAGE_DAMAGED", "IMAGE_TOO_SMALL", "FILE_TOO_LARGE"}


@pytest.mark.parametrize("action,code", [
    ({"status": 400, "json": {"image": ["no"]}}, "REJECTED"), ({"status": 403}, "FORBIDDEN"), ({"status": 404}, "NOT_FOUND"),
    ({"status": 413, "html": "<h1>large</h1>"}, "TOO_LARGE_FOR_API"), ({"status": 405}, "API_REFUSED"), ({"no_id": True}, "UNKNOWN_OUTCOME"),
    ({"drop": "after_body", "accept": True}, "UNKNOWN_OUTCOME")])
def test_the_errors_of_a_submit(world, action, code):
    world.configure(on_unknown_outcome="hold")
    world.sandbox.rules({"name": "rule", "match": {"call": "submit"}, "do": action})
    world.drop_case("A-1")
    assert world.run_once().code == 1
    error = error_of(world, "A-1")
    assert (error["stage"], error["code"]) == ("submit", code)


def test_the_errors_of_tasks(world):
    world.configure(resubmit_failed_tasks=0, poll={"deadline": "2s"})
    for answer in ("failure", "revoked", "never", "inner_400", "task_400", "garbage"):
        world.drop_case(answer, answer=answer)
    world.start_daemon()
    wait_for(lambda: len(world.cases("failed")) == 6 and
             all((world.failed / case / "error.json").exists() for case in world.cases("failed")), "all to fail", timeout=120)
    errors = [error_of(world, answer) for answer in ("failure", "revoked", "never", "inner_400", "task_400", "garbage")]
    assert {error["stage"] for error in errors} == {"poll"}
    assert {"TASK_FAILED", "TASK_DEADLINE", "TASK_REJECTED"} <= {error["code"] for error in errors}


# case.json


@pytest.mark.parametrize("text,good", [
    ({}, True), ({"files": {"image": "scan.jpg"}, "labels": {"a": "b"}, "priority": "high", "extend_data": False}, True),
    ({"files": {"image": "a/scan.jpg"}}, False), ({"files": {"image": "."}}, False), ({"fields": {"x": 1}}, False), ({"priority": "low"}, False),
    ({"sha256": {"scan.jpg": "zz"}}, False), ({"sha256": {"a/b": "0" * 64}}, False), ({"extend_data": 1}, False), ({"labels": {"x": None}}, False),
    ({"file": {}}, False), ([], False)])
def test_the_schema_and_kycd_agree_on_a_manifest(world, text, good):
    world.drop_folder("face_liveness", "A-1", {"scan.jpg": picture("image", 1), "image.jpg": picture("image", 2), "case.json": json.dumps(text).encode()})
    if isinstance(text, dict) and "files" in text and good:
        (world.inbox / "face_liveness/A-1/image.jpg").unlink()
    world.run_once()
    refused = world.cases("failed") == {"face_liveness/A-1"}
    assert refused is not good and (objections("case", text) == []) is good
    if refused:
        assert error_of(world, "A-1")["code"] == "BAD_MANIFEST"


# The commands


@pytest.fixture
def busy(world):
    """Something in each state that lasts."""
    world.configure(resubmit_failed_tasks=0, retention={"failed": "1h"}, status_files="1s")
    world.drop_case("A-1", "kyc_card")
    world.drop_case("F-1", answer="failure")
    world.drop_folder("face_liveness", "N-1", {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    world.sandbox.settings(answer="never")
    world.start_daemon()
    world.drop_case("P-1")
    world.drop_folder("kyc_card", "I-1", {"front_id.jpg": picture("front_id", "I")})
    wait_for(lambda: {line["case"]: line["state"] for line in ask(world, "list")}.get("P-1") == "pending", "the receipt")
    return world


def test_what_the_commands_say(busy):
    told = check("spool", ask(busy, "status"))
    check("status", told["daemon"])
    lines = check("list", ask(busy, "list"))
    assert {line["state"] for line in lines} == {"delivered", "failed", "pending", "not_ready"}
    for case in ("A-1", "F-1", "N-1", "P-1", "I-1"):
        assert check("show", ask(busy, "show", case))["lives"]
        check("why", ask(busy, "why", case))
    check("retry", ask(busy, "retry", "--all", "--dry-run"))
    check("retry", ask(busy, "retry", "F-1", "Z-9", code=1))
    check("report", ask(busy, "report"))
    assert check("purge", ask(busy, "purge", "--dry-run"))["rules"]
    check("check", ask(busy, "check"))
    image = busy.root / "image.jpg"
    image.write_bytes(picture("image", 1))
    run = busy.kycd("inspect", "--json", str(image), str(busy.root / "none"))
    assert [each["ok"] for each in check("inspect", json.loads(run.out))] == [True, False]
    wait_for(lambda: (busy.spool / "status.json").exists(), "status.json")
    assert "file" in check("status", json.loads((busy.spool / "status.json").read_text()))


def test_what_the_commands_say_without_a_daemon_and_without_anything(world):
    assert check("spool", ask(world, "status"))["daemon"] is None
    assert check("list", ask(world, "list")) == []
    check("show", ask(world, "show", "A-1", code=1))
    check("retry", ask(world, "retry", "--all"))
    check("report", ask(world, "report"))
    check("purge", ask(world, "purge"))


@pytest.mark.parametrize("what", ["api_down", "credentials", "no_token", "service"])
def test_what_status_says_of_a_pause(world, what):
    if what == "credentials":
        world.write_password("wrong")
    elif what == "no_token":
        world.sandbox.rules({"name": "rule", "match": {"call": "obtain"}, "do": {"status": 200, "html": "<h1>hi</h1>"}})
    else:
        world.sandbox.rules({"name": "rule", "match": {"call": "submit"}, "do": {"status": 503 if what == "api_down" else 403}})
    world.start_daemon()
    for number in range(12):
        world.drop_case(f"A-{number:02}")
    told = wait_for(lambda: [told for told in [ask(world, "status")] if any(each["what"] == what for each in told["paused"])], "the pause", timeout=30)
    check("spool", told[0])
