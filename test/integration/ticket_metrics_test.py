"""Re-verification tickets in the metrics of a running kycd."""

import os

from metrics_test import start
from reverify_test import changes_its_mind, deliver, drop_ticket, wait_report
from ticket_sight_test import tomorrow
from world import wait_for


def states(seen):
    return seen.by("kycd_tickets", "state")


def wait_states(scrape, expected):
    def stand_so():
        seen = scrape()
        return seen if states(seen) == expected else None
    return wait_for(stand_so, f"tickets {expected}", 30)


def cases(seen):
    return seen.by("kycd_ticket_cases", "state")


def test_what_tickets_do_is_told_without_their_names(world):
    deliver(world, *(f"A-{i}" for i in range(5)))
    paid_before = len(world.bill())
    daemon, scrape = start(world)
    assert states(scrape()) == {}

    opens_later = tomorrow()[1]
    drop_ticket(world, "Mustermann", opens_later)
    seen = wait_states(scrape, {"waiting": 1})
    assert cases(seen) == {"waiting": 5} and seen.sum("kycd_ticket_still_seconds") == 0
    os.remove(world.inbox / "reverify/Mustermann.yaml")
    wait_report(world, "Mustermann")

    drop_ticket(world, "nightly", "window: always\n")
    wait_report(world, "nightly")
    drop_ticket(world, "misspelt", "serivce: kyc_card\n")
    world.sandbox.rules(changes_its_mind("image A-"))
    drop_ticket(world, "careful", "window: always\nstop_if: {changed: 0}\nrate: 1\n")
    wait_report(world, "careful")

    def all_counted():
        seen = scrape()
        ended = seen.by("kycd_tickets_ended_total", "how")
        return seen if ended == {"cancelled": 1, "done": 1, "stop_if": 1} and seen.sum("kycd_tickets_refused_total") == 1 else None

    seen = wait_for(all_counted, "the ends of three tickets and the refusal of one", 30)
    assert states(seen) == {} and cases(seen) == {}
    again = seen.by("kycd_ticket_cases_ended_total", "end")
    assert again["unchanged"] == 5 and 1 <= again["changed"] == sum(again.values()) - 5
    assert seen.by("kycd_ticket_cases_ended_total", "service") == {"face_liveness": sum(again.values())}

    # What they paid, and asked, is parted from what dropped cases do, and no case of theirs is one that came in or went out.
    paid = len(world.bill()) - paid_before
    assert seen.sum("kycd_ticket_submit_attempts_total", outcome="accepted") == paid == sum(again.values())
    assert seen.sum("kycd_submit_attempts_total", outcome="accepted") == seen.sum("kycd_receipts_total") == paid
    assert seen.sum("kycd_ticket_polls_total", outcome="answered") == paid
    world.sandbox.rules()
    world.drop_case("B-1")
    world.wait_delivered("B-1")

    def delivery_counted():
        seen = scrape()
        return seen if seen.sum("kycd_cases_delivered_total") == 1 else None

    seen = wait_for(delivery_counted, "the delivery of a dropped case", 30)
    assert seen.sum("kycd_receipts_total") == paid + 1
    assert seen.sum("kycd_ticket_submit_attempts_total") == paid
    assert seen.sum("kycd_cases_claimed_total") == 1
    for name in ("Mustermann", "nightly", "careful", "misspelt", "A-"):
        assert name not in seen.text
    assert daemon.stop() == 0


def test_cases_of_a_ticket_are_no_backlog_of_dropped_ones(world):
    deliver(world, *(f"A-{i}" for i in range(3)))
    world.sandbox.rules({"name": "no answer", "match": {"call": "submit"}, "do": {"task_answer": "never"}})
    daemon, scrape = start(world)
    drop_ticket(world, "night", "window: always\n")

    def all_sent():
        seen = scrape()
        return seen if seen.sum("kycd_receipts_total") == 3 else None

    seen = wait_for(all_sent, "three receipts", 30)
    assert states(seen) == {"running": 1} and cases(seen) == {"in_hand": 3}
    assert seen.by("kycd_cases", "state") == {} and seen.sum("kycd_oldest_case_age_seconds") == 0
    assert seen.sum("kycd_pending") == 3
    # Nothing gets on: that is seen.
    wait_for(lambda: scrape().sum("kycd_ticket_still_seconds", state="running") >= 2, "time to go by", 30)
    os.remove(world.inbox / "reverify/night.yaml")
    wait_states(scrape, {"ending": 1})
    assert daemon.stop() == 0


def test_a_pause_is_told_by_who_paused(world):
    deliver(world, "A-1", "A-2")
    world.sandbox.rules(changes_its_mind("image A-1"))
    daemon, scrape = start(world)
    drop_ticket(world, "night", "window: always\ncanary: [A-1]\n")
    seen = wait_states(scrape, {"paused": 1})
    assert seen.by("kycd_tickets_paused", "by") == {"canaries": 1}
    assert cases(seen) == {"changed": 1, "waiting": 1}
    drop_ticket(world, "later", tomorrow()[1])
    wait_states(scrape, {"paused": 1, "waiting": 1})
    os.rename(world.inbox / "reverify/later.yaml", world.inbox / "reverify/later.yaml.paused")
    seen = wait_states(scrape, {"paused": 2})
    assert seen.by("kycd_tickets_paused", "by") == {"canaries": 1, "person": 1}
    assert daemon.stop() == 0
