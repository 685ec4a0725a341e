#include "core/ticket.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using std::chrono::days;

const kyc::utc_time now = kyc::from_iso8601("2026-11-22T13:14:15.000Z").value();
const auto today = std::chrono::floor<days>(now);

kyc::delivered_case delivered(const std::string& name, const std::string& service = "kyc_card") {
    kyc::delivered_case one;
    one.folder = service;
    one.place = name;
    one.case_name = name;
    one.service = service;
    one.verdict = kyc::verdict::pass;
    one.answered_at = now - days(10);
    return one;
}

std::vector<kyc::delivered_case> a_hundred() {
    std::vector<kyc::delivered_case> all;
    for (int i = 100; i < 200; ++i)
        all.push_back(delivered("A-" + std::to_string(i)));
    return all;
}

/// "kyc_card/A-1", with an asterisk behind a canary.
std::vector<std::string> places(const std::vector<kyc::chosen_case>& chosen) {
    std::vector<std::string> all;
    all.reserve(chosen.size());
    for (const auto& one : chosen)
        all.push_back(one.which.folder + "/" + one.which.place + (one.canary ? "*" : ""));
    return all;
}

using text_list = std::vector<std::string>;

/// A selection by one criterion.
kyc::ticket_selection by(const std::function<void(kyc::ticket_selection&)>& criterion) {
    kyc::ticket_selection which;
    criterion(which);
    return which;
}

/// The names that a ticket with this selection runs, in its order.
text_list run(const kyc::ticket_selection& which, std::vector<kyc::delivered_case> all) {
    kyc::ticket asked;
    asked.which = which;
    text_list names;
    for (const auto& one : choose(asked, std::move(all), now))
        names.push_back(one.which.place);
    return names;
}

kyc::ticket_selection sampled(std::size_t count, std::uint64_t seed) {
    kyc::ticket_sample sample;
    sample.count = count;
    sample.seed = seed;
    return by([&](auto& which) { which.sample = sample; });
}

kyc::ticket_selection shared(double share) {
    kyc::ticket_sample sample;
    sample.share = share;
    return by([&](auto& which) { which.sample = sample; });
}

} // namespace

BOOST_TEST_SPECIALIZED_COLLECTION_COMPARE(text_list)

BOOST_AUTO_TEST_SUITE(ticket)

BOOST_AUTO_TEST_CASE(nothing_asked_is_every_case) {
    BOOST_TEST(matches({}, delivered("A-1"), now));
    BOOST_TEST(matches({}, kyc::delivered_case{}, now));
}

BOOST_AUTO_TEST_CASE(services_and_verdicts_are_lists_of_which_one_has_to_fit) {
    const auto which = by([](auto& w) {
        w.services = {"kyc_card", "ocr_card"};
        w.verdicts = {kyc::verdict::fail, kyc::verdict::inconclusive};
    });
    auto one = delivered("A-1");
    BOOST_TEST(!matches(which, one, now));
    one.verdict = kyc::verdict::fail;
    BOOST_TEST(matches(which, one, now));
    one.verdict = kyc::verdict::inconclusive;
    BOOST_TEST(matches(which, one, now));
    one.service = "ocr_card";
    BOOST_TEST(matches(which, one, now));
    one.service = "kyc_passport";
    BOOST_TEST(!matches(which, one, now));
    // the canonical name counts, not the folder that the producer used
    auto liveness = delivered("A-1", "face_liveness");
    liveness.folder = "liveness";
    BOOST_TEST(matches(by([](auto& w) { w.services = {"face_liveness"}; }), liveness, now));
}

BOOST_AUTO_TEST_CASE(before_and_older_are_strict) {
    auto one = delivered("A-1");
    const auto before = by([&](auto& w) { w.delivered_before = now - 24h; });
    const auto older = by([](auto& w) { w.older_than = 24h; });
    for (const auto& which : {before, older}) {
        one.answered_at = now - 24h - 1ms;
        BOOST_TEST(matches(which, one, now));
        one.answered_at = now - 24h;
        BOOST_TEST(!matches(which, one, now));
        one.answered_at = now;
        BOOST_TEST(!matches(which, one, now));
    }
}

BOOST_AUTO_TEST_CASE(a_document_is_valid_on_its_last_day) {
    const auto expired = by([](auto& w) { w.document_expired = true; });
    const auto valid = by([](auto& w) { w.document_expired = false; });
    auto one = delivered("A-1");
    const auto count = [&](bool is) {
        BOOST_TEST(matches(expired, one, now) == is);
        BOOST_TEST(matches(valid, one, now) == !is);
    };
    count(false); // nothing is known of it
    one.expires_on = today;
    count(false);
    one.expires_on = today - days(1);
    count(true);
    one.said_expired = false; // when it was asked
    count(true);
    one.expires_on = today + days(100);
    one.said_expired = true; // whatever its date
    count(true);
    one.expires_on.reset();
    count(true);
    one.said_expired = false;
    count(false);
}

