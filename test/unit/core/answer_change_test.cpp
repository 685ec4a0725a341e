#include "core/answer_change.hpp"
#include "core/report_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using kyc::change_cause;
using kyc::verdict;
using text_list = std::vector<std::string>;

/// An answer, and when it was given.
struct given {
    kyc::answer said;
    std::string answered_at;
    std::string service = "kyc_card";
    bool has_images = true;
};

/// The text of its result.json.
std::string text_of(const given& answer) {
    kyc::case_facts about;
    about.name = "A-1001";
    about.service = answer.service;
    if (answer.has_images) about.files.emplace_back().name = "front_id.jpg";
    kyc::task_facts task;
    task.id = "08bc";
    task.submitted_at = kyc::from_iso8601("2020-01-01T00:00:00.000Z").value();
    task.answered_at = kyc::from_iso8601(answer.answered_at).value();
    task.attempts = 1;
    return kyc::result_json(about, task, answer.said, std::nullopt, "{}");
}

/// A card that passes.
given good(const std::string& answered_at = "2026-01-10T10:00:00.000Z") {
    given answer;
    answer.answered_at = answered_at;
    answer.said.verdict = verdict::pass;
    answer.said.checks = {{kyc::check::document_valid, true},
                          {kyc::check::document_expired, false},
                          {kyc::check::face_match, true},
                          {kyc::check::liveness, true}};
    auto& document = answer.said.document.emplace();
    document.type = "card";
    document.number = "L01XM00CH";
    document.full_name = "ERIKA MUSTERMANN";
    document.expires_on = "2030-06-30";
    document.portrait_url = "https://files.example/1.jpg?sign=a";
    return answer;
}

/// The same, with something else in it.
given but(const std::function<void(kyc::answer&)>& edit, given answer = good()) {
    edit(answer.said);
    return answer;
}

void set_check(kyc::answer& said, kyc::check which, std::optional<bool> value) {
    for (auto& [check, judged] : said.checks)
        if (check == which) judged = value;
}

kyc::answer_change difference(const given& before, const given& after) {
    return kyc::compare_answers(text_of(before), text_of(after)).value();
}

text_list fields(const kyc::answer_change& change) {
    text_list names;
    for (const auto& one : change.fields)
        names.push_back(one.field);
    return names;
}

std::string cause(const kyc::answer_change& change) {
    return change.cause ? std::string(word_of(*change.cause)) : "none";
}

/// "before -> after" of a field that differs.
std::string values(const kyc::answer_change& change, std::string_view field) {
    for (const auto& one : change.fields)
        if (one.field == field) return one.before + " -> " + one.after;
    return "the same";
}

kyc::background one_hit(const std::string& hits) {
    kyc::background found;
    found.potential_match = true;
    found.risk_level = "medium";
    found.total_matches = 2;
    found.hits = boost::json::parse(hits);
    return found;
}

} // namespace

BOOST_TEST_SPECIALIZED_COLLECTION_COMPARE(text_list)

BOOST_AUTO_TEST_SUITE(answer_change)

