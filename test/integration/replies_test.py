"""What the API answers, and what becomes of it: verdict, issues, or a failure with its code."""

import json

import pytest
from conftest import case_files

OCR = {"document_valid": True, "document_expired": False}
KYC = {**OCR, "face_match": True, "liveness": True}

# answer, service → verdict, checks, codes of the issues
ANSWERS = [
    ("spoof", "kyc_card", "fail", {**KYC, "liveness": False}, []),
    ("spoof", "face_liveness", "fail", {"liveness": False}, []),
    ("face_not_found", "face_liveness", "inconclusive", {"liveness": None}, ["FACE_NOT_FOUND"]),
    ("face_not_found", "kyc_passport", "inconclusive", {**KYC, "face_match": None, "liveness": None},
     ["FACE_NOT_FOUND"]),
    ("face_too_small", "face_liveness", "inconclusive", {"liveness": None}, ["FACE_TOO_SMALL"]),
    ("unknown_code", "face_liveness", "inconclusive", {"liveness": None}, ["PROVIDER_SAYS_1207"]),
    ("face_mismatch", "kyc_card", "fail", {**KYC, "face_match": False}, []),
    ("expired", "kyc_passport", "fail", {**KYC, "document_expired": True}, []),
    ("expired", "ocr_card", "fail", {**OCR, "document_expired": True}, []),
    ("invalid_document", "ocr_passport", "fail", {**OCR, "document_valid": False}, []),
    ("many_issues", "kyc_card", "inconclusive",
     {"document_valid": None, "document_expired": False, "face_match": None, "liveness": None},
     ["FACE_ANGLE_TOO_LARGE", "FACE_CLOSE_TO_BORDER", "DOCUMENT_BLURRED", "FACE_NOT_FOUND"]),
    ("null_liveness", "kyc_card", "inconclusive", {**KYC, "liveness": None}, []),
    ("null_liveness", "face_liveness", "inconclusive", {"liveness": None}, []),
    ("potential_match", "kyc_card_with_background_check", "inconclusive", {**KYC, "background_clear": False}, []),
    ("double_encoded", "kyc_card", "pass", KYC, []),
    ("double_encoded", "face_liveness", "pass", {"liveness": True}, []),
    ("null_result", "kyc_card", "inconclusive", dict.fromkeys(KYC), []),
]


@pytest.mark.parametrize("answer,service,verdict,checks,codes", ANSWERS, ids=[f"{row[1]}-{row[0]}" for row in ANSWERS])
def test_an_answer_becomes_its_verdict(world, answer, service, verdict, checks, codes):
    world.drop_case("A-1", service, answer)
    run = world.run_once()
    assert run.code == 0, run
    result = world.result("A-1", service)
    assert (result["verdict"], result["checks"]) == (verdict, checks)
    assert sorted(issue["code"] for issue in result["issues"]) == sorted(codes)
    assert all(issue["advice"] for issue in result["issues"])
    assert run.summary["verdicts"] == {verdict: 1}
    assert len(world.bill()) == 1


def test_a_potential_match_is_left_for_a_person_to_judge(world):
    world.drop_folder("background_check", "A-1",
                      case_files("background_check", "A-1", fields={"fullname": "SANDBOX MATCH"}))
    assert world.run_once().code == 0
    result = world.result("A-1", "background_check")
    assert result["verdict"] == "inconclusive" and result["checks"] == {"background_clear": False}
    assert result["background"]["potential_match"] is True and result["background"]["risk_level"] == "high"
    assert result["background"]["total_matches"] == 1 and len(result["background"]["hits"]) == 1


def test_texts_that_the_api_leaves_empty_are_null(world):
    world.drop_case("A-1", "ocr_passport", "invalid_document")
    assert world.run_once().code == 0
    document = world.result("A-1", "ocr_passport")["document"]
    for key in ("number", "first_name", "last_name", "date_of_birth", "issued_on", "expires_on"):
        assert document[key] is None, key


