#include "support/morning_rows.hpp"

#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace kyc::reverify {

namespace {

using namespace std::chrono_literals;
using ledger::ticket_case;

/// A number of its own for each case and question: the same in every run.
std::uint64_t draw(std::uint64_t number, std::uint64_t question) {
    std::uint64_t x = number * 0x9E3779B97F4A7C15u + question * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

struct change_kind {
    change_cause cause;
    const char* before;
    const char* after;
    std::vector<std::string> fields;
};

const std::array<change_kind, 5>& change_kinds() {
    static const std::array<change_kind, 5> kinds{{
        {change_cause::document_expired, "pass", "fail", {"verdict", "checks.document_expired"}},
        {change_cause::issue_code, "pass", "inconclusive", {"verdict", "checks.liveness", "issues"}},
        {change_cause::other_verdict, "pass", "fail", {"verdict", "checks.face_match"}},
        {change_cause::document_read, "pass", "pass", {"document.full_name", "document.number", "document.expires_on"}},
        {change_cause::portrait_only, "pass", "pass", {"document.portrait_url"}},
    }};
    return kinds;
}

std::string service_of(std::uint64_t number) {
    return number % 3 == 0 ? "kyc_passport" : number % 11 == 0 ? "ocr_card" : "kyc_card";
}

ticket_case make_case(std::uint64_t number) {
    ticket_case made;
    made.number = number;
    made.service = made.folder = service_of(number);
    made.case_name = made.place = "A-" + std::to_string(10'000 + number);
    if (number % 97 == 0) made.place += "~2";
    made.canary = number <= 5;
    const auto lot = draw(number, 1) % 100;
    made.verdict_before = lot < 88 ? "pass" : lot < 96 ? "fail" : "inconclusive";
    made.answered_before = *from_iso8601("2026-04-01T09:00:00.000Z") + 37min * static_cast<int>(number);
    return made;
}

void end_changed(ticket_case& each, const change_kind& how) {
    each.end = ticket_case_end::changed;
    each.verdict_before = how.before;
    each.verdict_after = how.after;
    each.cause = word_of(how.cause);
    each.fields = how.fields;
    each.newly_expired = how.cause == change_cause::document_expired;
}

void end_failed(ticket_case& each) {
    static const std::array<std::pair<const char*, const char*>, 3> ends{
        {{"TASK_FAILED", "task 7b1d4c52-33d1-4a57-a4de-2b8f1a51f1c0 ended FAILURE at the vendor"},
         {"RETRIES_EXHAUSTED", "submit of kyc_card: HTTP 503 six times"},
         {"TASK_DEADLINE", "no answer to task 0f3a within 30m"}}};
    const auto& [code, why] = ends.at(draw(each.number, 3) % ends.size());
    each.end = ticket_case_end::failed;
    each.code = code;
    each.why = why;
}

void end_skipped(ticket_case& each) {
    static const std::array<const char*, 3> reasons{"the case is held: .hold lies in its folder",
                                                    "its images are not there any more",
                                                    "front_id.png is another one than was answered: its hash differs"};
    each.end = ticket_case_end::skipped;
    each.why = reasons.at(draw(each.number, 4) % reasons.size());
    each.calls = 0;
    each.submitted_at.reset();
    each.answered_at.reset();
}

/// A case that is sent at some time; the vendor is slower in the small hours.
void send(ticket_case& each, utc_time at) {
    const auto luck = static_cast<double>(draw(each.number, 2) % 10'000 + 1) / 10'000;
    const auto hours = std::chrono::duration<double, std::ratio<3600>>(at.time_since_epoch()).count();
    const auto busy = 1 + 0.6 * std::sin(hours);
    each.submitted_at = at;
    each.answered_at =
        at + std::chrono::milliseconds(static_cast<std::int64_t>(4'000 * busy - 2'500 * busy * std::log(luck)));
    each.ended_at = *each.answered_at + 40ms;
    each.calls = 1;
    each.end = ticket_case_end::unchanged;
    each.verdict_after = each.verdict_before;
}

answer_change values_of(const ticket_case& each) {
    answer_change change;
    change.before = verdict_from(each.verdict_before);
    change.after = verdict_from(each.verdict_after);
    change.cause = change_cause_from(each.cause);
    change.newly_expired = each.newly_expired;
    for (const auto& field : each.fields) {
        field_change differs{field, "true", "false", false};
        if (field == "verdict")
            differs = {field, '"' + each.verdict_before + '"', '"' + each.verdict_after + '"', false};
        if (field == "issues") differs = {field, "[]", R"(["liveness: FACE_TOO_SMALL"])", false};
        if (field == "checks.document_expired") differs = {field, "false", "true", false};
        if (field == "checks.liveness") differs = {field, "true", "null", false};
        if (field == "document.full_name")
            differs = {field, R"("ERIKA MUSTERMANN")", R"("ERIKA M\u00DCSTERMANN")", true};
        if (field == "document.number") differs = {field, R"("L01XM00CH")", R"("L01XMOOCH")", true};
        if (field == "document.expires_on") differs = {field, "null", R"("2031-07-02")", true};
        if (field == "document.portrait_url")
            differs = {field, "null", R"("https://files.example/portrait.jpg")", true};
        change.fields.push_back(std::move(differs));
    }
    return change;
}

report_source begin(const std::string& name) {
    report_source made;
    made.about.name = made.about.place = name;
    made.about.state = ledger::ticket_state::reporting;
    made.about.accepted_at = *from_iso8601("2026-10-24T16:00:02.120Z");
    made.asked.name = name;
    made.asked.which.services = {"kyc_card", "kyc_passport", "ocr_card"};
    made.asked.which.older_than = 24h * 90;
    made.asked.which.limit = 5'000;
    made.asked.calls = 6'000;
    made.asked.canary = {"A-10001", "A-10002", "A-10003", "A-10004", "A-10005"};
    made.asked.stop_if_failed = ticket_bound{std::nullopt, 0.2};
    made.asked.stop_if_changed = ticket_bound{std::nullopt, 0.3};
    made.window = *time_window::parse("22:00-06:00 Europe/Berlin");
    return made;
}

/// A case each `pace` while the window is open; `after` says what becomes of the one with this number.
template<class After>
void run(report_source& made, std::uint64_t cases, std::chrono::milliseconds pace, const After& after) {
    auto at = made.window.opens(made.about.accepted_at) + 3s;
    made.about.begun_at = at;
    for (std::uint64_t number = 1; number <= cases; ++number) {
        made.cases.push_back(make_case(number));
        auto& each = made.cases.back();
        if (!made.window.is_open(at)) at = made.window.opens(at);
        auto tried = each;
        send(tried, at);
        after(tried);
        if (tried.end == ticket_case_end::waiting) continue;
        each = std::move(tried);
        if (each.end == ticket_case_end::skipped) {
            each.ended_at = at;
        } else {
            at += pace;
        }
    }
    made.about.ended_at = made.written_at = made.cases.empty() ? at : at + 30s;
}

/// 7 of 100 changed, a few failed, a few skipped.
void usual_end(ticket_case& each) {
    if (each.number % 100 < 7 && !each.canary) {
        const auto lot = draw(each.number, 5) % 100;
        end_changed(each, change_kinds().at(lot < 40 ? 0 : lot < 62 ? 1 : lot < 72 ? 2 : lot < 95 ? 3 : 4));
    } else if (each.number % 617 == 50) {
        end_failed(each);
    } else if (each.number % 401 == 60) {
        end_skipped(each);
    }
}

report_source make_night() {
    auto made = begin("nightly-2026-10-24");
    run(made, 5'000, 5'500ms, [](ticket_case& each) {
        usual_end(each);
        // Canaries do not change here, so that makes 350 again.
        if (each.number > 5'000 - 6) end_changed(each, change_kinds().at(0));
    });
    return made;
}

report_source make_nights() {
    auto made = begin("old-passports");
    run(made, 5'000, 9s, [](ticket_case& each) {
        usual_end(each);
        if (each.number > 4'600) each.end = ticket_case_end::waiting;
    });
    made.about.state = ledger::ticket_state::running;
    made.about.ended_at.reset();
    made.written_at = *from_iso8601("2026-10-26T06:30:00.000Z");
    return made;
}

report_source make_many() {
    auto made = begin("everything");
    made.asked.which = {};
    made.asked.calls.reset();
    run(made, 100'000, 700ms, [](ticket_case& each) {
        usual_end(each);
        if (each.number % 10 >= 4 && each.end == ticket_case_end::unchanged) end_skipped(each);
        if (each.number > 80'000) each.end = ticket_case_end::waiting;
    });
    made.about.why = "cancelled by its file's name";
    return made;
}

report_source make_hostile() {
    const std::string markup = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>";
    const std::vector<std::string> names{"=1+1",
                                         "+49 30",
                                         "-2",
                                         "@SUM(A1)",
                                         "a,\"b\";c",
                                         "' OR 1=1",
                                         "\xE2\x80\xAEgpj",
                                         "</table>",
                                         markup,
                                         "M\xC3\xBCller \xE7\x8E\x8B\xE5\xB0\x8F\xE6\x98\x8E",
                                         std::string(200, 'x')};
    auto made = begin("\"><b>ticket</b>");
    made.asked.which.names = names;
    made.asked.which.labels = {{markup, "=1"}};
    for (const auto& name : names) {
        made.left.add_name(name);
        made.left.add_folder("kyc_card/" + name);
    }
    run(made, names.size() * 4, 60s, [&](ticket_case& each) {
        const auto& name = names.at((each.number - 1) % names.size());
        each.case_name = each.place = name;
        each.folder = each.number % 2 == 0 ? name : "kyc_card";
        const auto round = (each.number - 1) / names.size();
        if (round == 0) end_changed(each, change_kinds().at(each.number % 5));
        if (round == 1) end_failed(each);
        if (round == 2) end_skipped(each);
        if (round == 1 || round == 2) each.why = "=cmd|' /C calc'!A0 " + markup + "\r\n\"" + name;
        if (round == 1) each.code = markup;
        if (round == 0 && each.number == 1) each.cause = markup;
    });
    made.about.why = markup;
    made.values = [markup](const ticket_case& each) -> std::optional<answer_change> {
        if (each.number == 2) return std::nullopt;
        auto change = values_of(each);
        change.fields.push_back(
            {"document." + markup, "\"=1+1\\u0000\\u202e\"", "[{\"hit\":\"</td><script>\"}]", true});
        return change;
    };
    return made;
}

report_source make_small(const std::string& kind) {
    auto made = begin(kind);
    if (kind == "empty") {
        made.about.ended_at = made.written_at = made.about.accepted_at + 1s;
    } else if (kind == "one") {
        run(made, 1, 1s, [](ticket_case&) {});
    } else {
        run(made, 30, 20s, [](ticket_case& each) { end_failed(each); });
        made.about.why = "25 of 30 cases failed, more than 20 %";
    }
    return made;
}

} // namespace

const std::vector<std::string>& made_up_kinds() {
    static const std::vector<std::string> kinds{"night", "values", "nights", "hostile",
                                                "empty", "one",    "many",   "failed"};
    return kinds;
}

report_source make_up(const std::string& kind) {
    if (kind == "night") return make_night();
    if (kind == "nights") return make_nights();
    if (kind == "many") return make_many();
    if (kind == "hostile") return make_hostile();
    if (kind == "values") {
        auto made = make_night();
        made.values = values_of;
        return made;
    }
    if (kind == "empty" || kind == "one" || kind == "failed") return make_small(kind);
    throw std::invalid_argument("no made-up ticket is called " + kind);
}

} // namespace kyc::reverify
