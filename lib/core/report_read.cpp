#include "core/report_read.hpp"

#include "core/json_fields.hpp"

#include <boost/json/array.hpp>

namespace kyc {

namespace {

namespace json = boost::json;

std::string text_of(const json::object& from, std::string_view key) {
    const auto* found = string_member(from, key);
    return found == nullptr ? std::string() : std::string(view_of(*found));
}

template<class Number>
Number number_of(const json::object& from, std::string_view key) {
    const auto* found = member(from, key);
    const auto value = found == nullptr ? std::nullopt : integer_of(*found);
    return value && *value > 0 ? static_cast<Number>(*value) : Number{0};
}

std::optional<utc_time> time_of(const json::object& from, std::string_view key) {
    return from_iso8601(text_of(from, key));
}

/// "2031-02-28"
std::optional<std::chrono::sys_days> day_of(const std::string& date) {
    constexpr std::size_t size = std::string_view("2031-02-28").size();
    const auto midnight = date.size() == size ? from_written_time(date) : std::nullopt;
    if (!midnight) return std::nullopt;
    return std::chrono::floor<std::chrono::days>(*midnight);
}

std::vector<file_facts> files_of(const json::object& from) {
    std::vector<file_facts> files;
    const auto* found = member(from, "files");
    const auto* list = found == nullptr ? nullptr : found->if_array();
    if (list == nullptr) return files;
    for (const auto& value : *list) {
        const auto* entry = value.if_object();
        if (entry == nullptr) continue;
        file_facts file;
        file.field = text_of(*entry, "field");
        file.name = text_of(*entry, "name");
        file.sha256 = text_of(*entry, "sha256");
        file.bytes = number_of<std::uint64_t>(*entry, "bytes");
        file.width = number_of<std::uint32_t>(*entry, "width");
        file.height = number_of<std::uint32_t>(*entry, "height");
        files.push_back(std::move(file));
    }
    return files;
}

task_facts task_of(const json::object& from) {
    task_facts task;
    task.id = text_of(from, "id");
    task.submitted_at = time_of(from, "submitted_at").value_or(utc_time{});
    task.answered_at = time_of(from, "answered_at").value_or(utc_time{});
    task.attempts = number_of<std::uint32_t>(from, "attempts");
    task.polls = number_of<std::uint32_t>(from, "polls");
    return task;
}

} // namespace

std::optional<report_facts> read_report(std::string_view text) {
    std::string error;
    const auto parsed = parse_json(text, error, report_limits);
    const auto* report = parsed.if_object();
    if (report == nullptr) return std::nullopt;
    const auto schema = text_of(*report, "schema");
    report_facts facts;
    facts.answered = schema == "kycd.result/1";
    if (!facts.answered && schema != "kycd.error/1") return std::nullopt;
    facts.about.name = text_of(*report, "case");
    facts.about.service = text_of(*report, "service");
    facts.about.lane = lane_from(text_of(*report, "lane"));
    facts.about.files = files_of(*report);
    if (facts.answered) {
        if (const auto* task = object_member(*report, "task")) facts.task = task_of(*task);
        facts.word = text_of(*report, "verdict");
        facts.ended_at = facts.task.answered_at;
        if (const auto* document = object_member(*report, "document"))
            facts.expires_on = day_of(text_of(*document, "expires_on"));
        if (const auto* checks = object_member(*report, "checks"))
            facts.document_expired = bool_member(*checks, "document_expired");
        if (const auto* earlier = object_member(*report, "duplicate_of")) {
            facts.duplicate_of.emplace();
            facts.duplicate_of->case_name = text_of(*earlier, "case");
            facts.duplicate_of->service = text_of(*earlier, "service");
            facts.duplicate_of->answered_at = time_of(*earlier, "answered_at");
        }
    } else {
        facts.task.attempts = number_of<std::uint32_t>(*report, "attempts");
        facts.word = text_of(*report, "code");
        facts.stage = text_of(*report, "stage");
        facts.message = text_of(*report, "message");
        facts.advice = text_of(*report, "advice");
        facts.retryable = bool_member(*report, "retryable").value_or(false);
        facts.ended_at = time_of(*report, "failed_at").value_or(utc_time{});
    }
    return facts;
}

std::string_view reply_in_result(std::string_view text) {
    // `response` is the last member, so its value ends where the object does. Its key is looked for at the top level
    // only: the parts before it hold texts of strangers.
    constexpr std::string_view key = "\"response\"";
    const auto end = text.rfind('}');
    int depth = 0;
    for (std::size_t at = 0; at < text.size() && end != std::string_view::npos; ++at) {
        if (text[at] == '{' || text[at] == '[') ++depth;
        if (text[at] == '}' || text[at] == ']') --depth;
        if (text[at] != '"') continue;
        const auto begin = at;
        for (++at; at < text.size() && text[at] != '"'; ++at)
            if (text[at] == '\\') ++at;
        if (depth != 1 || text.substr(begin, at + 1 - begin) != key) continue;
        const auto value = text.find_first_not_of(": \t\r\n", at + 1);
        const auto last = text.find_last_not_of(" \t\r\n", end - 1);
        if (value == std::string_view::npos || last == std::string_view::npos || value > last) return {};
        return text.substr(value, last + 1 - value);
    }
    return {};
}

} // namespace kyc
