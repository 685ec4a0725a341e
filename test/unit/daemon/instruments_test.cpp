#include "figures/day_book.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

const std::chrono::system_clock::time_point start(1'800'000'000s);

bool has_line(const std::string& text, const std::string& line) {
    std::istringstream lines(text);
    for (std::string each; std::getline(lines, each);)
        if (each == line) return true;
    return false;
}

std::string page_of(const instruments& metrics, readings now = {}) {
    return metrics.page(std::move(now))();
}

} // namespace

BOOST_AUTO_TEST_SUITE(instruments_suite)

BOOST_AUTO_TEST_CASE(what_was_told_stands_in_the_text) {
    instruments metrics({"kyc_card"}, start);
    metrics.claimed("kyc_card", 3s);
    metrics.attempted("kyc_card", lane::live, ledger::attempt_outcome::accepted);
    metrics.submitted("kyc_card", 800ms);
    metrics.polled("kyc_card", lane::live, poll_outcome::waiting);
    metrics.polled("kyc_card", lane::live, poll_outcome::answered);
    metrics.answered("kyc_card", 4s);
    metrics.delivered("kyc_card", verdict::pass, 10ms, 8s);
    metrics.failed("kyc_card", stage::prepare, failure_code::not_an_image);
    metrics.gone("kyc_card");
    metrics.unknown_outcome("kyc_card");
    metrics.duplicate("kyc_card");
    const auto text = page_of(metrics);
    for (const auto* line : {
             "kycd_cases_claimed_total{service=\"kyc_card\"} 1",
             "kycd_cases_delivered_total{service=\"kyc_card\",verdict=\"pass\"} 1",
             "kycd_cases_delivered_total{service=\"kyc_card\",verdict=\"fail\"} 0",
             "kycd_cases_failed_total{service=\"kyc_card\",stage=\"prepare\",code=\"NOT_AN_IMAGE\"} 1",
             "kycd_cases_gone_total{service=\"kyc_card\"} 1",
             "kycd_receipts_total{service=\"kyc_card\"} 1",
             "kycd_unknown_outcomes_total{service=\"kyc_card\"} 1",
             "kycd_duplicates_total{service=\"kyc_card\"} 1",
             "kycd_submit_attempts_total{service=\"kyc_card\",outcome=\"accepted\"} 1",
             "kycd_submit_attempts_total{service=\"kyc_card\",outcome=\"unknown\"} 0",
             "kycd_polls_total{service=\"kyc_card\",outcome=\"waiting\"} 1",
             "kycd_polls_total{service=\"kyc_card\",outcome=\"answered\"} 1",
             "kycd_claim_delay_seconds_sum{service=\"kyc_card\"} 3",
             "kycd_upload_duration_seconds_bucket{service=\"kyc_card\",le=\"1\"} 1",
             "kycd_answer_duration_seconds_count{service=\"kyc_card\"} 1",
             "kycd_deliver_duration_seconds_count{service=\"kyc_card\"} 1",
             "kycd_case_duration_seconds_sum{service=\"kyc_card\"} 8",
             "process_start_time_seconds 1800000000",
             "kycd_config_last_reload_successful 1",
         })
        BOOST_TEST(has_line(text, line), line);
}

BOOST_AUTO_TEST_CASE(what_was_read_stands_there_too) {
    instruments metrics({"kyc_card"}, start);
    readings now;
    now.now = start + 100s;
    census stands;
    stands.add({to_epoch_seconds(start + 60s), stands.id_of("kyc_card"), case_phase::pending});
    now.cases = stands.rows(to_epoch_seconds(now.now));
    now.uploads_limit = 16;
    now.api.host_down = true;
    now.api.paused.push_back({"kyc_card", 403, "refused", {}, {}});
    now.api.token_life = 120s;
    now.api.pace.resting_for = 1500ms;
    now.token_age = 180s;
    now.calls.renewed(progeny::renewal::refresh, progeny::renewal_end::refused);
    now.calls.came(phase::submit, transport_error(transport_problem::timeout, sent::all, "x"));
    now.net.handshakes = 5;
    now.net.resumed = 3;
    now.disk.rooms.push_back({"work", 1000, 2000});
    now.disk.ledger_bytes = 4096;
    const auto text = page_of(metrics, now);
    for (const auto* line : {
             "kycd_cases{state=\"pending\",service=\"kyc_card\"} 1",
             "kycd_oldest_case_age_seconds{state=\"pending\"} 40",
             "kycd_oldest_case_age_seconds{state=\"waiting\"} 0",
             "kycd_uploads_limit 16",
             "kycd_api_down 1",
             "kycd_api_rest_seconds 1.5",
             "kycd_credentials_refused 0",
             "kycd_service_paused{service=\"kyc_card\"} 1",
             "kycd_token_age_seconds 180",
             "kycd_token_expiry_timestamp_seconds 1800000220",
             "kycd_token_renewals_total{kind=\"refresh\",outcome=\"refused\"} 1",
             "kycd_api_responses_total{call=\"submit\",status=\"timeout\"} 1",
             "kycd_tls_handshakes_total{resumed=\"true\"} 3",
             "kycd_tls_handshakes_total{resumed=\"false\"} 2",
             "kycd_free_bytes{folder=\"work\"} 1000",
             "kycd_ledger_size_bytes 4096",
         })
        BOOST_TEST(has_line(text, line), line);
}

