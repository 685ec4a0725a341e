#include "core/issue_advice.hpp"
#include "core/json_fields.hpp"
#include "core/outcome.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace kyc {
namespace {

namespace json = boost::json;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// FACE_NOT_FOUND, as opposed to a sentence or a key of ours.
bool looks_like_code(std::string_view text) {
    return text.size() >= 2 && text.size() <= 100 && text[0] >= 'A' && text[0] <= 'Z' &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

std::string first_text(const json::object& from, std::initializer_list<std::string_view> keys) {
    for (const auto key : keys) {
        if (auto text = text_member(from, key)) {
            return std::move(*text);
        }
    }
    return {};
}

/// "0" is how programs say that there was no error.
std::string error_code_in(const json::object& from) {
    auto code = first_text(from, {"error_code"});
    return code == "0" ? std::string{} : code;
}

class issue_list {
  public:
    void add(std::string_view word, std::string code, std::string message) {
        const auto advice = issue_advice(code);
        found_.push_back({std::string(word), std::move(code), std::move(message), std::string(advice)});
    }

    /// Unless the same code stands against the same check already.
    void add_new(std::string_view word, std::string code, std::string message) {
        const auto belongs_to = check_for_issue(word);
        const bool known = std::any_of(found_.begin(), found_.end(), [&](const issue& other) {
            const auto theirs = check_for_issue(other.check);
            return other.code == code && (other.check == word || (theirs && theirs == belongs_to)) &&
                   (!code.empty() || other.message == message);
        });
        if (!known) {
            add(word, std::move(code), std::move(message));
        }
    }

    [[nodiscard]] std::vector<issue> take() { return std::move(found_); }

  private:
    std::vector<issue> found_;
};

/// A text where CODE → text was expected: the code itself, or a sentence.
void add_text(issue_list& list, std::string_view word, std::string_view text) {
    if (looks_like_code(text)) {
        list.add(word, std::string(text), {});
    } else {
        list.add(word, {}, std::string(text));
    }
}

/// The documented form, CODE → text, and one entry spelled out as {"error_code": …, "error": …}.
void add_object(issue_list& list, std::string_view word, const json::object& entries) {
    if (entries.empty()) {
        list.add(word, {}, {});
        return;
    }
    if (string_member(entries, "code") != nullptr || string_member(entries, "error_code") != nullptr) {
        list.add(word, first_text(entries, {"error_code", "code"}),
                 first_text(entries, {"error", "message", "detail", "text"}));
        return;
    }
    for (const auto& entry : entries) {
        const auto* text = entry.value().if_string();
        list.add(word, std::string(entry.key().data(), entry.key().size()),
                 text == nullptr ? std::string{} : std::string(view_of(*text)));
    }
}

/// Whatever stands under one name of `issues`: nothing of it may get lost, since any issue blocks a pass.
void add_entries(issue_list& list, std::string_view word, const json::value& entries) {
    if (const auto* object = entries.if_object()) {
        add_object(list, word, *object);
        return;
    }
    const auto* array = entries.if_array();
    if (array == nullptr || array->empty()) {
        const auto* text = entries.if_string();
        add_text(list, word, text == nullptr ? std::string_view{} : view_of(*text));
        return;
    }
    for (const auto& element : *array) {
        if (const auto* object = element.if_object()) {
            add_object(list, word, *object);
        } else {
            const auto* text = element.if_string();
            add_text(list, word, text == nullptr ? std::string_view{} : view_of(*text));
        }
    }
}

bool says_nothing(const json::value& value) {
    switch (value.kind()) {
    case json::kind::null:
        return true;
    case json::kind::bool_:
        return !value.get_bool();
    case json::kind::string:
        return value.get_string().empty();
    case json::kind::array:
        return value.get_array().empty();
    case json::kind::object:
        return value.get_object().empty();
    default:
        return integer_of(value) == 0;
    }
}

void add_listed(issue_list& list, const json::object& data) {
    const auto* listed = member(data, "issues");
    if (listed == nullptr || says_nothing(*listed)) {
        return;
    }
    const auto* by_name = listed->if_object();
    if (by_name == nullptr) {
        add_entries(list, {}, *listed);
        return;
    }
    for (const auto& named : *by_name) {
        add_entries(list, {named.key().data(), named.key().size()}, named.value());
    }
}

/// {"error": "…", "error_code": "FACE_NOT_FOUND"}, the form seen inside liveness.data.
void add_error_in(issue_list& list, std::string_view word, const json::object& place) {
    auto code = error_code_in(place);
    auto message = first_text(place, {"error"});
    if (!code.empty() || !message.empty()) {
        list.add_new(word, std::move(code), std::move(message));
    }
}

/// Error codes inside the data of one check, also as a map CODE → text in the result's place.
void add_errors_of_check(issue_list& list, std::string_view key, const json::object& data) {
    const auto* place = object_member(data, key);
    if (place == nullptr) {
        return;
    }
    add_error_in(list, key, *place);
    if (const auto* inside = object_member(*place, "data")) {
        add_error_in(list, key, *inside);
    }
    const bool only_codes = std::all_of(place->begin(), place->end(), [](const auto& entry) {
        return entry.value().is_string() && looks_like_code({entry.key().data(), entry.key().size()});
    });
    if (!only_codes) {
        return;
    }
    for (const auto& entry : *place) {
        list.add_new(key, std::string(entry.key().data(), entry.key().size()),
                     std::string(view_of(entry.value().get_string())));
    }
}

} // namespace

std::optional<check> check_for_issue(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, check>, 10> words{{
        {"liveness", check::liveness},
        {"compare", check::face_match},
        {"face_match", check::face_match},
        {"face_compare", check::face_match},
        {"authentication", check::authentication},
        {"document", check::document_valid},
        {"ocr", check::document_valid},
        {"ocr_card", check::document_valid},
        {"ocr_passport", check::document_valid},
        {"background_check", check::background_clear},
    }};
    std::string spelled(word);
    std::transform(spelled.begin(), spelled.end(), spelled.begin(), lower);
    const auto* found =
        std::find_if(words.begin(), words.end(), [&](const auto& known) { return known.first == spelled; });
    return found == words.end() ? std::nullopt : std::optional<check>{found->second};
}

std::vector<issue> read_issues(const json::object& data, const std::vector<check>& judged) {
    issue_list list;
    add_listed(list, data);
    for (const auto one : judged) {
        // The two checks of the document share its data; the second look finds nothing new.
        add_errors_of_check(list, outcome_key(one), data);
    }
    add_error_in(list, {}, data);
    return list.take();
}

} // namespace kyc
