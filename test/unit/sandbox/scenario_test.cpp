#include "sandbox/scenario.hpp"
#include "sandbox/scenario_yaml.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc::sandbox;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(scenarios)

namespace {

const time_point start{std::chrono::seconds(1'800'000'000)};

request post(const std::string& service, std::string_view body = "bytes") {
    request out;
    out.method = "POST";
    out.path = "/api/v3/services/" + service + "/";
    out.body = body;
    return out;
}

scenario script(const std::string& yaml) {
    auto read = read_scenario(yaml, settings{});
    if (!read) throw std::invalid_argument(read.error());
    return scenario(std::move(read->rules));
}

/// One letter per request: x where some rule fired.
std::string fired(scenario& rules, const request& asked, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += rules.pick(asked, classify(asked.path), false, start) != nullptr ? 'x' : '.';
    return out;
}

std::string error_of(const std::string& yaml) {
    const auto read = read_scenario(yaml, settings{});
    return read ? std::string{} : read.error();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_rule_fires_when_it_is_its_turn) {
    const auto turns = [](const std::string& when) {
        auto rules = script("rules: [{match: {call: submit, " + when + "}, do: {status: 503}}]");
        return fired(rules, post("kyc_card"), 6);
    };
    BOOST_TEST(turns("nth: 2") == ".x....");
    BOOST_TEST(turns("first: 2") == "xx....");
    BOOST_TEST(turns("after: 4") == "....xx");
    BOOST_TEST(turns("every: 3") == "..x..x");
    BOOST_TEST(turns("probability: 1") == "xxxxxx");
    BOOST_TEST(turns("probability: 0") == "......");
    BOOST_TEST(turns("probability: 0.5, seed: 3") == turns("probability: 0.5, seed: 3"));
}

BOOST_AUTO_TEST_CASE(every_line_of_a_match_has_to_fit) {
    const auto fits = [](const std::string& match, const request& asked) {
        auto rules = script("rules: [{match: {" + match + "}, do: {status: 503}}]");
        return fired(rules, asked, 1) == "x";
    };
    BOOST_TEST(fits("service: kyc_card", post("kyc_card")));
    BOOST_TEST(!fits("service: kyc_card", post("ocr_card")));
    BOOST_TEST(!fits("call: poll", post("kyc_card")));
    BOOST_TEST(fits("path: /api/v3/services/*", post("kyc_card")));
    BOOST_TEST(!fits("path: /api/v3/services/", post("kyc_card")));
    BOOST_TEST(fits("contains: needle", post("kyc_card", "hay needle hay")));
    BOOST_TEST(!fits("contains: needle", post("kyc_card")));
    BOOST_TEST(!fits("method: GET", post("kyc_card")));
    BOOST_TEST(!fits("service: kyc_card, contains: needle", post("kyc_card")));
}

BOOST_AUTO_TEST_CASE(rules_are_tried_in_their_order_and_count_for_themselves) {
    auto rules = script("rules:\n"
                        "- {name: one, match: {first: 1}, do: {status: 500}}\n"
                        "- {name: two, match: {first: 1}, do: {status: 502}}\n");
    const auto asked = post("kyc_card");
    BOOST_TEST(rules.pick(asked, classify(asked.path), false, start)->name == "one");
    BOOST_TEST(rules.pick(asked, classify(asked.path), false, start)->name == "two");
    BOOST_TEST(rules.pick(asked, classify(asked.path), false, start) == nullptr);
    BOOST_TEST(rules.rules()[0].matched == 3U);
    BOOST_TEST(rules.rules()[1].fired == 1U);
}

BOOST_AUTO_TEST_CASE(early_rules_are_asked_before_the_body_only) {
    auto rules = script("rules: [{do: {drop: before_body}}]");
    const auto asked = post("kyc_card");
    BOOST_TEST(rules.pick(asked, classify(asked.path), false, start) == nullptr);
    BOOST_TEST(rules.pick(asked, classify(asked.path), true, start) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_throttle_lets_its_rate_through_and_says_how_long_to_wait) {
    auto rules = script("rules: [{do: {throttle: 2/m}}]");
    const auto asked = post("kyc_card");
    const auto of = classify(asked.path);
    BOOST_TEST(rules.pick(asked, of, false, start) == nullptr);
    BOOST_TEST(rules.pick(asked, of, false, start + 10s) == nullptr);
    const auto* full = rules.pick(asked, of, false, start + 20s);
    BOOST_REQUIRE(full != nullptr);
    const auto refused = scenario::throttled(*full, start + 20s);
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(refused.body == R"({"detail":"Request was throttled. Expected available in 40 seconds."})");
    BOOST_REQUIRE_EQUAL(refused.headers.size(), 1U);
    BOOST_TEST(refused.headers[0].second == "40");
    BOOST_TEST(rules.pick(asked, of, false, start + 60s) == nullptr);
}

BOOST_AUTO_TEST_CASE(settings_in_a_scenario_change_only_what_they_name) {
    settings current;
    current.answer = "spoof";
    const auto read =
        read_scenario("settings: {answer_after: 100ms-2s, fresh_task: 404, fresh_for: 1s, form: bare}", current);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->settings.answer == "spoof");
    BOOST_TEST((read->settings.answer_after_min == 100ms));
    BOOST_TEST((read->settings.answer_after_max == 2s));
    BOOST_TEST((read->settings.fresh_task == missing_task::not_found));
    BOOST_TEST((read->settings.form == reply_form::bare));
    BOOST_TEST(read_settings("{\"answer_after\": \"2s\"}", current).has_value());
}

BOOST_AUTO_TEST_CASE(scripted_replies_keep_their_json_types) {
    const auto rules = script(
        "rules: [{do: {status: 418, json: {a: 1, b: \"1\", c: [true, null], d: 1.5}, headers: {Retry-After: 7}}}]");
    const auto& reply = rules.rules()[0].action.reply;
    BOOST_TEST(reply.status == 418);
    BOOST_TEST(reply.body == R"({"a":1,"b":"1","c":[true,null],"d":1.5})");
    BOOST_TEST(reply.headers[0].second == "7");
}

BOOST_AUTO_TEST_CASE(mistakes_are_refused_with_their_line) {
    BOOST_TEST(
        error_of("rules:\n- {match: {cal: submit}, do: {status: 500}}").find("line 2: match: unknown key 'cal'") == 0U);
    for (const auto* bad :
         {"rules: [{match: {call: submit}}]", "rules: [{do: {status: 99}}]", "rules: [{do: {drop: maybe}}]",
          "nonsense: 1", "rules: [{do: {cut: true, slow: 1s}}]",
          "rules: [{match: {contains: x}, do: {drop: before_body}}]", "rules: [{do: {throttle: 5}}]", "rules: {a: b}",
          "settings: {answer: unheard_of}", "settings: {answer_after: 2s-1s}", "rules: [",
          "rules: [{match: {service: kyc_crad}, do: {cut: true}}]", "rules: [{do: {cut: true, early: true}}]"})
        BOOST_TEST(!error_of(bad).empty(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
