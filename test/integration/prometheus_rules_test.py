"""What ships for Prometheus, Alertmanager and Grafana, without a kycd: it is well formed, each alert is tried and explained.
"""

import re
import subprocess

import pytest
import yaml
from conftest import ROOT
from prometheus_peer import (DASHBOARD_FILE, RULE_TESTS, RULES_FILE, dashboard, dashboard_queries, filled_in, metrics_documented, metrics_used,
                             rules, written_dashboard)

ALERTS_PAGE = (ROOT / "docs/alerts.md").read_text()
ALERTMANAGER_FILE = ROOT / "config/prometheus/alertmanager-example.yaml"


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_rules_and_the_example_are_well_formed():
    assert f"{len(rules())} rules found" in promtool("check", "rules", RULES_FILE)
    promtool("check", "config", ROOT / "config/prometheus/scrape-example.yaml")


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_only_then(file):
    promtool("test", "rules", file)


def test_each_alert_is_tried_where_it_fires_and_where_it_does_not():
    fires, rests = set(), set()
    for file in RULE_TESTS:
        for group in yaml.safe_load(file.read_text())["tests"]:
            for check in group["alert_rule_test"]:
                (fires if check.get("exp_alerts") else rests).add(check["alertname"])
    assert fires == set(rules()) == rests


def test_each_alert_says_what_it_is():
    for name, rule in rules().items():
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, name
        assert rule["annotations"]["runbook"] == f"docs/alerts.md#{name.lower()}", name


def test_each_alert_has_its_part_of_the_page_and_each_part_its_alert():
    parts = re.split(r"(?m)^## (Kycd\w+)$", ALERTS_PAGE)
    texts = dict(zip(parts[1::2], parts[2::2]))
    assert set(texts) == set(rules())
    assert [name for name, text in texts.items() if len(text.split()) < 20] == []
    lines = dict(re.findall(r"(?m)^\| \[(\w+)\]\(#\w+\) \| (\w+) \|", ALERTS_PAGE))
    assert lines == {name: rule["labels"]["severity"] for name, rule in rules().items()}
    assert {link for link in re.findall(r"\(#(\w+)\)", ALERTS_PAGE)} <= {name.lower() for name in rules()}


def test_every_metric_that_is_used_is_documented():
    known = metrics_documented()
    assert {metric: sorted(where) for metric, where in metrics_used().items() if metric not in known} == {}


def test_alertmanager_speaks_of_alerts_that_there_are():
    named = set()
    for rule in yaml.safe_load(ALERTMANAGER_FILE.read_text())["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            named |= set(re.findall(r"Kycd\w+", matcher))
    assert named and named <= set(rules())


def test_the_dashboard_is_the_one_that_is_written_down():
    assert DASHBOARD_FILE.read_text() == written_dashboard(), "run scripts/write-dashboard"


def test_the_dashboard_is_laid_out_without_overlaps():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"] and panel["targets"], panel["title"]
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_each_query_of_the_dashboard_can_be_read(tmp_path):
    queries = [expression for _, expression in dashboard_queries()]
    queries += [filled_in(each["expr"]) for each in dashboard()["annotations"]["list"]]
    assert len(queries) > 60
    # As a recording rule each: promtool reads it as Prometheus does.
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [
        {"record": f"query:{number}", "expr": expression} for number, expression in enumerate(queries)]}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", file)
