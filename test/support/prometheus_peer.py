"""Debian's Prometheus for a test, and what ships for it: the alert rules and the dashboard."""

import json
import pathlib
import re
import runpy
import urllib.error
import urllib.parse
import urllib.request

import yaml
from peers import Peer
from world import ROOT, wait_for

RULES_FILE = ROOT / "config/prometheus/kycd-alerts.yaml"
RULE_TESTS = sorted((ROOT / "test/prometheus").glob("*-test.yaml"))
DASHBOARD_FILE = ROOT / "config/grafana/kycd.json"
WRITES_DASHBOARD = ROOT / "scripts/write-dashboard"

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def rules():
    """The alert rules by name."""
    groups = yaml.safe_load(RULES_FILE.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def impatient_rules(file):
    """Writes the same rules but that they fire as soon as it is so."""
    shipped = yaml.safe_load(RULES_FILE.read_text())
    for group in shipped["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = "0s"
    pathlib.Path(file).write_text(yaml.safe_dump(shipped))
    return file


def dashboard():
    return json.loads(DASHBOARD_FILE.read_text())


def written_dashboard():
    """What scripts/write-dashboard would write."""
    return runpy.run_path(str(WRITES_DASHBOARD))["text"]()


def dashboard_queries():
    """Panel title and PromQL, with Grafana's variables filled in as for one kycd in a test."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], filled_in(target["expr"])


def filled_in(expression):
    for name, value in (("$__rate_interval", "1m"), ("$job", "kycd"), ("$instance", ".*")):
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def metrics_in(expression):
    """The names of kycd's metrics in PromQL, as families: a histogram without its endings."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:kycd|process)_[a-z0-9_]+", expression)}


def metrics_used():
    """By alerts and dashboard: where, by name."""
    used = {}
    for name, rule in rules().items():
        for metric in metrics_in(rule["expr"]):
            used.setdefault(metric, set()).add(name)
    for title, expression in dashboard_queries():
        for metric in metrics_in(expression):
            used.setdefault(metric, set()).add(title)
    return used


def metrics_documented():
    """By the tables of docs/monitoring.md, where names stand in backticks, with or without labels."""
    return set(re.findall(r"`((?:kycd|process)_[a-z0-9_]+)[`{]", (ROOT / "docs/monitoring.md").read_text()))


def bounds_in(text):
    """The bounds of the buckets, as written, by histogram: of metrics, PromQL, or what promtool is given."""
    found = {}
    for name, bound in re.findall(r'\b(kycd_[a-z0-9_]+)_bucket\{[^}]*\ble="([^"]+)"', text):
        found.setdefault(name, set()).add(bound)
    return found


def limits_of_quantiles():
    """Alert, histogram, and the time with which a quantile of it is compared. Between two bounds a quantile is a guess."""
    for name, rule in rules().items():
        for called, limit in re.findall(r"histogram_quantile\((.*)\) > ([0-9.]+)", rule["expr"]):
            for histogram in metrics_in(called):
                yield name, histogram, float(limit)


def fetch(url, timeout=20):
    with _DIRECT.open(url, timeout=timeout) as reply:
        return reply.read().decode()


class Prometheus(Peer):
    """Scrapes a target (host:port) each second as the job kycd, with these rules."""

    program = "prometheus"

    def __init__(self, folder, target, rules_file):
        super().__init__(folder)
        self.config_file.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules_file)],
            "scrape_configs": [{"job_name": "kycd", "static_configs": [{"targets": [target]}]}]}))

    def command(self):
        return [f"--config.file={self.config_file}", f"--storage.tsdb.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]

    def start(self):
        super().start()
        wait_for(self._is_ready, "Prometheus to be ready", 60)
        return self

    def _is_ready(self):
        try:
            return fetch(f"http://127.0.0.1:{self.port}/-/ready")
        except urllib.error.URLError:
            return False

    def log(self):
        return (self.folder / "stderr").read_text(errors="replace")

    def ask(self, call, **arguments):
        """What an API call returns as its data. A complaint fails the test."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{call}?{urllib.parse.urlencode(arguments)}"
        try:
            return json.loads(fetch(url))["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{call} {arguments}: {error.read().decode()}") from None

    def query(self, expression):
        """An instant query: labels and number of each series."""
        return [(each["metric"], float(each["value"][1])) for each in self.ask("query", query=expression)["result"]]

    def families(self):
        """What kycd tells of, as metrics_in() names it."""
        found = self.query('count by (__name__) ({job="kycd"})')
        return {family for labels, _ in found for family in metrics_in(labels["__name__"])}

    def firing(self):
        """The labels of the alerts that fire."""
        return [each["labels"] for each in self.ask("alerts")["alerts"] if each["state"] == "firing"]