BOOST_AUTO_TEST_CASE(expiring_within_counts_days_from_today_and_no_expired_ones) {
    const auto within = by([](auto& w) { w.document_expires_within = 24h * 30; });
    auto one = delivered("A-1");
    BOOST_TEST(!matches(within, one, now));
    for (const auto& [day, is] : std::vector<std::pair<int, bool>>{{-1, false}, {0, true}, {30, true}, {31, false}}) {
        one.expires_on = today + days(day);
        BOOST_TEST_CONTEXT(day) {
            BOOST_TEST(matches(within, one, now) == is);
        }
    }
    one.expires_on = today + days(5);
    one.said_expired = true;
    BOOST_TEST(!matches(within, one, now));
    one.said_expired = false;
    BOOST_TEST(matches(within, one, now));
    one.expires_on = today;
    BOOST_TEST(matches(by([](auto& w) { w.document_expires_within = 0ms; }), one, now));
}

BOOST_AUTO_TEST_CASE(names_are_those_of_the_case_or_of_its_folder_or_globs_of_them) {
    auto second = delivered("A-1");
    second.place = "A-1~2";
    const auto named = [&](const text_list& names) {
        return matches(by([&](auto& w) { w.names = names; }), second, now);
    };
    BOOST_TEST(named({"A-1"}));
    BOOST_TEST(named({"A-1~2"}));
    BOOST_TEST(named({"B-1", "A-1"}));
    BOOST_TEST(named({"A-*"}));
    BOOST_TEST(named({"*~2"}));
    BOOST_TEST(named({"[AB]-?"}));
    BOOST_TEST(!named({"A-1~"}));
    BOOST_TEST(!named({"A"}));
    BOOST_TEST(!named({"a-1"}));
    BOOST_TEST(!named({"B-*", "?-2"}));
    // a pattern of one name alone
    BOOST_TEST(matches(by([](auto& w) { w.names = {"A\\[1]\\*"}; }), delivered("A[1]*"), now));
    BOOST_TEST(!matches(by([](auto& w) { w.names = {"A\\[1]\\*"}; }), delivered("A1"), now));
    // a name that looks like a glob is the name of a case as well
    BOOST_TEST(matches(by([](auto& w) { w.names = {"A[1]*"}; }), delivered("A[1]*"), now));
}

