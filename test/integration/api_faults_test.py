"""An API that misbehaves: what is repeated, what is not, and what it costs."""

import email.utils
import socket
import ssl
import threading
import time

import pytest
from conftest import Sandbox, picture, wait_for

FRESH = {"detail": "Given token not valid for any token type", "code": "token_not_valid",
         "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}]}


def rule(match, **action):
    return {"name": "rule", "match": match, "do": action}


def submits(world):
    return world.sandbox.stats()["requests"].get("submit", 0)


def padded(field, size):
    whole = picture(field, "padded")
    return whole + b"\0" * (size - len(whole))


# Trouble that passes


@pytest.mark.parametrize("call", ["submit", "poll", "obtain"])
@pytest.mark.parametrize("status", [503, 429])
def test_a_busy_api_is_called_again_after_the_time_it_names(world, call, status):
    world.sandbox.rules(rule({"call": call, "first": 1}, status=status, headers={"Retry-After": 1}))
    world.drop_case("A-1")
    began = time.monotonic()
    run = world.run_once()
    assert run.code == 0, run
    assert time.monotonic() - began >= 1
    assert len(world.bill()) == 1 and world.sandbox.fired("rule") == 1
    assert world.result("A-1")["verdict"] == "pass"


def test_a_retry_after_may_be_a_date(world):
    due = int(time.time()) + 5
    when = email.utils.formatdate(due, usegmt=True)
    world.sandbox.rules(rule({"call": "submit", "first": 1}, status=503, headers={"Retry-After": when}))
    world.drop_case("A-1")
    assert world.run_once().code == 0
    assert time.time() >= due - 0.1 and len(world.bill()) == 1


def test_a_retry_after_beyond_all_measure_is_cut(world):
    world.configure(retry={"retry_after_max": "1s"})
    world.sandbox.rules(rule({"call": "submit", "first": 1}, status=429, headers={"Retry-After": 86400}))
    world.drop_case("A-1")
    began = time.monotonic()
    assert world.run_once().code == 0
    assert 1 <= time.monotonic() - began < 50 and len(world.bill()) == 1


@pytest.mark.parametrize("call", ["poll", "obtain", "refresh"])
@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 502}, {"drop": "after_body"}, {"cut": True},
                                     {"not_json": True}, {"wrong_length": 20}], ids=str)
def test_trouble_on_a_call_that_costs_nothing_is_only_tried_again(world, call, trouble):
    rules = [rule({"call": call, "first": 2 if call == "poll" else 1}, **trouble)]
    if call == "refresh":
        rules.append({"name": "expired", "match": {"call": "poll", "nth": 1}, "do": {"status": 401, "json": FRESH}})
    world.sandbox.rules(*rules)
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 1 and world.sandbox.fired("rule") >= 1


def test_a_throttled_account_gets_everything_through_in_the_end(world):
    world.sandbox.rules(rule({"call": "submit"}, throttle="10/s"))
    for number in range(25):
        world.drop_case(f"A-{number:02}")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 25 and run.summary["verdicts"] == {"pass": 25}


def test_an_outage_fails_no_case_and_charges_nobody(world):
    world.configure(retry={"attempts": 2})
    daemon = world.start_daemon()
    world.sandbox.rules(rule({}, status=503))
    for number in range(8):
        world.drop_case(f"A-{number}")
    wait_for(lambda: world.sandbox.fired("rule") >= 12, "a dozen refused calls")
    assert world.cases("outbox") == set() and world.cases("failed") == set()
    world.sandbox.rules()
    for number in range(8):
        assert world.wait_delivered(f"A-{number}")["task"]["attempts"] == 1
    assert daemon.stop() == 0
    assert len(world.bill()) == 8 and world.cases("failed") == set()


def test_an_api_that_comes_up_later_gets_the_cases_then(bare_world):
    world = bare_world
    world.start_sandbox()
    port = world.sandbox.port
    world.configure()
    world.sandbox.stop()
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: "refused" in daemon.log(), "a refused connection in the log")
    world.start_sandbox("--listen", f"127.0.0.1:{port}")
    assert world.wait_delivered("A-1")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_connections_that_are_closed_behind_our_back_cost_no_second_payment(world):
    world.configure(limits={"uploads": 1, "polls": 1})
    world.sandbox.rules(rule({}, close_after=True))
    for number in range(10):
        world.drop_case(f"A-{number}")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 10


