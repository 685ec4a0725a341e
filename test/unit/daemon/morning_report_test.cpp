#include "core/advice_again.hpp"
#include "reverify/morning_report.hpp"
#include "support/morning_rows.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace kyc;
using namespace kyc::reverify;

namespace {

using rows = std::vector<std::vector<std::string>>;

/// RFC 4180, strictly: lines end with CR LF, quotes only around whole cells.
rows read_csv(std::string_view text) {
    rows lines(1, {""});
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto& cell = lines.back().back();
        const char c = text[i];
        if (quoted) {
            if (c != '"') cell += c;
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                cell += text[++i];
            } else if (c == '"') {
                quoted = false;
                BOOST_REQUIRE(i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\r'));
            }
        } else if (c == '"') {
            BOOST_REQUIRE(cell.empty());
            quoted = true;
        } else if (c == ',') {
            lines.back().emplace_back();
        } else if (c == '\r') {
            BOOST_REQUIRE(i + 1 < text.size() && text[++i] == '\n');
            lines.push_back({""});
        } else {
            BOOST_REQUIRE(c != '\n');
            cell += c;
        }
    }
    BOOST_REQUIRE(lines.back().size() == 1u);
    lines.pop_back();
    return lines;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

std::int64_t number(const boost::json::value& of, std::string_view pointer) {
    return of.at_pointer(pointer).to_number<std::int64_t>();
}

const std::vector<std::string> ends{"unchanged", "changed", "failed", "skipped", "not_done"};

} // namespace

BOOST_AUTO_TEST_SUITE(morning_report_suite)

