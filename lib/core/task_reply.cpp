#include "core/answer.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/outcome.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kyc {
namespace {

namespace json = boost::json;

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(std::string_view text) {
    return text.find_first_not_of(blanks) == std::string_view::npos;
}

/// A word that a program made, e.g. an exception's type or a field's name: safe to repeat in a log line.
bool is_plain_word(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.") ==
               std::string_view::npos;
}

task_reading reading(task_state state, std::string detail = {}) {
    task_reading made;
    made.state = state;
    made.detail = std::move(detail);
    return made;
}

task_reading answered(const service& target, const json::object& data, bool may_pass) {
    auto made = reading(task_state::answered);
    made.answer = read_outcome(target, data, may_pass);
    return made;
}

/// The results table stores text, so a part of the reply may be JSON inside a string. Decoded once; null when it is not
/// JSON.
std::optional<json::value> decode_text(const json::string& text) {
    if (is_blank(view_of(text))) {
        return json::value(nullptr);
    }
    std::string error;
    auto decoded = parse_json(view_of(text), error);
    return error.empty() ? std::optional<json::value>{std::move(decoded)} : std::nullopt;
}

/// The names of the fields that have messages. The messages themselves may quote what was sent, so they stay in the
/// reply.
std::string refused_fields(const json::object& data) {
    constexpr int most = 8;
    std::string names;
    int count = 0;
    for (const auto& entry : data) {
        const std::string_view name{entry.key().data(), entry.key().size()};
        if (entry.value().is_array() && is_plain_word(name) && ++count <= most) {
            names += names.empty() ? "" : ", ";
            names += name;
        }
    }
    return names;
}

std::string inner_refusal(std::int64_t status, const json::value* data) {
    auto text = "the API ended the task with inner status " + std::to_string(status);
    const auto* object = data == nullptr ? nullptr : data->if_object();
    if (object == nullptr) {
        return text + (data != nullptr && data->is_string() ? ", with a text" : ", without data");
    }
    if (const auto fields = refused_fields(*object); !fields.empty()) {
        return text + ", with messages for " + fields;
    }
    if (const auto* code = string_member(*object, "code"); code != nullptr && is_plain_word(view_of(*code))) {
        text += ", code " + std::string(view_of(*code));
    }
    return member(*object, "detail") != nullptr ? text + ", with a detail" : text;
}

/// `result` of an envelope taken apart: {"status": 200, "data": {…}} in any order.
struct inner_result {
    const json::value* data = nullptr;  ///< null when there is none
    std::optional<std::int64_t> status; ///< when it is a number
    bool strange_status = false;        ///< there, but not a number
};

inner_result take_apart(const json::object& result) {
    inner_result inner;
    if (const auto* status = member(result, "status"); status != nullptr && !status->is_null()) {
        inner.status = integer_of(*status);
        inner.strange_status = !inner.status;
    }
    inner.data = member(result, "data");
    if (has_outcome(result) && (inner.data == nullptr || !inner.data->is_object())) {
        inner.data = nullptr; // the outcome lies beside the status
    }
    return inner;
}

task_reading read_inner(const service& target, const json::object& result) {
    const auto inner = take_apart(result);
    std::optional<json::value> decoded;
    const auto* data = inner.data;
    if (const auto* text = data == nullptr ? nullptr : data->if_string()) {
        decoded = decode_text(*text);
        data = decoded && decoded->is_object() ? &*decoded : data;
    }
    const auto* object = data == nullptr ? nullptr : data->if_object();
    const json::object& outcome = object == nullptr ? result : *object;
    const bool has_some = has_outcome(outcome);
    const auto status = inner.status.value_or(200);
    if (!has_some && status >= 400 && status < 500) {
        return reading(task_state::rejected, inner_refusal(status, data));
    }
    if (!has_some && status >= 500 && status < 600) {
        return reading(task_state::failed, inner_refusal(status, data));
    }
    return answered(target, outcome, status == 200 && !inner.strange_status);
}

/// SUCCESS only says that the job ran to its end; what it returned decides.
task_reading read_success(const service& target, const json::value& result) {
    if (const auto* object = result.if_object()) {
        return read_inner(target, *object);
    }
    if (result.is_null()) {
        return answered(target, {}, false);
    }
    if (const auto* text = result.if_string()) {
        const auto decoded = decode_text(*text);
        if (decoded && decoded->is_object()) {
            return read_inner(target, decoded->get_object());
        }
        if (decoded && decoded->is_null()) {
            return answered(target, {}, false);
        }
    }
    return reading(task_state::not_understood, "the task succeeded, but its result is not an object");
}

std::string crash_detail(std::string_view word, const json::value& result) {
    auto text = "the task ended as " + std::string(word);
    const auto* object = result.if_object();
    const auto* type = object == nullptr ? nullptr : string_member(*object, "exc_type");
    if (type != nullptr && is_plain_word(view_of(*type))) {
        text += " (" + std::string(view_of(*type)) + ')';
    }
    return text;
}

task_reading read_state(const service& target, std::string_view word, const json::value& result) {
    if (word == "SUCCESS") {
        return read_success(target, result);
    }
    if (word == "FAILURE" || word == "REVOKED") {
        std::optional<json::value> decoded;
        if (const auto* text = result.if_string()) {
            decoded = decode_text(*text);
        }
        return reading(word == "FAILURE" ? task_state::failed : task_state::revoked,
                       crash_detail(word, decoded ? *decoded : result));
    }
    return reading(task_state::waiting);
}

/// The job's states that mean that there is no outcome, whatever else lies beside them.
bool is_state_without_outcome(std::string_view word) {
    constexpr std::array<std::string_view, 6> words{"PENDING", "STARTED", "RETRY", "RECEIVED", "FAILURE", "REVOKED"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// A bare outcome has no status; one that is there must not speak against it.
bool bare_status_allows_pass(const json::object& reply) {
    const auto* status = member(reply, "status");
    if (status == nullptr || status->is_null()) {
        return true;
    }
    const auto* word = status->if_string();
    return (word != nullptr && *word == "SUCCESS") || integer_of(*status) == 200;
}

/// Wrapped when there are a text `status` and a `result`, else bare when there is an outcome, else by the word alone.
task_reading read_object(const service& target, const json::object& reply) {
    const auto* status = string_member(reply, "status");
    const auto word = status == nullptr ? std::string_view{} : view_of(*status);
    const auto* result = member(reply, "result");
    const bool by_word =
        status != nullptr && (result != nullptr || is_state_without_outcome(word) || !has_outcome(reply));
    auto made = reading(task_state::waiting);
    if (by_word) {
        made = read_state(target, word, result == nullptr ? json::value(nullptr) : *result);
    } else if (has_outcome(reply)) {
        made = answered(target, reply, bare_status_allows_pass(reply));
    } else if (!std::all_of(reply.begin(), reply.end(), [](const auto& entry) { return entry.value().is_null(); })) {
        made = reading(task_state::not_understood, "the reply has neither a status nor an outcome");
    }
    // A state is a word; a sentence in its place may say anything.
    made.word = utf8_prefix(word, 64);
    if (!word.empty() && !is_plain_word(made.word)) made.word = "that is no word";
    return made;
}

} // namespace

task_reading read_task_reply(const service& target, std::string_view body) {
    if (is_blank(body)) {
        return reading(task_state::waiting);
    }
    std::string error;
    const auto reply = parse_json(body, error);
    if (!error.empty()) {
        return reading(task_state::not_understood, "the reply is " + error);
    }
    if (reply.is_null()) {
        return reading(task_state::waiting);
    }
    const auto* object = reply.if_object();
    if (object == nullptr) {
        return reading(task_state::not_understood, "the reply is not a JSON object");
    }
    return read_object(target, *object);
}

std::optional<std::string> read_receipt(std::string_view body) {
    constexpr std::size_t longest = 128;
    std::string error;
    const auto reply = parse_json(body, error);
    const auto* object = reply.if_object();
    const auto* id = object == nullptr ? nullptr : string_member(*object, "id");
    if (id == nullptr || id->empty() || id->size() > longest) {
        return std::nullopt;
    }
    // It goes into a query and into log lines; every UUID passes, and so does whatever else the vendor may choose one
    // day.
    const auto text = view_of(*id);
    const bool usable = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
                        std::string_view::npos;
    return usable && text != "None" && text != "null" ? std::optional<std::string>{std::string(text)} : std::nullopt;
}

} // namespace kyc
