"""The metrics of a running kycd against what really happened: the sandbox's bill, its own counts, and the folders."""

import re
import time
import urllib.request

from conftest import picture, wait_for

LINE = re.compile(r'^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def rule(name, match, **action):
    return {"name": name, "match": match, "do": action}


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.series = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            found = LINE.match(line)
            assert found, line
            labels = frozenset(LABEL.findall(found["labels"] or ""))
            assert (found["name"], labels) not in self.series, f"twice: {line}"
            self.series[found["name"], labels] = float(found["value"])

    def sum(self, name, **labels):
        """Over the series that have these labels."""
        return sum(value for (each, having), value in self.series.items()
                   if each == name and set(labels.items()) <= having)

    def by(self, name, label):
        """What is not 0, summed up by one label's values."""
        sums = {}
        for (each, having), value in self.series.items():
            if each == name and value:
                key = dict(having)[label]
                sums[key] = sums.get(key, 0) + value
        return sums


def start(world, **changes):
    world.configure(admin={"listen": "127.0.0.1:0"}, **changes)
    daemon = world.start_daemon()
    daemon.wait_for_log("admin listening")
    port = re.search(r"admin listening.*listen=\S*:(\d+)", daemon.log())[1]

    def scrape():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as reply:
            assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            return Metrics(reply.read().decode())

    return daemon, scrape


def test_counters_are_what_happened_also_when_much_goes_wrong(world):
    world.sandbox.rules(
        rule("busy at first", {"call": "submit", "first": 1}, status=503),
        rule("lost", {"call": "submit", "nth": 4}, drop="after_body", accept=True),
        rule("a bad poll", {"call": "poll", "nth": 2}, status=502),
        rule("a refusal", {"call": "submit", "contains": "seed-refused"}, status=400, json={"image": ["no"]}))
    began = time.time()
    _, scrape = start(world, on_unknown_outcome="resubmit", resubmit_failed_tasks=1)
    for number in range(8):
        world.drop_case(f"A-{number}")
    world.drop_case("S-1", answer="spoof")
    world.drop_case("F-1", answer="failure")
    world.drop_case("seed-refused")
    world.drop_folder("face_liveness", "N-1", {"image.jpg": b"no image"})
    world.drop_folder("Mustermann", "U-1", {"image.jpg": b"no image"})
    world.drop_folder("kyc_card", "I-1", {"front_id.jpg": picture("front_id", "I-1")})

    def ended():
        seen = scrape()
        done = seen.sum("kycd_cases_delivered_total") + seen.sum("kycd_cases_failed_total")
        # An event of a case that the scan had found as well is looked into a little later.
        quiet = seen.sum("kycd_pending") == 0 and seen.sum("kycd_cases", state="waiting") == 0
        return done == 13 and quiet and seen

    seen = wait_for(ended, "the ends of 13 cases", 60)
    bill = world.bill()
    stats = world.sandbox.stats()
    delivered = world.cases("outbox")
    failed = world.cases("failed")

    assert seen.by("kycd_cases_delivered_total", "verdict") == {"pass": 8, "fail": 1} and len(delivered) == 9
    assert seen.by("kycd_cases_failed_total", "code") == {
        "TASK_FAILED": 1, "REJECTED": 1, "NOT_AN_IMAGE": 1, "UNKNOWN_SERVICE": 1} and len(failed) == 4
    assert seen.by("kycd_cases_failed_total", "service") == {"face_liveness": 3, "unknown": 1}
    assert seen.sum("kycd_cases_claimed_total") == 13
    assert seen.sum("kycd_cases", state="not_ready", service="kyc_card") == 1 and len(seen.by("kycd_cases", "state")) == 1

    # What was paid: receipts, and at most one for each outcome that nobody knows.
    assert seen.sum("kycd_unknown_outcomes_total") == 1
    assert seen.sum("kycd_receipts_total") == sum(not each["reply_lost"] for each in bill)
    assert seen.sum("kycd_receipts_total") + seen.sum("kycd_unknown_outcomes_total") == len(bill)
    assert seen.sum("kycd_submit_attempts_total", outcome="accepted") == seen.sum("kycd_receipts_total")
    assert seen.sum("kycd_submit_attempts_total", outcome="unknown") == 1
    assert seen.sum("kycd_submit_attempts_total", outcome="refused") == 1
    assert seen.sum("kycd_submit_attempts_total", outcome="not_sent") == 1

    # What was said on the wire.
    requests = stats["requests"]
    assert seen.sum("kycd_api_responses_total", call="submit") == requests["submit"]
    assert seen.sum("kycd_api_responses_total", call="poll") == requests["poll"] == seen.sum("kycd_polls_total")
    assert seen.sum("kycd_api_responses_total", call="submit", status="reset") == 1
    assert seen.sum("kycd_api_responses_total", call="submit", status="503") == 1
    assert seen.sum("kycd_api_responses_total", call="poll", status="502") == 1
    assert seen.sum("kycd_polls_total", outcome="answered") == 9
    assert seen.sum("kycd_polls_total", outcome="task_failed") == 2
    assert seen.sum("kycd_polls_total", outcome="retried") == 1
    assert seen.sum("kycd_token_renewals_total", kind="obtain", outcome="ok") == requests["obtain"] == 1
    assert seen.sum("kycd_tls_handshakes_total") == stats["tls_handshakes"]
    assert seen.sum("kycd_sent_bytes_total") > sum(each["bytes"] for each in bill) > 0
    assert seen.sum("kycd_received_bytes_total") > 0

    # Durations: each case once, and none longer than the test.
    for name, times in (("claim_delay", 13), ("upload_duration", len(bill) - 1), ("answer_duration", 9),
                        ("deliver_duration", 9), ("case_duration", 9)):
        assert seen.sum(f"kycd_{name}_seconds_count") == times, name
        assert 0 <= seen.sum(f"kycd_{name}_seconds_sum") < times * (time.time() - began + 1), name
        assert seen.sum(f"kycd_{name}_seconds_bucket", le="+Inf") == times, name

    assert seen.sum("kycd_ledger_commits_total") == seen.sum("kycd_ledger_commit_duration_seconds_count") > 0
    assert seen.sum("kycd_ledger_writes_total") >= seen.sum("kycd_ledger_commits_total")
    assert seen.sum("kycd_sync_duration_seconds_count", step="claim") > 0
    assert seen.sum("kycd_sync_duration_seconds_count", step="deliver") > 0
    assert seen.sum("kycd_scan_duration_seconds_count") >= 1
    assert began - 5 < seen.sum("process_start_time_seconds") <= seen.sum("kycd_last_scan_timestamp_seconds") < time.time() + 5
    assert time.time() < seen.sum("kycd_token_expiry_timestamp_seconds") < time.time() + 600
    assert 0 <= seen.sum("kycd_token_age_seconds") < time.time() - began + 1
    assert seen.sum("process_open_fds") > 5 and seen.sum("process_resident_memory_bytes") > 1e6
    assert set(seen.by("kycd_free_bytes", "folder")) == {"inbox", "work", "outbox", "failed", "ledger"}
    for quiet in ("kycd_faults", "kycd_api_down", "kycd_credentials_refused", "kycd_uploads_in_flight", "kycd_image_bytes_held"):
        assert seen.sum(quiet) == 0, quiet

    # No label is a producer's word.
    for word in ("A-1", "Mustermann", "seed-refused", "I-1", "no image"):
        assert word not in seen.text


def test_a_failed_reload_shows_until_one_succeeds(world):
    daemon, scrape = start(world)
    assert scrape().sum("kycd_config_last_reload_successful") == 1
    good = world.config_file.read_text()
    world.config_file.write_text("nonsense: [")
    daemon.send(1)
    wait_for(lambda: scrape().sum("kycd_config_last_reload_successful") == 0, "the failed reload")
    world.config_file.write_text(good)
    daemon.send(1)
    wait_for(lambda: scrape().sum("kycd_config_last_reload_successful") == 1, "the good one")