BOOST_AUTO_TEST_CASE(many_names_that_only_look_like_patterns_are_looked_up) {
    // Tried one by one these would be some ten thousand million steps: minutes.
    kyc::ticket_selection which;
    for (int i = 0; i < 100'000; ++i)
        which.names.push_back("A\\[" + std::to_string(i) + "]");
    const kyc::case_selector selected(which, now);
    int found = 0;
    for (int i = 0; i < 100'000; ++i)
        found += selected(delivered("A[" + std::to_string(2 * i) + "]")) ? 1 : 0;
    BOOST_TEST(found == 50'000);
}

BOOST_AUTO_TEST_CASE(every_label_has_to_be_there) {
    auto one = delivered("A-1");
    one.labels = {{"branch", "Köln"}, {"batch", "7"}};
    const auto labelled = [&](const std::vector<std::pair<std::string, std::string>>& labels) {
        return matches(by([&](auto& w) { w.labels = labels; }), one, now);
    };
    BOOST_TEST(labelled({{"branch", "Köln"}}));
    BOOST_TEST(labelled({{"batch", "7"}, {"branch", "Köln"}}));
    BOOST_TEST(!labelled({{"branch", "Bonn"}}));
    BOOST_TEST(!labelled({{"branch", "7"}}));
    BOOST_TEST(!labelled({{"batch", "7"}, {"desk", "2"}}));
}

BOOST_AUTO_TEST_CASE(what_does_not_match_is_not_chosen) {
    auto all = a_hundred();
    all[3].verdict = kyc::verdict::fail;
    all[42].verdict = kyc::verdict::fail;
    BOOST_TEST(run(by([](auto& w) { w.verdicts = {kyc::verdict::fail}; }), all) == (text_list{"A-103", "A-142"}));
    BOOST_TEST(run({}, {}) == text_list{});
}

BOOST_AUTO_TEST_CASE(each_order_is_whole) {
    auto a = delivered("a", "ocr_card");
    auto b = delivered("b");
    auto c = delivered("c");
    auto d = delivered("d");
    auto e = delivered("B");
    a.answered_at = now - days(1);
    b.answered_at = now - days(3);
    c.answered_at = now - days(2);
    d.answered_at = now - days(3);
    e.answered_at = now - days(9);
    b.expires_on = today + days(7);
    d.expires_on = today - days(7);
    c.expires_on = today + days(7);
    std::vector<kyc::delivered_case> all{a, b, c, d, e};
    const std::vector<std::pair<kyc::ticket_order, text_list>> orders{
        {kyc::ticket_order::oldest, {"B", "b", "d", "c", "a"}},
        {kyc::ticket_order::newest, {"a", "c", "b", "d", "B"}},
        {kyc::ticket_order::name, {"B", "b", "c", "d", "a"}}, // kyc_card before ocr_card
        {kyc::ticket_order::expiry, {"d", "b", "c", "B", "a"}},
    };
    std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) { return x.place < y.place; });
    do {
        for (const auto& row : orders)
            BOOST_TEST(run(by([&](auto& w) { w.order = row.first; }), all) == row.second);
    } while (
        std::next_permutation(all.begin(), all.end(), [](const auto& x, const auto& y) { return x.place < y.place; }));
}

BOOST_AUTO_TEST_CASE(a_limit_keeps_the_first_of_the_order) {
    auto all = a_hundred();
    all[70].answered_at = now - days(100);
    const auto limited = [&](std::size_t limit) { return run(by([&](auto& w) { w.limit = limit; }), all); };
    BOOST_TEST(limited(3) == (text_list{"A-170", "A-100", "A-101"}));
    BOOST_TEST(limited(100).size() == 100U);
    BOOST_TEST(limited(101).size() == 100U);
    BOOST_TEST(limited(0).empty());
}

BOOST_AUTO_TEST_CASE(a_sample_has_its_size) {
    const auto all = a_hundred();
    const std::vector<std::pair<double, std::size_t>> shares{{0, 0},     {0.001, 1}, {0.01, 1}, {0.07, 7},
                                                             {0.071, 8}, {0.29, 29}, {0.5, 50}, {1, 100}};
    for (const auto& [share, size] : shares)
        BOOST_TEST(run(shared(share), all).size() == size);
    for (const std::size_t count : {0U, 1U, 99U, 100U, 101U})
        BOOST_TEST(run(sampled(count, 1), all).size() == std::min(count, all.size()));
    for (int percent = 0; percent <= 100; ++percent)
        BOOST_TEST(run(shared(percent / 100.0), all).size() == static_cast<std::size_t>(percent));
    BOOST_TEST(run(shared(0.5), {}).empty());
}

BOOST_AUTO_TEST_CASE(a_seed_always_draws_the_same_cases) {
    // Worked out by another program: another build, compiler or machine draws these as well.
    BOOST_TEST(run(sampled(5, 1), a_hundred()) == (text_list{"A-100", "A-115", "A-152", "A-179", "A-184"}));
    BOOST_TEST(run(sampled(5, 2), a_hundred()) == (text_list{"A-113", "A-143", "A-152", "A-158", "A-185"}));
    BOOST_TEST(run(by([](auto& w) {
                       w.order = kyc::ticket_order::shuffled;
                       w.limit = 5;
                   }),
                   a_hundred()) == (text_list{"A-128", "A-167", "A-174", "A-134", "A-112"}));
}

BOOST_AUTO_TEST_CASE(the_order_in_which_the_outbox_is_read_does_not_matter) {
    const auto all = a_hundred();
    auto turned = all;
    std::reverse(turned.begin(), turned.end());
    BOOST_TEST(run(sampled(10, 7), all) == run(sampled(10, 7), turned));
    const auto shuffled = by([](auto& w) { w.order = kyc::ticket_order::shuffled; });
    BOOST_TEST(run(shuffled, all) == run(shuffled, turned));
    BOOST_TEST(run(shuffled, all) != run({}, all));
}

BOOST_AUTO_TEST_CASE(a_larger_sample_holds_the_smaller_one) {
    const auto few = run(sampled(10, 7), a_hundred());
    const auto many = run(sampled(30, 7), a_hundred());
    for (const auto& one : few)
        BOOST_TEST(std::count(many.begin(), many.end(), one) == 1);
}

BOOST_AUTO_TEST_CASE(every_case_is_drawn_about_as_often_as_every_other) {
    std::map<std::string, int> drawn;
    constexpr int draws = 2'000;
    for (std::uint64_t seed = 0; seed < draws; ++seed)
        for (const auto& name : run(sampled(10, seed), a_hundred()))
            ++drawn[name];
    // 200 are expected of each, with a deviation of 13.4: the bounds are more than five of them away.
    BOOST_TEST(drawn.size() == 100U);
    for (const auto& [name, times] : drawn) {
        BOOST_TEST(times > 130, name);
        BOOST_TEST(times < 270, name);
    }
}

BOOST_AUTO_TEST_CASE(a_sample_of_a_shuffled_ticket_is_shuffled_by_other_lots) {
    auto which = sampled(50, 3);
    which.order = kyc::ticket_order::shuffled;
    const auto order = run(which, a_hundred());
    const auto smaller = run(sampled(25, 3), a_hundred());
    std::set<std::string> first_half(order.begin(), order.begin() + 25);
    BOOST_TEST((first_half != std::set<std::string>(smaller.begin(), smaller.end())));
}

BOOST_AUTO_TEST_CASE(a_sample_is_drawn_before_order_and_limit) {
    auto which = sampled(10, 7);
    which.order = kyc::ticket_order::name;
    auto expected = run(sampled(10, 7), a_hundred());
    std::sort(expected.begin(), expected.end());
    BOOST_TEST(run(which, a_hundred()) == expected);
    which.limit = 4;
    expected.resize(4);
    BOOST_TEST(run(which, a_hundred()) == expected);
}

BOOST_AUTO_TEST_CASE(canaries_come_first_in_their_own_order_and_once) {
    auto all = a_hundred();
    all.push_back(delivered("Z-1"));
    all.push_back(delivered("Z-2"));
    kyc::ticket asked;
    asked.which.names = {"A-10?"};
    asked.which.limit = 2;
    asked.canary = {"Z-2", "A-101", "nobody", "A-150", "Z-2"};
    BOOST_TEST(places(choose(asked, all, now)) ==
               (text_list{"kyc_card/Z-2*", "kyc_card/A-101*", "kyc_card/A-150*", "kyc_card/A-100"}));
}

BOOST_AUTO_TEST_CASE(a_canary_that_does_not_match_takes_nobodys_place) {
    auto all = a_hundred();
    all.push_back(delivered("Z-1", "ocr_card"));
    kyc::ticket asked;
    asked.which = sampled(10, 7);
    asked.which.services = {"kyc_card"};
    auto without = asked;
    asked.canary = {"Z-1"};
    auto expected = places(choose(without, all, now));
    expected.insert(expected.begin(), "ocr_card/Z-1*");
    BOOST_TEST(places(choose(asked, all, now)) == expected);
}

BOOST_AUTO_TEST_CASE(a_canarys_name_stands_for_every_case_that_has_it) {
    auto again = delivered("A-100");
    again.place = "A-100~2";
    std::vector<kyc::delivered_case> all{delivered("B-1"), again, delivered("A-100", "ocr_card"), delivered("A-100")};
    kyc::ticket asked;
    asked.canary = {"A-100"};
    BOOST_TEST(places(choose(asked, all, now)) ==
               (text_list{"kyc_card/A-100*", "kyc_card/A-100~2*", "ocr_card/A-100*", "kyc_card/B-1"}));
    asked.canary = {"A-100~2"};
    BOOST_TEST(places(choose(asked, all, now)) ==
               (text_list{"kyc_card/A-100~2*", "kyc_card/A-100", "kyc_card/B-1", "ocr_card/A-100"}));
}

BOOST_AUTO_TEST_CASE(a_case_that_is_given_twice_is_there_once) {
    kyc::ticket asked;
    asked.canary = {"A-1"};
    const std::vector<kyc::delivered_case> all{delivered("A-1"), delivered("A-2"), delivered("A-1"), delivered("A-2")};
    BOOST_TEST(places(choose(asked, all, now)) == (text_list{"kyc_card/A-1*", "kyc_card/A-2"}));
}

BOOST_AUTO_TEST_CASE(thousands_of_names_over_thousands_of_cases_take_no_time) {
    std::vector<kyc::delivered_case> all;
    kyc::ticket asked;
    for (int i = 0; i < 50'000; ++i) {
        all.push_back(delivered("case-" + std::to_string(i)));
        if (i % 2 == 0) asked.which.names.push_back("case-" + std::to_string(i));
    }
    // Name by name these are 1,250,000,000 comparisons.
    const auto chosen = choose(asked, std::move(all), now);
    BOOST_TEST(chosen.size() == 25'000U);
}

BOOST_AUTO_TEST_SUITE_END()
