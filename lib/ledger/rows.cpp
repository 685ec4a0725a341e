#include "ledger/rows.hpp"

#include "core/json_fields.hpp"
#include "core/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <chrono>

namespace kyc::ledger {

namespace json = boost::json;

std::int64_t to_milliseconds(utc_time time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

utc_time from_milliseconds(std::int64_t value) {
    return utc_time(std::chrono::milliseconds(value));
}

std::optional<std::int64_t> to_milliseconds(const std::optional<utc_time>& time) {
    if (!time) return std::nullopt;
    return to_milliseconds(*time);
}

std::string sent_to_json(const std::vector<file_facts>& files) {
    json::array list;
    for (const auto& file : files) {
        json::object entry;
        entry["field"] = file.field;
        entry["name"] = file.name;
        entry["bytes"] = file.bytes;
        entry["sha256"] = file.sha256;
        entry["width"] = file.width;
        entry["height"] = file.height;
        list.push_back(std::move(entry));
    }
    return to_json_text(list);
}

std::vector<file_facts> sent_from_json(const std::string& text) {
    std::vector<file_facts> files;
    try {
        const auto parsed = json::parse(text);
        for (const auto& value : parsed.as_array()) {
            const auto& entry = value.as_object();
            file_facts file;
            file.field = entry.at("field").as_string();
            file.name = entry.at("name").as_string();
            file.bytes = entry.at("bytes").to_number<std::uint64_t>();
            file.sha256 = entry.at("sha256").as_string();
            file.width = entry.at("width").to_number<std::uint32_t>();
            file.height = entry.at("height").to_number<std::uint32_t>();
            files.push_back(std::move(file));
        }
    } catch (const std::exception&) {
        return {};
    }
    return files;
}

std::string duplicate_to_json(const duplicate_facts& earlier) {
    json::object entry;
    entry["case"] = earlier.case_name;
    entry["service"] = earlier.service;
    if (earlier.answered_at) entry["answered_at"] = to_iso8601(*earlier.answered_at);
    return to_json_text(entry);
}

std::optional<duplicate_facts> duplicate_from_json(const std::string& text) {
    std::string error;
    const auto parsed = parse_json(text, error);
    const auto* entry = parsed.if_object();
    if (entry == nullptr) return std::nullopt;
    duplicate_facts earlier;
    if (const auto* name = string_member(*entry, "case")) earlier.case_name = view_of(*name);
    if (const auto* service = string_member(*entry, "service")) earlier.service = view_of(*service);
    if (const auto* at = string_member(*entry, "answered_at")) earlier.answered_at = from_iso8601(view_of(*at));
    return earlier;
}

case_history read_case(const statement& row) {
    case_history read;
    read.id = row.number(0);
    auto& about = read.about;
    about.key = case_key(row.text(1), row.text(2), lane_from(row.text(4)));
    about.service = row.text(3);
    about.flat = row.number(5) != 0;
    about.taken_at = from_milliseconds(row.number(6));
    about.fingerprint = row.text(7);
    about.attempts = static_cast<std::uint32_t>(row.number(8));
    about.polls = static_cast<std::uint32_t>(row.number(9));
    about.failed_tasks = static_cast<std::uint32_t>(row.number(10));
    about.duplicate_of = duplicate_from_json(row.text(11));
    read.state = case_state_from(row.text(12));
    read.end.state = read.state;
    read.end.at = from_milliseconds(row.number(13));
    read.end.word = row.text(14);
    read.end.stage = row.text(15);
    read.end.message = row.text(16);
    read.end.place = row.text(17);
    if (const auto at = row.number_or_null(18)) about.next_try = from_milliseconds(*at);
    about.ticket = row.number(19);
    return read;
}

attempt read_attempt(const statement& row, int first) {
    attempt read;
    read.number = static_cast<std::uint32_t>(row.number(first));
    read.sent = sent_from_json(row.text(first + 1));
    read.sent_at = from_milliseconds(row.number(first + 2));
    read.outcome = attempt_outcome_from(row.text(first + 3));
    if (const auto at = row.number_or_null(first + 4)) read.ended_at = from_milliseconds(*at);
    if (const auto status = row.number_or_null(first + 5)) read.http_status = static_cast<int>(*status);
    read.what = row.text(first + 6);
    read.task_id = row.text(first + 7);
    return read;
}

std::map<std::string, std::string> read_answer_times(database& from) {
    std::map<std::string, std::string> all;
    statement query(from.handle(), "SELECT service, learnt FROM answer_times");
    while (query.step())
        all.emplace(query.text(0), query.text(1));
    return all;
}

std::string read_about(database& from, std::string_view key) {
    statement query(from.handle(), "SELECT value FROM about WHERE key = ?1");
    query.bind(1, key);
    return query.step() ? query.text(0) : std::string();
}

} // namespace kyc::ledger
