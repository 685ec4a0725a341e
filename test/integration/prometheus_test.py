"""Prometheus itself looks at a running kycd: it gets what rules and dashboard ask for, and an alert fires."""

import re
import signal
import subprocess

import pytest
from conftest import wait_for
from prometheus_peer import (RULE_TESTS, RULES_FILE, Prometheus, bounds_in, dashboard_queries, fetch, impatient_rules,
                             limits_of_quantiles, metrics_documented, metrics_in, metrics_used, rules)

PRODUCERS_FOLDER = "Erika-Mustermann-1983"


def start_kycd(world, **changes):
    """The daemon, and where it tells its metrics."""
    world.configure(admin={"listen": "127.0.0.1:0"}, **changes)
    daemon = world.start_daemon()
    daemon.wait_for_log("admin listening")
    return daemon, re.search(r"admin listening.*\blisten=(\S+)", daemon.log()).group(1)


@pytest.fixture
def watched(world):
    """Starts kycd and a Prometheus that has seen it."""
    made = []

    def start(**changes):
        daemon, address = start_kycd(world, **changes)
        seen_by = Prometheus(world.root / "prometheus", address, impatient_rules(world.root / "rules.yaml")).start()
        made.append(seen_by)
        wait_for(lambda: seen_by.query("up == 1"), "the first scrape", 60)
        return daemon, f"http://{address}", seen_by

    yield start
    for prometheus in made:
        prometheus.stop()


def fires(prometheus, alert):
    return next((labels for labels in prometheus.firing() if labels["alertname"] == alert), None)


def test_refused_credentials_and_a_dead_kycd_are_told_of(world, watched):
    world.sandbox.rules({"name": "locked out", "match": {"call": "obtain"}, "do": {"refuse_login": True}})
    daemon, _, prometheus = watched()
    # One scrape of many may be late on a busy machine.
    wait_for(lambda: [target["health"] for target in prometheus.ask("targets")["activeTargets"]] == ["up"], "the target to be up", 60)
    loaded = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in loaded} == set(rules())
    wait_for(lambda: all(rule["health"] == "ok" for group in prometheus.ask("rules")["groups"] for rule in group["rules"]),
             "every rule to be evaluated", 60)

    world.drop_case("A-1")
    told = wait_for(lambda: fires(prometheus, "KycdCredentialsRefused"), "the alert", 60)
    assert told["severity"] == "critical" and told["job"] == "kycd"
    wait_for(lambda: not fires(prometheus, "KycdDown"), "a kycd that answers to be told of as one", 60)

    world.sandbox.rules()
    daemon.send(signal.SIGHUP)
    world.wait_delivered("A-1", timeout=60)
    wait_for(lambda: not fires(prometheus, "KycdCredentialsRefused"), "the alert to end", 60)
    wait_for(lambda: prometheus.query('kycd_cases_delivered_total{service="face_liveness", verdict="pass"} == 1'),
             "the delivery to be counted", 60)

    daemon.send(signal.SIGKILL)
    wait_for(lambda: fires(prometheus, "KycdDown"), "the alert", 60)


def test_all_that_rules_and_dashboard_ask_for_is_there(world, watched):
    _, address, prometheus = watched(intake={"dedupe": "1h"})
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "A-2", {"image.jpg": b"no picture"})
    world.drop_case("A-3", answer="never")
    world.drop_folder(PRODUCERS_FOLDER, "A-4", {"image.jpg": b"no service"})
    world.wait_delivered("A-1", timeout=60)
    world.wait_failed("A-2", timeout=60)
    wait_for(lambda: f"{PRODUCERS_FOLDER}/A-4" in world.cases("failed"), "the case of no service", 60)
    wait_for(lambda: prometheus.query('kycd_cases{state="pending", service="face_liveness"} == 1'), "the open case", 60)

    asked = metrics_used()
    wait_for(lambda: asked.keys() <= prometheus.families(), "every metric that is used", 60)
    # Nothing has to fire, so there may be no alert to count; everything else shows something.
    queries = [(title, expression) for title, expression in dashboard_queries() if "ALERTS" not in expression]

    def shows_nothing():
        return [title for title, expression in queries if not prometheus.query(expression)]

    wait_for(lambda: not shows_nothing(), "something in every panel", 60)
    assert {labels["state"] for labels, _ in prometheus.query("kycd_oldest_case_age_seconds")} == {
        "not_ready", "waiting", "claimed", "sending", "pending", "delivering"}

    text = fetch(f"{address}/metrics")
    linted = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (linted.returncode, linted.stderr) == (0, ""), linted
    assert PRODUCERS_FOLDER not in text and not re.search(r"A-\d", text)
    assert metrics_in(text) <= metrics_documented()


def test_rules_compare_with_bounds_that_kycd_has_and_are_tried_with_no_others(world):
    _, address = start_kycd(world)
    world.drop_case("A-1")  # histograms of a service begin with its first case
    world.wait_delivered("A-1", timeout=60)
    there = bounds_in(fetch(f"http://{address}/metrics"))
    for file in (RULES_FILE, *RULE_TESTS):
        asked = bounds_in(file.read_text())
        assert {name: bounds - there.get(name, set()) for name, bounds in asked.items() if bounds - there.get(name, set())} == {}, file
    limits = list(limits_of_quantiles())
    assert len(limits) >= 4
    assert [each for each in limits if each[2] not in {float(bound) for bound in there[each[1]]}] == []