def test_a_server_that_closes_after_each_few_requests_is_fine(bare_world):
    world = bare_world
    world.start_sandbox("--max-requests-per-connection", "3")
    world.configure()
    for number in range(10):
        world.drop_case(f"A-{number}")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 10 and world.sandbox.stats()["tls_resumed"] > 0


def test_a_reply_that_drips_is_read_to_its_end(world):
    world.sandbox.rules(rule({}, slow="500ms"))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 1


@pytest.mark.parametrize("call", ["obtain", "poll"])
def test_a_reply_that_may_have_been_cut_is_asked_for_again(world, call):
    """Without a length, and without TLS's farewell, nobody can tell whether it is whole."""
    world.sandbox.rules(rule({"call": call, "first": 1}, no_length=True))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert world.sandbox.fired("rule") == 1 and world.sandbox.stats()["requests"][call] >= 2
    assert len(world.bill()) == 1


def test_one_case_that_keeps_failing_while_others_get_through_is_given_up(world):
    # Between two tries others get through. Three 503s on each other's heels would be a limiter's, which no case is charged.
    world.configure(poll={"first": "100ms", "min": "100ms", "max": "100ms"}, retry={"attempts": 3, "base": "2s", "max": "8s"})
    world.sandbox.rules(rule({"call": "submit", "contains": "poisoned"}, status=503))
    world.drop_case("A-0", answer="never")  # its polls show that the host is well
    daemon = world.start_daemon()
    wait_for(lambda: world.bill(), "the first submission")
    world.drop_folder("face_liveness", "P-1", {"image.jpg": picture("image", "poisoned")})
    for number in range(3):
        world.drop_case(f"A-{number + 1}")
    error = world.wait_failed("P-1", timeout=60)
    assert (error["stage"], error["code"], error["http_status"]) == ("submit", "RETRIES_EXHAUSTED", 503)
    assert error["retryable"] is True and error["attempts"] == 3
    for number in range(3):
        world.wait_delivered(f"A-{number + 1}")
    assert daemon.stop() == 0
    assert len(world.bill()) == 4 and world.cases("failed") == {"face_liveness/P-1"}


# Submissions whose outcome nobody knows

LOST = [{"status": 500, "accept": True}, {"status": 504, "accept": True}, {"drop": "after_body", "accept": True},
        {"cut": True}, {"hang": "30s", "accept": True}]


@pytest.mark.parametrize("trouble", LOST, ids=str)
def test_a_submission_whose_receipt_was_lost_is_repeated_and_counted(world, trouble):
    if "hang" in trouble:  # long enough for the calls after it on a machine that stalls
        world.configure(api={"timeouts": {"idle": "4s"}})
    world.sandbox.rules(rule({"call": "submit", "first": 1}, **trouble))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    bill = world.bill()
    assert len(bill) == 2 and [line["reply_lost"] for line in bill] == [True, False]
    task = world.result("A-1")["task"]
    assert task["attempts"] == 2 and task["id"] == bill[1]["task"]
    assert "unknown outcome" in run.log


@pytest.mark.parametrize("trouble", LOST[:3], ids=str)
def test_under_hold_a_lost_receipt_is_left_to_a_person(world, trouble):
    world.configure(on_unknown_outcome="hold")
    world.sandbox.rules(rule({"call": "submit", "first": 1}, **trouble))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    error = world.error("A-1")
    assert (error["stage"], error["code"], error["retryable"]) == ("submit", "UNKNOWN_OUTCOME", True)
    assert error["attempts"] == 1 and error["advice"]
    assert len(world.bill()) == 1 and submits(world) == 1


def test_register_face_is_held_whatever_the_configuration_says(world):
    world.configure(on_unknown_outcome="resubmit")
    world.sandbox.rules(rule({"call": "submit", "first": 1}, drop="after_body", accept=True))
    world.drop_case("A-1", "register_face")
    assert world.run_once().code == 1
    assert world.error("A-1", "register_face")["code"] == "UNKNOWN_OUTCOME"
    assert len(world.bill()) == 1 and submits(world) == 1


@pytest.mark.parametrize("trouble", [{"drop": "before_body"}, {"drop": "after_body"}])
def test_a_submission_that_was_not_accepted_is_paid_once_in_the_end(world, trouble):
    world.sandbox.rules(rule({"call": "submit", "first": 1}, **trouble))
    world.drop_case("A-1", "kyc_card")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 1 and submits(world) == 2


