#include "told/known_case.hpp"

#include "core/json_members.hpp"
#include "core/json_text.hpp"
#include "core/json_writer.hpp"
#include "told/status_fields.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace kyc {

namespace json = boost::json;

namespace {

constexpr std::string_view schema = "kycd.known/1";

/// In the order of the enums.
constexpr std::array<std::string_view, 5> waits{"not_ready", "settling", "same_name", "held_back", "not_permitted"};
constexpr std::array<std::string_view, 3> places{"queued", "examining", "waiting"};

template<class Enum, std::size_t Size>
std::optional<Enum> from_word(const std::array<std::string_view, Size>& words, std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

void write_entry(json_writer& out, const known_entry& entry) {
    out.begin_object();
    write_known(out, "place", places.at(static_cast<std::size_t>(entry.where)));
    write_known(out, "wait", entry.wait ? waits.at(static_cast<std::size_t>(*entry.wait)) : std::string_view());
    write_known(out, "why", entry.why);
    write_time(out, "still_since", entry.still_since);
    write_time(out, "fails_at", entry.fails_at);
    write_time(out, "next_look_at", entry.next_look_at);
    out.end_object();
}

void write_task(json_writer& out, const known_task& task) {
    out.begin_object();
    write_number(out, "polls_not_noted", task.polls_not_noted);
    write_known(out, "heard", task.heard);
    write_time(out, "next_poll_at", task.next_poll_at);
    out.end_object();
}

std::optional<known_entry> read_entry(const json::object& from) {
    const auto where = from_word<known_entry::place>(places, text_in(from, "place"));
    if (!where) return std::nullopt;
    known_entry entry;
    entry.where = *where;
    entry.wait = from_word<inbox_wait>(waits, text_in(from, "wait"));
    entry.why = text_in(from, "why");
    entry.still_since = from_iso8601(text_in(from, "still_since"));
    entry.fails_at = from_iso8601(text_in(from, "fails_at"));
    entry.next_look_at = from_iso8601(text_in(from, "next_look_at"));
    return entry;
}

std::optional<known_task> read_task(const json::object& from) {
    const auto next = from_iso8601(text_in(from, "next_poll_at"));
    if (!next) return std::nullopt;
    return known_task{number_in(from, "polls_not_noted"), text_in(from, "heard"), *next};
}

} // namespace

utc_time utc_of(std::chrono::steady_clock::time_point when) {
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(when - std::chrono::steady_clock::now());
}

std::string to_line(const case_question& question) {
    std::string line = R"({"case":{"folder":)";
    append_json_string(line, question.folder);
    line += R"(,"name":)";
    append_json_string(line, question.name);
    line += R"(,"flat":)";
    line += question.flat ? "true" : "false";
    line += R"(,"lane":)";
    append_json_string(line, to_string(question.of));
    return line + "}}\n";
}

std::optional<case_question> read_question(std::string_view line) {
    std::string error;
    const auto parsed = parse_json(line, error);
    const auto* about = parsed.is_object() ? object_member(parsed.get_object(), "case") : nullptr;
    if (about == nullptr) return std::nullopt;
    case_question question;
    question.folder = text_in(*about, "folder");
    question.name = text_in(*about, "name");
    question.flat = bool_member(*about, "flat").value_or(false);
    question.of = lane_from(text_in(*about, "lane"));
    if (question.folder.empty() || question.name.empty()) return std::nullopt;
    return question;
}

std::string to_json(const known_case& known) {
    json_writer out;
    out.begin_object();
    write_known(out, "schema", schema);
    out.key("scans_again");
    out.boolean(known.scans_again);
    out.key("entry");
    known.entry ? write_entry(out, *known.entry) : out.null();
    out.key("task");
    known.task ? write_task(out, *known.task) : out.null();
    out.end_object();
    return std::move(out).finish();
}

std::optional<known_case> read_known_case(std::string_view document) {
    std::string error;
    const auto parsed = parse_json(document, error);
    if (!parsed.is_object() || text_in(parsed.get_object(), "schema") != schema) return std::nullopt;
    const auto& said = parsed.get_object();
    known_case known;
    known.scans_again = bool_member(said, "scans_again").value_or(true);
    if (const auto* entry = object_member(said, "entry")) known.entry = read_entry(*entry);
    if (const auto* task = object_member(said, "task")) known.task = read_task(*task);
    return known;
}

} // namespace kyc
