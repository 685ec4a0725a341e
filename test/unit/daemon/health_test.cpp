#include "status/health.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

/// All is well.
health_facts good() {
    health_facts facts;
    facts.phase = run_phase::running;
    facts.progress = {{"loop", 0s, false}, {"scan", 0s, false}, {"ledger", 0s, false}};
    return facts;
}

fault_pause::state waited_out(int errno_value, const std::string& what) {
    fault_pause::state state;
    state.error = std::error_code(errno_value, std::system_category());
    state.what = what;
    return state;
}

void expect(const health_facts& facts, bool live, bool ready, const std::string& line) {
    const auto report = judge_health(facts);
    const auto all = ready_lines(report);
    BOOST_TEST_CONTEXT(all) {
        BOOST_TEST(report.is_live() == live);
        BOOST_TEST(report.is_ready() == ready);
        BOOST_TEST(("\n" + all).find("\n" + line + "\n") != std::string::npos);
        BOOST_TEST((live_lines(report).find("bad ") == std::string::npos) == live);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_test)

BOOST_AUTO_TEST_CASE(when_all_is_well_every_line_says_so) {
    const auto report = judge_health(good());
    BOOST_TEST(report.is_live());
    BOOST_TEST(report.is_ready());
    BOOST_TEST(live_lines(report) == "ok loop\nok scan\nok ledger\n");
    BOOST_TEST(ready_lines(report) ==
               "ok daemon\nok loop\nok scan\nok ledger\nok spool\nok api\nok credentials\nok services\n");
}

BOOST_AUTO_TEST_CASE(what_begins_or_ends_is_alive_and_not_ready) {
    auto facts = good();
    facts.phase = run_phase::starting;
    expect(facts, true, false, "bad daemon: starting: what an earlier run left is put in order");
    facts.phase = run_phase::stopping;
    expect(facts, true, false, "bad daemon: stopping: uploads in flight are finished, nothing new is taken");
}

BOOST_AUTO_TEST_CASE(what_stands_still_is_not_alive) {
    for (const std::size_t part : {0u, 1u, 2u}) {
        auto facts = good();
        auto& stuck = facts.progress.at(part);
        stuck.stuck = true;
        stuck.still_for = 601s;
        expect(facts, false, false, "bad " + stuck.name + ": has not moved for 601 s");
    }
}

BOOST_AUTO_TEST_CASE(a_ledger_that_cannot_write_is_alive_for_a_restart_would_not_help) {
    auto facts = good();
    facts.commit_fault = last_fault(ENOSPC, "write the ledger");
    facts.faults = {waited_out(ENOSPC, "No space left on device")};
    expect(facts, true, false, "bad ledger: write the ledger: No space left on device");
    expect(facts, true, false, "ok spool");
    facts.faults.push_back(waited_out(EROFS, "Read-only file system"));
    expect(facts, true, false, "bad spool: Read-only file system");
    auto seen = good();
    seen.ledger_trouble = "write to /l: Read-only file system";
    expect(seen, true, false, "bad ledger: write to /l: Read-only file system");
}

BOOST_AUTO_TEST_CASE(trouble_with_the_folders_is_the_spools) {
    auto facts = good();
    facts.spool_trouble = "write to /s/outbox: Permission denied";
    expect(facts, true, false, "bad spool: write to /s/outbox: Permission denied");
    facts.faults = {waited_out(EACCES, "Permission denied")};
    expect(facts, true, false, "bad spool: write to /s/outbox: Permission denied; Permission denied");
}

BOOST_AUTO_TEST_CASE(what_the_api_refuses_is_said_in_its_words_on_one_line) {
    auto facts = good();
    facts.api.host_down = true;
    facts.api.why = "HTTP 503\nbusy";
    expect(facts, true, false, "bad api: all calls wait: HTTP 503\\x0abusy");
    facts = good();
    facts.api.credentials_refused = true;
    facts.api.why = "HTTP 401";
    expect(facts, true, false,
           "bad credentials: all calls wait: HTTP 401; correct them, then reload kycd (restart it where systemd hands "
           "them over)");
    facts = good();
    facts.api.no_token = true;
    facts.api.why = "login: HTTP 200, but the reply holds no tokens";
    expect(facts, true, false,
           "bad credentials: all calls wait: the API gives no token: login: HTTP 200, but the reply holds no tokens");
    facts = good();
    facts.api.paused = {{"kyc_card", 403, "HTTP 403", {}, {}}, {"ocr", 0, "too many MALFORMED_REPLY", {}, {}}};
    expect(facts, true, false, "bad services: kyc_card is paused: HTTP 403; ocr is paused: too many MALFORMED_REPLY");
}

BOOST_AUTO_TEST_CASE(the_document_has_the_same) {
    auto facts = good();
    facts.spool_trouble = "write to /s/work: No space left on device";
    json_writer out;
    write_health(out, judge_health(facts));
    const auto text = std::move(out).finish();
    BOOST_TEST(text.find("\"live\": true") != std::string::npos);
    BOOST_TEST(text.find("\"ready\": false") != std::string::npos);
    BOOST_TEST(text.find("\"words\": \"write to /s/work: No space left on device\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