@pytest.mark.parametrize("trouble", [{"no_id": True}, {"huge": "9MB"}])
def test_a_receipt_without_a_usable_id_is_never_repeated_by_itself(world, trouble):
    world.sandbox.rules(rule({"call": "submit"}, **trouble, accept=True))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 1, run
    assert world.error("A-1")["code"] == "UNKNOWN_OUTCOME"
    assert len(world.bill()) == 1 and submits(world) == 1


def test_a_task_reply_too_large_to_read_is_kept_in_part(world):
    world.sandbox.rules(rule({"call": "poll"}, huge="9MB"))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    assert world.error("A-1")["code"] == "REPLY_NOT_UNDERSTOOD" and len(world.bill()) == 1


# Refusals


@pytest.mark.parametrize("status,code,retryable", [
    (400, "REJECTED", False), (403, "FORBIDDEN", True), (404, "NOT_FOUND", True), (405, "API_REFUSED", True),
    (406, "API_REFUSED", True), (413, "TOO_LARGE_FOR_API", False), (415, "API_REFUSED", True)])
def test_a_refusal_fails_the_case_with_its_code(world, status, code, retryable):
    world.sandbox.rules(rule({"call": "submit"}, status=status, json={"detail": "no"}))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    error = world.error("A-1")
    assert (error["stage"], error["code"], error["http_status"]) == ("submit", code, status)
    assert error["api"] == {"detail": "no"} and error["retryable"] is retryable
    assert submits(world) == 1 and world.bill() == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(world, status):
    elsewhere = f"https://localhost:{world.sandbox.port}/elsewhere/"
    world.sandbox.rules(rule({"call": "submit"}, redirect=elsewhere, status=status))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    error = world.error("A-1")
    assert (error["code"], error["http_status"]) == ("API_REFUSED", status) and elsewhere in error["message"]
    assert "other" not in world.sandbox.stats()["requests"] and world.bill() == []


def test_an_html_error_page_is_kept_as_text(world):
    world.sandbox.rules(rule({"call": "submit"}, status=404, html="<h1>Nothing here</h1>" + "x" * 5000))
    world.drop_case("A-1")
    assert world.run_once().code == 1
    api = world.error("A-1")["api"]
    assert api.startswith("<h1>Nothing here</h1>") and len(api) == 2048


def test_a_413_while_the_body_is_still_written_is_no_network_fault(bare_world):
    world = bare_world
    world.start_sandbox("--max-body", "500kB")
    world.configure()
    world.drop_folder("ocr_card", "A-1",
                      {f"{field}.jpg": padded(field, 1_900_000) for field in ("front_id", "back_id")})
    run = world.run_once()
    assert run.code == 1, run
    error = world.error("A-1", "ocr_card")
    assert (error["code"], error["http_status"]) == ("TOO_LARGE_FOR_API", 413)
    assert submits(world) == 1 and world.bill() == []


def test_a_paused_service_does_not_hold_up_the_others(world):
    """More of its cases than may be between claim and receipt (uploads + 4) wait for it."""
    world.configure(limits={"uploads": 1})
    world.sandbox.rules(rule({"call": "submit", "service": "ocr_passport"}, status=403, json={"detail": "no"}))
    daemon = world.start_daemon()
    for number in range(20):
        world.drop_case(f"A-{number}", "ocr_passport")
    daemon.wait_for_log("ocr_passport is paused")
    for number in range(3):
        world.drop_case(f"B-{number}")
    for number in range(3):
        world.wait_delivered(f"B-{number}")
    assert daemon.stop() == 0
    assert len(world.cases("failed")) == 5 and len(world.bill()) == 3
    assert len(world.cases("inbox")) + len(world.cases("work")) == 15


def test_five_refusals_in_a_row_pause_the_service_and_no_other(world):
    world.configure(limits={"uploads": 1}, once={"patience": "4s"})
    world.sandbox.rules(rule({"call": "submit", "service": "ocr_passport"}, status=403, json={"detail": "no"}))
    for number in range(9):
        world.drop_case(f"A-{number}", "ocr_passport")
    for number in range(3):
        world.drop_case(f"B-{number}")
    run = world.run_once()
    assert run.code == 2, run
    assert run.summary["codes"] == {"FORBIDDEN": 5} and world.sandbox.fired("rule") == 5
    assert "ocr_passport is paused" in run.log
    assert world.cases("outbox") == {f"face_liveness/B-{number}" for number in range(3)}
    kept = len(world.cases("inbox")) + len(world.cases("work"))
    assert kept == 4 and len(world.bill()) == 3