BOOST_AUTO_TEST_CASE(the_same_answer_at_another_time_is_no_change) {
    const auto change = difference(good("2026-01-10T10:00:00.000Z"), good("2026-11-20T10:00:00.000Z"));
    BOOST_TEST(!change.changed());
    BOOST_TEST(cause(change) == "none");
    BOOST_TEST(!change.newly_expired);
    BOOST_TEST((change.before == verdict::pass && change.after == verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_new_address_of_a_portrait_is_no_change) {
    const auto after = but([](auto& said) { said.document->portrait_url = "https://files.example/2.jpg"; });
    BOOST_TEST(!difference(good(), after).changed());
}

BOOST_AUTO_TEST_CASE(a_portrait_that_comes_or_goes_is_one) {
    const auto without = but([](auto& said) { said.document->portrait_url.reset(); });
    const auto gone = difference(good(), without);
    BOOST_TEST(fields(gone) == text_list{"document.portrait_url"});
    BOOST_TEST(cause(gone) == "portrait_only");
    BOOST_TEST(values(gone, "document.portrait_url") == R"("https://files.example/1.jpg?sign=a" -> null)");
    BOOST_TEST(gone.fields.front().personal);
    BOOST_TEST(cause(difference(without, good())) == "portrait_only");
}

BOOST_AUTO_TEST_CASE(another_verdict_of_the_same_images) {
    const auto after = but([](auto& said) {
        said.verdict = verdict::fail;
        set_check(said, kyc::check::face_match, false);
    });
    const auto change = difference(good(), after);
    BOOST_TEST(fields(change) == (text_list{"verdict", "checks.face_match"}));
    BOOST_TEST(values(change, "verdict") == R"("pass" -> "fail")");
    BOOST_TEST(values(change, "checks.face_match") == "true -> false");
    BOOST_TEST(cause(change) == "other_verdict");
    BOOST_TEST((change.before == verdict::pass && change.after == verdict::fail));
    BOOST_TEST(!change.newly_expired);
    for (const auto& field : change.fields)
        BOOST_TEST(!field.personal);
    BOOST_TEST(cause(difference(after, good())) == "other_verdict");
}

BOOST_AUTO_TEST_CASE(without_images_nobody_knows_that_the_same_was_sent) {
    auto before = good();
    before.has_images = false;
    auto after = but([](kyc::answer& said) { set_check(said, kyc::check::document_valid, false); }, before);
    after.said.verdict = verdict::fail;
    BOOST_TEST(cause(difference(before, after)) == "no_images");
}

BOOST_AUTO_TEST_CASE(a_check_that_is_unjudged_without_an_issue_is_another_verdict) {
    const auto change = difference(good(), but([](auto& said) {
                                       said.verdict = verdict::inconclusive;
                                       set_check(said, kyc::check::liveness, std::nullopt);
                                   }));
    BOOST_TEST(values(change, "checks.liveness") == "true -> null");
    BOOST_TEST(cause(change) == "other_verdict");
}

BOOST_AUTO_TEST_CASE(an_issue_against_a_check_that_was_judged_is_an_issue_instead_of_a_verdict) {
    for (const bool judged : {true, false}) {
        auto before = but([&](auto& said) { set_check(said, kyc::check::liveness, judged); });
        if (!judged) before.said.verdict = verdict::fail;
        const auto after = but([](auto& said) {
            said.verdict = verdict::inconclusive;
            set_check(said, kyc::check::liveness, std::nullopt);
            said.issues = {{"liveness", "FACE_TOO_SMALL", "klein", "closer"}};
        });
        const auto change = difference(before, after);
        BOOST_TEST(fields(change) == (text_list{"verdict", "checks.liveness", "issues"}));
        BOOST_TEST(values(change, "issues") == R"([] -> ["liveness: FACE_TOO_SMALL"])");
        BOOST_TEST(cause(change) == "issue_code");
        BOOST_TEST(cause(difference(after, before)) == "other_verdict");
    }
}

BOOST_AUTO_TEST_CASE(an_issue_under_another_word_for_the_check_is_the_same) {
    const auto after = but([](auto& said) {
        said.verdict = verdict::inconclusive;
        set_check(said, kyc::check::face_match, std::nullopt);
        said.issues = {{"Compare", "FACE_NOT_FOUND", "", ""}};
    });
    BOOST_TEST(cause(difference(good(), after)) == "issue_code");
}

BOOST_AUTO_TEST_CASE(an_issue_that_belongs_to_no_check_of_the_service_counts_against_all) {
    for (const std::string word : {"", "quota", "background_check"}) {
        const auto after = but([&](auto& said) {
            said.verdict = verdict::inconclusive;
            said.issues = {{word, "PROVIDER_DOWN", "", ""}};
        });
        BOOST_TEST(cause(difference(good(), after)) == "issue_code");
    }
}

BOOST_AUTO_TEST_CASE(an_issue_against_a_check_that_was_not_judged_does_not_explain_another_one) {
    const auto before = but([](auto& said) {
        said.verdict = verdict::inconclusive;
        set_check(said, kyc::check::liveness, std::nullopt);
        said.issues = {{"liveness", "FACE_TOO_SMALL", "", ""}};
    });
    auto after = before;
    after.said.issues = {{"liveness", "FACE_NOT_FOUND", "", ""}};
    const auto only = difference(before, after);
    BOOST_TEST(fields(only) == text_list{"issues"});
    BOOST_TEST(values(only, "issues") == R"(["liveness: FACE_TOO_SMALL"] -> ["liveness: FACE_NOT_FOUND"])");
    BOOST_TEST(cause(only) == "issue_code"); // it is all that differs
    after.said.verdict = verdict::fail;
    set_check(after.said, kyc::check::face_match, false);
    BOOST_TEST(cause(difference(before, after)) == "other_verdict");
}

BOOST_AUTO_TEST_CASE(issues_are_sets_of_check_and_code) {
    const auto before = but([](auto& said) {
        said.verdict = verdict::inconclusive;
        said.issues = {{"liveness", "A", "text", "advice"}, {"compare", "B", "", ""}, {"liveness", "A", "", ""}};
    });
    auto after = before;
    after.said.issues = {{"compare", "B", "other text", "other advice"}, {"liveness", "A", "", ""}};
    BOOST_TEST(!difference(before, after).changed());
    after.said.issues.pop_back();
    const auto less = difference(before, after);
    BOOST_TEST(values(less, "issues") == R"(["compare: B", "liveness: A"] -> ["compare: B"])");
    BOOST_TEST(cause(less) == "other_verdict");
    after.said.issues = {{"", "B", "", ""}, {"compare", "", "", ""}, {"", "", "a sentence", ""}};
    BOOST_TEST(values(difference(before, after), "issues") ==
               R"(["compare: B", "liveness: A"] -> ["without a code", "B", "compare"])");
}

BOOST_AUTO_TEST_CASE(a_document_that_the_check_calls_expired_has_expired) {
    const auto after = but(
        [](auto& said) {
            said.verdict = verdict::fail;
            set_check(said, kyc::check::document_expired, true);
            // whatever else there is
            set_check(said, kyc::check::liveness, std::nullopt);
            said.issues = {{"liveness", "FACE_TOO_SMALL", "", ""}};
        },
        good("2026-11-20T10:00:00.000Z"));
    const auto change = difference(good(), after);
    BOOST_TEST(cause(change) == "document_expired");
    BOOST_TEST(change.newly_expired);
    BOOST_TEST(values(change, "checks.document_expired") == "false -> true");
    const auto back = difference(after, good("2026-11-21T10:00:00.000Z"));
    BOOST_TEST(cause(back) == "other_verdict");
    BOOST_TEST(!back.newly_expired);
    BOOST_TEST(!difference(after, after).newly_expired);
}

BOOST_AUTO_TEST_CASE(a_document_whose_date_has_passed_has_expired_even_if_nobody_says_so) {
    const auto expires = [](const std::string& date) {
        return [date](kyc::answer& said) {
            said.document->expires_on = date;
            said.checks = {{kyc::check::document_valid, true}};
        };
    };
    const std::vector<std::pair<std::string, bool>> dates{
        {"2026-01-09", false},                                              // was expired before
        {"2026-01-10", true},                                               // on the day itself it is valid
        {"2026-05-05", true},  {"2026-11-19", true}, {"2026-11-20", false}, // and so it is today
        {"2030-01-01", false},
    };
    for (const auto& row : dates) {
        BOOST_TEST_CONTEXT(row.first) {
            const auto before = but(expires(row.first), good("2026-01-10T23:59:59.000Z"));
            auto after = but(expires(row.first), good("2026-11-20T00:00:00.000Z"));
            BOOST_TEST(difference(before, after).newly_expired == row.second);
            BOOST_TEST(!difference(before, after).changed());
            after.said.verdict = verdict::fail;
            after.said.checks = {{kyc::check::document_valid, false}};
            BOOST_TEST(cause(difference(before, after)) == (row.second ? "document_expired" : "other_verdict"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_date_that_has_passed_explains_nothing_that_has_nothing_to_do_with_it) {
    const auto before = but([](auto& said) { said.document->expires_on = "2026-05-05"; });
    auto after = before;
    after.answered_at = "2026-11-20T00:00:00.000Z";
    after.said.document->portrait_url.reset();
    BOOST_TEST(cause(difference(before, after)) == "portrait_only");
    BOOST_TEST(difference(before, after).newly_expired);
    after.said.document->full_name = "ERIKA M";
    BOOST_TEST(cause(difference(before, after)) == "document_read");
    // nor does it when the check denies it
    after.said.verdict = verdict::fail;
    set_check(after.said, kyc::check::face_match, false);
    BOOST_TEST(cause(difference(before, after)) == "other_verdict");
    set_check(after.said, kyc::check::document_expired, std::nullopt);
    BOOST_TEST(cause(difference(before, after)) == "document_expired");
}

BOOST_AUTO_TEST_CASE(a_date_that_was_read_differently_has_not_passed) {
    const auto before = but([](auto& said) { said.checks = {{kyc::check::document_valid, true}}; });
    auto after = before;
    after.answered_at = "2026-11-20T00:00:00.000Z";
    after.said.document->expires_on = "2020-06-30";
    after.said.verdict = verdict::fail;
    set_check(after.said, kyc::check::document_valid, false);
    const auto change = difference(before, after);
    BOOST_TEST(cause(change) == "other_verdict");
    BOOST_TEST(change.newly_expired);
    // the date of the answer before, when there is none any more
    auto passing = before;
    passing.said.document->expires_on = "2026-02-02";
    after.said.document->expires_on.reset();
    BOOST_TEST(cause(difference(passing, after)) == "document_expired");
}

BOOST_AUTO_TEST_CASE(fields_of_the_document_that_differ_are_personal) {
    const auto change = difference(good(), but([](auto& said) {
                                       said.document->number = "L01XM0OCH";
                                       said.document->full_name = "ERIKA \"M\" MÜSTERMANN";
                                       said.document->country = "Germany";
                                   }));
    BOOST_TEST(fields(change) == (text_list{"document.number", "document.full_name", "document.country"}));
    BOOST_TEST(values(change, "document.full_name") == R"("ERIKA MUSTERMANN" -> "ERIKA \"M\" MÜSTERMANN")");
    BOOST_TEST(values(change, "document.country") == R"(null -> "Germany")");
    BOOST_TEST(cause(change) == "document_read");
    for (const auto& field : change.fields)
        BOOST_TEST(field.personal);
}

BOOST_AUTO_TEST_CASE(a_document_that_comes_or_goes_is_all_its_fields) {
    const auto without = but([](auto& said) { said.document.reset(); });
    const text_list all{"document.type", "document.number", "document.full_name", "document.expires_on",
                        "document.portrait_url"};
    BOOST_TEST(fields(difference(good(), without)) == all);
    BOOST_TEST(fields(difference(without, good())) == all);
    BOOST_TEST(cause(difference(good(), without)) == "document_read");
    // one that says nothing is none
    const auto empty = but([](auto& said) { said.document = kyc::document{}; });
    BOOST_TEST(!difference(without, empty).changed());
}

BOOST_AUTO_TEST_CASE(another_registered_face_is_another_answer) {
    given before;
    before.answered_at = "2026-01-10T10:00:00.000Z";
    before.service = "register_face";
    before.said.verdict = verdict::pass;
    before.said.checks = {{kyc::check::face_registered, true}};
    before.said.registered_face = "aaaa";
    auto after = before;
    after.said.registered_face = "bbbb";
    const auto change = difference(before, after);
    BOOST_TEST(fields(change) == text_list{"registered_face"});
    BOOST_TEST(change.fields.front().personal);
    BOOST_TEST(cause(change) == "other_verdict");
}

BOOST_AUTO_TEST_CASE(a_background_is_compared_by_what_it_says) {
    const auto with = [](const kyc::background& found) { return but([&](auto& said) { said.background = found; }); };
    const auto before = with(one_hit(R"([{"name": "A", "year": 1980}, {"name": "B", "lists": ["x", "y"]}])"));
    const auto turned = with(one_hit(R"([{"lists": ["x", "y"], "name": "B"}, {"year": 1980, "name": "A"}])"));
    BOOST_TEST(!difference(before, turned).changed());
    const auto other = with(one_hit(R"([{"name": "A", "year": 1980}, {"name": "B", "lists": ["y", "x"]}])"));
    const auto hits = difference(before, other);
    BOOST_TEST(fields(hits) == text_list{"background.hits"});
    BOOST_TEST(hits.fields.front().personal);
    BOOST_TEST(cause(hits) == "document_read");

    auto graver = one_hit(R"([{"name": "A", "year": 1980}, {"name": "B", "lists": ["x", "y"]}])");
    graver.risk_level = "high";
    graver.total_matches = 3;
    const auto change = difference(before, with(graver));
    BOOST_TEST(fields(change) == (text_list{"background.risk_level", "background.total_matches"}));
    BOOST_TEST(values(change, "background.risk_level") == R"("medium" -> "high")");
    BOOST_TEST(values(change, "background.total_matches") == "2 -> 3");
    for (const auto& field : change.fields)
        BOOST_TEST(!field.personal);
    BOOST_TEST(fields(difference(good(), with(graver))).size() == 4U);
    // the same hit twice is not the same as once
    BOOST_TEST(difference(with(one_hit(R"([1, 1, 2])")), with(one_hit(R"([1, 2, 2])"))).changed());
    BOOST_TEST(difference(with(one_hit(R"([])")), with(one_hit(R"({})"))).changed());
}

BOOST_AUTO_TEST_CASE(what_is_compared_comes_in_the_order_of_the_file) {
    const auto after = but([](auto& said) {
        said.background = one_hit("[]");
        said.registered_face = "aaaa";
        said.document->number = "1";
        said.issues = {{"liveness", "X", "", ""}};
        set_check(said, kyc::check::document_valid, false);
        set_check(said, kyc::check::liveness, std::nullopt);
        said.verdict = verdict::fail;
    });
    BOOST_TEST(fields(difference(good(), after)) ==
               (text_list{"verdict", "checks.document_valid", "checks.liveness", "issues", "document.number",
                          "registered_face", "background.potential_match", "background.risk_level",
                          "background.total_matches", "background.hits"}));
}

BOOST_AUTO_TEST_CASE(task_files_and_reply_are_not_compared) {
    const std::string start = R"({"schema": "kycd.result/1", "verdict": "pass", "checks": {"liveness": true})";
    const auto change =
        kyc::compare_answers(start + R"(, "task": {"id": "a"}, "files": [], "duplicate_of": null, "response": 1})",
                             start + R"(, "task": {"id": "b"}, "files": [1], "lane": "bulk", "response": 2})");
    BOOST_REQUIRE(change.has_value());
    BOOST_TEST(!change->changed());
}

BOOST_AUTO_TEST_CASE(members_that_others_changed_or_that_are_not_known_yet_are_compared_too) {
    const std::string start = R"({"schema": "kycd.result/1", "verdict": "pass", )";
    const auto change = kyc::compare_answers(start + R"("checks": {"a": true, "b": null}, "document": {"new": 1}})",
                                             start + R"("checks": {"a": "yes", "c": null}, "document": {"new": 2}})");
    BOOST_REQUIRE(change.has_value());
    BOOST_TEST(fields(*change) == (text_list{"checks.a", "document.new"}));
    BOOST_TEST(values(*change, "checks.a") == R"(true -> "yes")");
    // nothing of the wrong kind is followed
    const auto odd = kyc::compare_answers(
        start + R"("checks": [], "document": "x", "issues": {"a": 1}, "task": 7, "background": true})",
        start + "\"z\": 1}");
    BOOST_REQUIRE(odd.has_value());
    BOOST_TEST(!odd->changed());
}

BOOST_AUTO_TEST_CASE(a_reply_as_large_as_one_may_be_is_read) {
    auto large = text_of(good());
    large.replace(large.rfind("{}"), 2, '"' + std::string(8'000'000, 'x') + '"');
    BOOST_TEST(kyc::compare_answers(large, large).has_value());
}

BOOST_AUTO_TEST_CASE(what_kycd_did_not_write_is_not_compared) {
    const auto fine = text_of(good());
    for (const std::string bad :
         {"", "x", "null", "[]", "{}", R"({"schema": "kycd.error/1", "code": "REJECTED"})",
          R"({"schema": "kycd.result/2", "verdict": "pass"})", R"({"schema": "kycd.result/1"})",
          R"({"schema": "kycd.result/1", "verdict": "PASS"})", R"({"schema": "kycd.result/1", "verdict": null})",
          R"({"schema": 1, "verdict": "pass"})"}) {
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!kyc::compare_answers(bad, fine).has_value());
            BOOST_TEST(!kyc::compare_answers(fine, bad).has_value());
        }
    }
    BOOST_TEST(!kyc::compare_answers(fine, fine.substr(0, fine.size() / 2)).has_value());
}

BOOST_AUTO_TEST_CASE(the_words_of_causes_are_read_back) {
    const std::vector<std::pair<change_cause, std::string>> words{
        {change_cause::document_expired, "document expired"},
        {change_cause::issue_code, "an issue code instead of a verdict"},
        {change_cause::other_verdict, "same images, another verdict"},
        {change_cause::no_images, "another verdict, of a service without images"},
        {change_cause::document_read, "document read differently"},
        {change_cause::portrait_only, "portrait only"}};
    for (const auto& [cause, description] : words) {
        BOOST_TEST(describe(cause) == description);
        BOOST_TEST((kyc::change_cause_from(word_of(cause)) == cause));
    }
    BOOST_TEST(word_of(change_cause::document_read) == "document_read");
    BOOST_TEST(!kyc::change_cause_from("").has_value());
    BOOST_TEST(!kyc::change_cause_from("document expired").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