BOOST_AUTO_TEST_CASE(every_report_adds_up_and_its_forms_tell_the_same) {
    for (const auto& kind : made_up_kinds()) {
        BOOST_TEST_CONTEXT(kind) {
            const auto source = make_up(kind);
            const auto texts = write_reports(source);
            const auto json = boost::json::parse(texts.json);
            const auto selected = static_cast<std::int64_t>(source.cases.size());
            BOOST_TEST(number(json, "/balance/selected") == selected);
            std::int64_t sum = 0;
            for (const auto& end : ends)
                sum += number(json, "/balance/" + end);
            BOOST_TEST(sum == selected);
            std::int64_t in_matrix = 0;
            for (const auto& row : json.at("verdicts").as_array())
                for (const auto* const column : {"pass", "fail", "inconclusive", "failed", "skipped", "not_done"})
                    in_matrix += row.at(column).to_number<std::int64_t>();
            BOOST_TEST(in_matrix == selected);
            std::int64_t by_cause = 0;
            for (const auto& group : json.at("causes").as_array())
                by_cause += group.at("cases").to_number<std::int64_t>();
            BOOST_TEST(by_cause == number(json, "/balance/changed"));

            const auto lines = read_csv(texts.csv);
            BOOST_TEST(lines.size() == source.cases.size() + 1);
            std::vector<std::int64_t> told(ends.size());
            for (std::size_t i = 1; i < lines.size(); ++i) {
                BOOST_REQUIRE(lines[i].size() == lines[0].size());
                for (std::size_t j = 0; j < ends.size(); ++j)
                    if (lines[i][6] == ends[j]) ++told[j];
            }
            for (std::size_t j = 0; j < ends.size(); ++j)
                BOOST_TEST(told[j] == number(json, "/balance/" + ends[j]), ends[j]);
            BOOST_TEST(has(texts.html, std::to_string(selected) + " selected = " + std::to_string(told[0]) +
                                           " unchanged + " + std::to_string(told[1]) + " changed + " +
                                           std::to_string(told[2]) + " failed + " + std::to_string(told[3]) +
                                           " skipped + " + std::to_string(told[4]) + " not done"));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_changes_of_a_night_are_told_by_cause_and_each_with_what_differs) {
    const auto texts = write_reports(make_up("night"));
    const auto json = boost::json::parse(texts.json);
    BOOST_TEST(number(json, "/balance/changed") == 350);
    BOOST_TEST(count_of(texts.html, " \xE2\x86\x92 ") >= 350u);
    for (const auto* const words : {"document expired", "an issue code instead of a verdict",
                                    "same images, another verdict", "document read differently", "portrait only"})
        BOOST_TEST(has(texts.html, std::string("Probable cause: ") + words), words);
    BOOST_TEST(has(texts.html, "<div>verdict, checks.liveness, issues</div>"));
    BOOST_TEST(has(texts.html, "22:00-06:00 Europe/Berlin"));
    BOOST_TEST(
        has(texts.html,
            "of kyc_card, kyc_passport or ocr_card; answered more than 90d ago; at most 5000, oldest answers first"));
    BOOST_TEST(has(texts.html, "5, all with the verdict they had"));
    BOOST_TEST(has(texts.html, "more than 20 % failed, or more than 30 % changed"));
    BOOST_TEST(has(texts.html, " of at most 6000"));
    BOOST_TEST(json.at("state").as_string() == "ended");
    BOOST_TEST(json.at("why").is_null());
}

BOOST_AUTO_TEST_CASE(values_are_told_only_where_personal_data_are_wanted) {
    const auto without = write_reports(make_up("night"));
    const auto with = write_reports(make_up("values"));
    for (const auto* const value : {"ERIKA", "L01XM00CH", "2031-07-02", "files.example", "FACE_TOO_SMALL"}) {
        for (const auto* const text : {&without.json, &without.csv, &without.html})
            BOOST_TEST(!has(*text, value), value);
        for (const auto* const text : {&with.json, &with.csv, &with.html})
            BOOST_TEST(has(*text, value), value);
    }
    BOOST_TEST(!boost::json::parse(without.json).at("personal_data").as_bool());
    BOOST_TEST(boost::json::parse(with.json).at("personal_data").as_bool());
    BOOST_TEST(has(with.html, "<div>document.number: L01XM00CH \xE2\x86\x92 L01XMOOCH</div>"));
    BOOST_TEST(has(with.html, "<div>document.expires_on: nothing \xE2\x86\x92 2031-07-02</div>"));
}

BOOST_AUTO_TEST_CASE(a_case_whose_answers_are_gone_is_told_by_its_fields) {
    auto source = make_up("one");
    auto& only = source.cases.front();
    only.end = ticket_case_end::changed;
    only.verdict_before = "pass";
    only.verdict_after = "fail";
    only.cause = "other_verdict";
    only.fields = {"verdict", "checks.liveness"};
    source.values = [](const ledger::ticket_case&) { return std::nullopt; };
    const auto texts = write_reports(source);
    BOOST_TEST(has(texts.html, "<div>verdict, checks.liveness</div>"));
    BOOST_TEST(boost::json::parse(texts.json).at_pointer("/cases/0/differences").is_null());
    BOOST_TEST(read_csv(texts.csv)[1].back() == "");
}

BOOST_AUTO_TEST_CASE(whatever_a_producer_chose_is_no_markup_no_formula_and_in_its_cell) {
    const auto source = make_up("hostile");
    const auto texts = write_reports(source);
    for (const auto* const markup : {"<script", "<img", "<b>", "</td><script", "\xE2\x80\xAE"})
        BOOST_TEST(!has(texts.html, markup), markup);
    BOOST_TEST(count_of(texts.html, "</table>") == count_of(texts.html, "<table"));
    for (const auto& line : read_csv(texts.csv))
        for (const auto& cell : line)
            BOOST_TEST((cell.empty() || std::string_view("=+-@\t\r").find(cell.front()) == std::string_view::npos),
                       cell);
    BOOST_TEST(has(texts.csv, "'=1+1"));
    BOOST_TEST(has(texts.csv, "M\xC3\xBCller"));
    const auto json = boost::json::parse(texts.json);
    BOOST_TEST(json.at_pointer("/cases/0/place").as_string() == "=1+1"); // for programs: as it is
    BOOST_TEST(json.at("ticket").as_string() == "\"><b>ticket</b>");
}

BOOST_AUTO_TEST_CASE(a_ticket_that_selected_nothing_and_one_of_one_case_are_reports_too) {
    const auto nothing = write_reports(make_up("empty"));
    BOOST_TEST(has(nothing.html, "Nothing changed."));
    BOOST_TEST(has(nothing.html, "<dt>Begun</dt><dd>not yet</dd>"));
    BOOST_TEST(!has(nothing.html, "The night"));
    BOOST_TEST(!has(nothing.html, "<svg"));
    BOOST_TEST(boost::json::parse(nothing.json).at("took_ms").is_null());
    const auto one = write_reports(make_up("one"));
    BOOST_TEST(has(one.html, "The night"));
    BOOST_TEST(!has(one.html, "<figure>"));
}

BOOST_AUTO_TEST_CASE(failed_cases_come_with_the_advice_for_their_code) {
    const auto texts = write_reports(make_up("failed"));
    BOOST_TEST(has(texts.html, "Ended: 25 of 30 cases failed, more than 20 %."));
    BOOST_TEST(has(texts.html, "TASK_DEADLINE"));
    BOOST_TEST(has(texts.html, std::string(advice_again(failure_code::task_deadline))));
    BOOST_TEST(has(texts.html, "no answer to task 0f3a within 30m"));
}

BOOST_AUTO_TEST_CASE(an_old_answer_that_has_gone_does_not_stand) {
    BOOST_TEST(has(write_reports(make_up("failed")).html, "<p>Their old answers stand.</p>"));
    auto source = make_up("one");
    auto& only = source.cases.front();
    only.end = ticket_case_end::failed;
    only.code = "LEFT_OUTBOX";
    only.why = "the case has left the outbox; the new answer, fail, could not be kept, the API gave it for task 0f3a";
    const auto texts = write_reports(source);
    BOOST_TEST(has(texts.html, "They have left the outbox, and their old answers with them."));
    BOOST_TEST(!has(texts.html, "old answers stand"));
    const auto json = boost::json::parse(texts.json);
    BOOST_TEST(json.at_pointer("/failures/0/code").as_string() == "LEFT_OUTBOX");
    BOOST_TEST(json.at_pointer("/failures/0/advice").is_string());
    source = make_up("failed");
    source.cases.front().code = "LEFT_OUTBOX";
    BOOST_TEST(has(write_reports(source).html, "but for 1 case that has left the outbox."));
    for (auto& each : source.cases) // as an older kycd has them in its ledger
        each.code.clear();
    const auto older = write_reports(source);
    BOOST_TEST(!has(older.json, "\"code\": \"\""));
    BOOST_TEST(has(older.json, "\"code\": \"" + source.cases.front().why));
}

BOOST_AUTO_TEST_CASE(what_was_meant_and_not_selected_is_told) {
    auto source = make_up("one");
    BOOST_TEST(!has(write_reports(source).html, "not selected"));
    for (int i = 0; i < 12; ++i)
        source.left.add_name("<b>B-" + std::to_string(i));
    source.left.add_folder("kyc_card/C-1");
    const auto texts = write_reports(source);
    BOOST_TEST(has(texts.html, "12 names are those of no delivered case: &lt;b&gt;B-0, "));
    BOOST_TEST(has(texts.html, " and 2 more."));
    BOOST_TEST(has(texts.html, "1 folder in the outbox has a result.json that cannot be read: kyc_card/C-1."));
    const auto json = boost::json::parse(texts.json);
    BOOST_TEST(number(json, "/left_out/not_delivered") == 12);
    BOOST_TEST(json.at_pointer("/left_out/not_delivered_names/9").as_string() == "<b>B-9");
    BOOST_TEST(number(json, "/left_out/unreadable") == 1);
    BOOST_TEST(json.at_pointer("/left_out/unreadable_folders/0").as_string() == "kyc_card/C-1");
}

BOOST_AUTO_TEST_CASE(paid_calls_whose_answers_are_still_to_come_are_told_and_counted) {
    auto source = make_up("nights");
    const auto paid = number(boost::json::parse(write_reports(source).json), "/calls/paid");
    BOOST_TEST(!has(write_reports(source).html, "still to come"));
    for (auto& each : source.cases)
        if (each.end == ticket_case_end::waiting && source.awaited < 3) each.calls = ++source.awaited == 3 ? 2 : 1;
    BOOST_REQUIRE(source.awaited == 3);
    const auto texts = write_reports(source);
    const auto json = boost::json::parse(texts.json);
    BOOST_TEST(number(json, "/calls/awaited") == 3);
    BOOST_TEST(number(json, "/calls/paid") == paid + 4);
    BOOST_TEST(has(texts.html, "The answers to 3 paid calls were still to come"));
}

BOOST_AUTO_TEST_CASE(what_is_not_over_says_so_and_when_it_goes_on) {
    auto source = make_up("nights");
    auto texts = write_reports(source);
    BOOST_TEST(has(texts.html, "it goes on when its window opens, Mon 26 Oct 22:00 CET."));
    auto json = boost::json::parse(texts.json);
    BOOST_TEST(json.at("state").as_string() == "waiting");
    BOOST_TEST(json.at("goes_on_at").as_string() == "2026-10-26T21:00:00.000Z");
    source.written_at = *from_iso8601("2026-10-26T22:00:00.000Z");
    texts = write_reports(source);
    BOOST_TEST(has(texts.html, "It was still running"));
    source.about.state = ledger::ticket_state::pausing;
    source.about.why = "a canary has another verdict";
    texts = write_reports(source);
    BOOST_TEST(has(texts.html, "Paused: a canary has another verdict."));
    BOOST_TEST(boost::json::parse(texts.json).at("state").as_string() == "paused");
}

BOOST_AUTO_TEST_CASE(what_ended_before_all_was_done_says_so_and_why) {
    BOOST_TEST(has(write_reports(make_up("many")).html, "Ended before all was done: cancelled by its file's name."));
    auto source = make_up("nights");
    source.about.state = ledger::ticket_state::ended;
    BOOST_TEST(has(write_reports(source).html, "Ended before all was done."));
    BOOST_TEST(!has(write_reports(make_up("night")).html, "class=\"note\""));
}

BOOST_AUTO_TEST_CASE(long_lists_are_cut_and_say_so) {
    const auto texts = write_reports(make_up("many"));
    BOOST_TEST(texts.html.size() < 1'000'000u);
    BOOST_TEST(count_of(texts.html, " more: report.csv has every case.") == 6u); // expired since, and each cause
    BOOST_TEST(count_of(texts.html, "<tr>") < 3'500u);
}

BOOST_AUTO_TEST_SUITE_END()