def test_a_service_that_never_answers_does_not_hold_up_the_others(world):
    """Its cases were dropped first, and each takes an upload until it times out."""
    world.configure(api={"timeouts": {"idle": "2s"}}, limits={"uploads": 4}, retry={"base": "500ms", "max": "2s"})
    world.sandbox.rules(rule({"call": "submit", "service": "ocr_passport"}, hang="60s"))
    daemon = world.start_daemon()
    for number in range(20):
        world.drop_case(f"A-{number}", "ocr_passport")
    wait_for(lambda: submits(world) >= 4, "four uploads")
    for number in range(20):
        world.drop_case(f"B-{number}")
    daemon.wait_for_log("ocr_passport is paused")
    began = time.monotonic()
    for number in range(20):
        world.wait_delivered(f"B-{number}")
    assert time.monotonic() - began < 20
    # Five that made it suspect, as many as were under way, and those that tried since.
    assert world.sandbox.fired("rule") <= 15
    assert daemon.stop() == 0
    assert len(world.bill()) == 20


# Tokens


@pytest.mark.parametrize("call", ["submit", "poll"])
def test_a_401_is_answered_with_one_refresh_and_one_replay(world, call):
    world.sandbox.rules(rule({"call": call, "nth": 1}, status=401, json=FRESH))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    stats = world.sandbox.stats()
    assert (stats["obtains"], stats["refreshes"]) == (1, 1)
    assert len(world.bill()) == 1 and world.result("A-1")["task"]["attempts"] == 1


def test_many_401s_at_once_share_one_refresh(world):
    """The very first call goes alone; all others are under way when they meet theirs."""
    world.sandbox.rules({"name": "alone", "match": {"call": "submit", "first": 1}, "do": {"delay": "10ms"}},
                        rule({"call": "submit", "first": 8}, status=401, json=FRESH, delay="3s"))
    for number in range(9):
        world.drop_case(f"A-{number}")
    run = world.run_once()
    assert run.code == 0, run
    stats = world.sandbox.stats()
    assert (stats["obtains"], stats["refreshes"]) == (1, 1) and len(world.bill()) == 9


def test_a_dead_refresh_token_is_followed_by_a_login(world):
    world.sandbox.rules(rule({"call": "poll", "nth": 1}, status=401, json=FRESH),
                        {"name": "dead", "match": {"call": "refresh"},
                         "do": {"status": 401, "json": {"detail": "Token is blacklisted", "code": "token_not_valid"}}})
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert world.sandbox.fired("dead") == 1 and world.sandbox.stats()["obtains"] == 2
    assert len(world.bill()) == 1


def test_a_refresh_whose_answer_was_lost_is_followed_by_a_login_not_by_the_same_token(world):
    world.sandbox.rules(rule({"call": "poll", "nth": 1}, status=401, json=FRESH),
                        {"name": "lost", "match": {"call": "refresh"}, "do": {"drop": "after_body", "accept": True}})
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    stats = world.sandbox.stats()
    assert world.sandbox.fired("lost") == 1 and stats["obtains"] == 2 and stats["unauthorized"] == 0


def test_tokens_of_a_few_seconds_are_renewed_in_time(bare_world):
    world = bare_world
    world.start_sandbox("--access-lifetime", "3s")
    world.configure(limits={"rate": 8})
    before = world.sandbox.stats()
    # Calls that wait at an API that stalls may find their token old when it goes on; that does not happen each time.
    for attempt in range(1, 4):
        for number in range(40):
            world.drop_case(f"A-{attempt}-{number:02}")
        run = world.run_once()
        assert run.code == 0, run
        after = world.sandbox.stats()
        obtains, refreshes, refused = (after[each] - before[each] for each in ("obtains", "refreshes", "unauthorized"))
        assert len(world.bill()) == 40 * attempt and refreshes >= 1
        # A token's times are whole seconds, so one may end a moment earlier than it said; never many calls at once.
        if obtains == 1 and refreshes <= 6 and refused <= 2:
            return
        before = after
    raise AssertionError(f"{obtains} logins, {refreshes} refreshes, {refused} calls with an old token")


