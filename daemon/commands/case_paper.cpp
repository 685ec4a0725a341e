#include "commands/case_paper.hpp"

#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "fs/atomic_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace kyc {

namespace {

namespace json = boost::json;

/// The API's reply is in it, which http_client bounds far below this.
constexpr std::uint64_t max_bytes = 64ull << 20;

std::string text_of(const json::object& from, std::string_view key) {
    const auto* text = string_member(from, key);
    return text != nullptr ? std::string(view_of(*text)) : std::string();
}

std::uint64_t number_of(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    const auto number = value != nullptr ? integer_of(*value) : std::nullopt;
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<utc_time> time_of(const json::object& from, std::string_view key) {
    return from_iso8601(text_of(from, key));
}

void read_files(const json::object& from, case_paper& into) {
    const auto* list = member(from, "files");
    if (list == nullptr || !list->is_array()) return;
    for (const auto& entry : list->get_array()) {
        const auto* about = entry.if_object();
        if (about == nullptr) continue;
        file_facts file;
        file.field = text_of(*about, "field");
        file.name = text_of(*about, "name");
        file.bytes = number_of(*about, "bytes");
        file.sha256 = text_of(*about, "sha256");
        file.width = static_cast<std::uint32_t>(number_of(*about, "width"));
        file.height = static_cast<std::uint32_t>(number_of(*about, "height"));
        into.files.push_back(std::move(file));
    }
}

case_paper read_result(const json::object& from) {
    case_paper paper;
    paper.answered = true;
    paper.verdict = text_of(from, "verdict");
    if (const auto* task = object_member(from, "task")) {
        paper.task_id = text_of(*task, "id");
        paper.submitted_at = time_of(*task, "submitted_at");
        paper.at = time_of(*task, "answered_at");
        paper.attempts = number_of(*task, "attempts");
        paper.polls = number_of(*task, "polls");
    }
    if (const auto* earlier = object_member(from, "duplicate_of"))
        paper.duplicate_of = text_of(*earlier, "service") + "/" + text_of(*earlier, "case");
    return paper;
}

case_paper read_error(const json::object& from) {
    case_paper paper;
    paper.code = text_of(from, "code");
    paper.stage = text_of(from, "stage");
    paper.message = text_of(from, "message");
    paper.advice = text_of(from, "advice");
    paper.retryable = bool_member(from, "retryable").value_or(false);
    if (const auto* status = member(from, "http_status")) paper.http_status = integer_of(*status);
    paper.at = time_of(from, "failed_at");
    paper.attempts = number_of(from, "attempts");
    return paper;
}

} // namespace

std::optional<case_paper> read_case_paper_file(const fs::folder& which, const std::string& file, bool answered) {
    const auto text = fs::read_text(which, file, max_bytes);
    if (!text) return std::nullopt;
    // Ours, but anybody with access may have edited it; a reply of the API inside may be as deep as the API likes.
    json::error_code error;
    json::parse_options options;
    options.max_depth = 2 * max_reply_depth;
    const auto value = json::parse(*text, error, {}, options);
    const auto* about = error ? nullptr : value.if_object();
    if (about == nullptr) return std::nullopt;
    auto paper = answered ? read_result(*about) : read_error(*about);
    paper.name = text_of(*about, "case");
    paper.service = text_of(*about, "service");
    read_files(*about, paper);
    return paper;
}

std::optional<case_paper> read_case_paper(const fs::folder& in, const std::string& name) {
    const auto which = fs::open_folder_in(in, name);
    if (!which) return std::nullopt;
    for (const bool answered : {true, false}) {
        if (auto paper = read_case_paper_file(*which, answered ? "result.json" : "error.json", answered)) return paper;
    }
    return std::nullopt;
}

} // namespace kyc