BOOST_AUTO_TEST_CASE(every_family_has_a_help_text_and_is_told_once) {
    const day_book day(service_table(), start);
    std::istringstream lines(page_of(day.metrics));
    std::set<std::string> helped;
    std::set<std::string> typed;
    for (std::string each; std::getline(lines, each);) {
        std::istringstream words(each);
        std::string mark;
        std::string what;
        std::string name;
        words >> mark >> what >> name;
        if (mark != "#") continue;
        auto& seen = what == "HELP" ? helped : typed;
        BOOST_TEST(seen.insert(name).second, name);
        BOOST_TEST((name.starts_with("kycd_") || name.starts_with("process_")), name);
        std::string rest;
        BOOST_TEST((words >> rest && !rest.empty()), name);
        const bool counter = what == "TYPE" && rest == "counter";
        if (counter) BOOST_TEST(name.ends_with("_total"), name);
    }
    BOOST_TEST(helped == typed, boost::test_tools::per_element());
    BOOST_TEST(helped.size() > 40u);
}

BOOST_AUTO_TEST_CASE(every_metric_is_explained_in_the_documentation_and_no_other) {
    day_book day(service_table(), start);
    day.metrics.claimed("kyc_card", 1s); // what is left out without a case
    day.metrics.failed("kyc_card", stage::poll, failure_code::task_lost);
    readings now;
    census stands;
    stands.add({1, stands.id_of("kyc_card"), case_phase::waiting});
    now.cases = stands.rows(2);
    now.calls.came(phase::poll, transport_error(transport_problem::reset, sent::all, "x"));
    now.api.token_life = now.token_age = 1s;
    now.last_scan = start;
    now.disk.rooms.push_back({"work", 1, 2});
    now.disk.ledger_bytes = 1;
    std::set<std::string> told;
    std::istringstream lines(page_of(day.metrics, now));
    for (std::string each; std::getline(lines, each);)
        if (each.starts_with("# TYPE ")) told.insert(each.substr(7, each.find(' ', 7) - 7));
    std::set<std::string> explained;
    std::ifstream document(KYC_SOURCE_DIR "/docs/monitoring.md");
    for (std::string each; std::getline(document, each);) {
        if (!each.starts_with("| `kycd_") && !each.starts_with("| `process_")) continue;
        const auto cell = each.substr(2, each.find(" |", 2) - 2);
        for (auto at = cell.find('`'); at != std::string::npos;) {
            const auto end = cell.find('`', at + 1);
            explained.insert(cell.substr(at + 1, end - at - 1));
            at = cell.find('`', end + 1);
        }
    }
    BOOST_TEST(told == explained, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failed_reload_is_told_until_one_succeeds) {
    instruments metrics({}, start);
    metrics.reloaded(false, start + 10s);
    auto text = page_of(metrics);
    BOOST_TEST(has_line(text, "kycd_config_last_reload_successful 0"));
    BOOST_TEST(has_line(text, "kycd_config_last_reload_success_timestamp_seconds 1800000000"));
    metrics.reloaded(true, start + 20s);
    text = page_of(metrics);
    BOOST_TEST(has_line(text, "kycd_config_last_reload_successful 1"));
    BOOST_TEST(has_line(text, "kycd_config_last_reload_success_timestamp_seconds 1800000020"));
}

BOOST_AUTO_TEST_CASE(a_page_is_of_the_moment_of_the_question) {
    instruments metrics({"kyc_card"}, start);
    const auto earlier = metrics.page({});
    metrics.claimed("kyc_card", {});
    BOOST_TEST(has_line(earlier(), "kycd_cases_claimed_total{service=\"kyc_card\"} 0"));
    BOOST_TEST(has_line(page_of(metrics), "kycd_cases_claimed_total{service=\"kyc_card\"} 1"));
}

BOOST_AUTO_TEST_CASE(a_folder_of_no_service_is_told_by_no_name_of_its_own) {
    const service_table services;
    BOOST_TEST(service_name(services, "Mustermann") == "unknown");
    BOOST_TEST(service_name(services, "liveness") == "face_liveness");
}

BOOST_AUTO_TEST_SUITE_END()