def test_refused_credentials_end_a_run_with_77_and_keep_the_cases(world):
    world.configure(once={"patience": "4s"})
    world.sandbox.rules(rule({"call": "obtain"}, refuse_login=True))
    for number in range(3):
        world.drop_case(f"A-{number}")
    run = world.run_once()
    assert run.code == 77, run
    assert submits(world) == 0 and world.cases("failed") == set() and world.cases("outbox") == set()
    assert len(world.cases("inbox")) + len(world.cases("work")) == 3
    assert world.sandbox.stats()["requests"]["obtain"] <= 4
    world.sandbox.rules()
    world.configure()
    run = world.run_once()
    assert run.code == 0 and run.summary["delivered"] == 3 and len(world.bill()) == 3, run


def test_a_disabled_account_pauses_and_loses_nothing(world):
    world.configure(once={"patience": "4s"})
    world.sandbox.rules(rule({"call": "submit"}, user_inactive=True))
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 77, run
    assert world.cases("failed") == set() and world.bill() == []
    assert submits(world) <= 6
    world.sandbox.rules()
    world.configure()
    assert world.run_once().code == 0 and len(world.bill()) == 1


# Nobody there, or somebody else


def unreachable(world):
    run = world.run_once()
    assert run.code == 69, run
    assert run.summary["open"] + len(run.summary["not_ready"]) >= 1 and run.summary["submissions"] == 0
    assert len(world.cases("inbox")) + len(world.cases("work")) == 1 and world.cases("failed") == set()
    return run


def test_an_api_that_does_not_listen_is_unreachable(world):
    world.sandbox.stop()
    world.configure(once={"patience": "3s"})
    world.drop_case("A-1")
    unreachable(world)


def test_a_page_instead_of_tokens_ends_a_run_like_an_api_that_is_not_there(world):
    world.configure(once={"patience": "4s"})
    world.sandbox.rules(rule({"call": "obtain"}, status=200, html="<h1>Welcome to the hotel</h1>"))
    world.drop_case("A-1")
    run = unreachable(world)
    assert "the API gives no token" in run.log


def test_a_certificate_of_another_authority_gets_nothing(world):
    other = Sandbox(world.root / "other")
    world.sandboxes.append(other)
    world.configure(api={"ca_file": other.ca_file}, once={"patience": "3s"})
    world.drop_case("A-1")
    run = unreachable(world)
    assert "certificate" in run.log
    stats = world.sandbox.stats()
    assert stats["requests"] == {} and stats["tls_failed"] >= 1


def test_a_certificate_of_another_name_gets_nothing(bare_world):
    world = bare_world
    world.start_sandbox("--listen", "0.0.0.0:0")
    world.configure(api={"base_url": f"https://127.0.0.2:{world.sandbox.port}/api/v3"}, once={"patience": "3s"})
    world.drop_case("A-1")
    run = unreachable(world)
    assert "certificate" in run.log
    assert world.sandbox.stats()["requests"] == {}


def test_the_system_s_authorities_do_not_vouch_for_the_sandbox(world):
    world.configure(api={"ca_file": None}, once={"patience": "3s"})
    world.drop_case("A-1")
    unreachable(world)
    assert world.sandbox.stats()["requests"] == {}


# Young tasks


@pytest.mark.parametrize("word", [404, 500])
def test_a_young_task_that_is_not_there_yet_is_asked_for_again(world, word):
    world.sandbox.settings(fresh_task=word, fresh_for="4s")
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 1 and world.result("A-1")["task"]["polls"] > 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_connection_is_tls_1_2_or_better(bare_world):
    """A server that speaks no better than TLS 1.1 gets no request."""
    world = bare_world
    world.start_sandbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.sandbox.state / "server.pem", world.sandbox.state / "server.key")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    listener = socket.create_server(("127.0.0.1", 0))
    got = []

    def serve():
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as tls:
                    got.append(tls.recv(100))
            except (ssl.SSLError, OSError) as error:
                got.append(error)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    world.configure(api={"base_url": f"https://localhost:{listener.getsockname()[1]}/api/v3"}, once={"patience": "3s"})
    world.drop_case("A-1")
    unreachable(world)
    wait_for(lambda: got, "the refusal on the server's side")
    listener.close()
    assert all(isinstance(each, Exception) for each in got)