@pytest.mark.parametrize("answer,code,bill,http_status", [
    ("inner_400", "TASK_REJECTED", 1, 200),
    ("task_400", "TASK_REJECTED", 1, 400),
    ("failure", "TASK_FAILED", 2, 200),
    ("inner_500", "TASK_FAILED", 2, 200),
    ("revoked", "TASK_FAILED", 1, 200),
    ("garbage", "REPLY_NOT_UNDERSTOOD", 1, 200),
])
def test_a_task_without_an_answer_fails_with_its_code(world, answer, code, bill, http_status):
    files = case_files("kyc_card", "A-1", answer)
    world.drop_folder("kyc_card", "A-1", files)
    run = world.run_once()
    assert run.code == 1, run
    error = world.error("A-1", "kyc_card")
    assert list(error) == ["schema", "case", "service", "stage", "code", "message", "advice", "retryable",
                           "http_status", "api", "attempts", "failed_at", "files"]
    assert (error["schema"], error["case"], error["service"]) == ("kycd.error/1", "A-1", "kyc_card")
    assert (error["stage"], error["code"], error["http_status"]) == ("poll", code, http_status)
    assert error["advice"] and error["api"]
    assert error["attempts"] == bill == len(world.bill())
    assert [file["field"] for file in error["files"]] == ["selfie_image", "front_id", "back_id"]
    assert world.tree() == {f"failed/kyc_card/A-1/{name}" for name in [*files, "error.json"]}
    assert run.summary["codes"] == {code: 1}


def test_a_task_that_failed_once_is_submitted_again_and_delivered(world):
    world.sandbox.rules({"name": "fails", "match": {"call": "submit", "first": 2}, "do": {"task_answer": "failure"}})
    world.configure(resubmit_failed_tasks=3)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("submitting the case again")
    result = world.wait_delivered("A-1")
    assert daemon.stop() == 0
    assert result["verdict"] == "pass"
    assert result["task"]["attempts"] == len(world.bill()) == 3
    assert result["task"]["id"] == world.bill()[-1]["task"]


@pytest.mark.parametrize("form", ["wrapped", "bare"])
def test_the_two_forms_of_a_reply_come_to_the_same_result(world, form):
    world.sandbox.settings(form=form)
    for service in ("kyc_card", "kyc_passport", "face_liveness", "background_check", "register_face"):
        world.drop_case("A-1", service)
    run = world.run_once()
    assert run.code == 0, run
    assert run.summary["verdicts"] == {"pass": 5}
    assert ("result" in world.result("A-1", "kyc_card")["response"]) == (form == "wrapped")
    assert world.result("A-1", "kyc_card")["document"]["type"] == "card"
    assert world.result("A-1", "register_face")["registered_face"]


def test_a_task_that_passes_through_retry_is_waited_for(world):
    world.sandbox.settings(retry_state=True, answer_after="4s")
    world.drop_case("A-1")
    assert world.run_once().code == 0
    assert world.result("A-1")["task"]["polls"] > 1
    assert len(world.bill()) == 1


def test_a_task_that_never_ends_fails_at_the_deadline(world):
    world.configure(poll={"deadline": "1s"})
    world.drop_case("A-1", answer="never")
    assert world.run_once().code == 1
    error = world.error("A-1")
    assert (error["stage"], error["code"]) == ("poll", "TASK_DEADLINE")
    assert len(world.bill()) == 1


def test_a_case_that_the_api_refuses_fails_with_the_apis_own_messages(world):
    body = {"front_id": ["No file was submitted."]}
    world.sandbox.rules({"name": "no", "match": {"call": "submit"}, "do": {"status": 400, "json": body}})
    world.drop_case("A-1", "kyc_card")
    assert world.run_once().code == 1
    error = world.error("A-1", "kyc_card")
    assert (error["stage"], error["code"], error["http_status"]) == ("submit", "REJECTED", 400)
    assert error["api"] == body and error["retryable"] is False
    assert world.sandbox.fired("no") == 1 and world.bill() == []


def test_numbers_and_their_spelling_survive_in_the_response(world):
    text = ('{"uuid": null, "liveness": {"result": true, '
            '"data": {"score": 2.50, "big": 12345678901234567890123, "e": 1E+2}}}')
    world.sandbox.rules({"name": "odd", "match": {"call": "poll"},
                         "do": {"status": 200, "html": text, "headers": {"Content-Type": "application/json"}}})
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    raw = (world.outbox / "face_liveness/A-1/result.json").read_text()
    assert text in raw
    json.loads(raw)
