#include "passing.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string>

namespace kyc::fuzz {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view text) {
    json::parse_options options;
    options.max_depth = 64;
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error, {}, options);
    return error ? json::value() : value;
}

const json::value* inside(const json::value* from, std::string_view key) {
    const auto* object = from == nullptr ? nullptr : from->if_object();
    return object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
}

bool is(const json::value* found, bool wanted) {
    return found != nullptr && found->is_bool() && found->get_bool() == wanted;
}

bool is_true(const json::value& data, std::string_view key) {
    const auto* found = inside(&data, key);
    return is(found, true) || is(inside(found, "result"), true);
}

bool is_good(check judged, const json::value& data) {
    switch (judged) {
    case check::document_valid:
        return is(inside(inside(&data, "document"), "is_valid"), true);
    case check::document_expired:
        return is(inside(inside(&data, "document"), "is_expired"), false);
    case check::face_match:
        return is_true(data, "compare");
    case check::liveness:
        return is_true(data, "liveness");
    case check::authentication:
        return is_true(data, "authentication");
    case check::face_registered:
        return inside(&data, "uuid") != nullptr && inside(&data, "uuid")->is_string() &&
               !inside(&data, "uuid")->get_string().empty();
    case check::background_clear:
        return is(inside(inside(&data, "background_check"), "potential_match"), false);
    }
    return false;
}

bool names_an_issue(const json::value& data) {
    const auto* issues = inside(&data, "issues");
    if (issues == nullptr) return false;
    if (const auto* object = issues->if_object()) return !object->empty();
    if (const auto* array = issues->if_array()) return !array->empty();
    return is(issues, true) || (issues->is_string() && !issues->get_string().empty());
}

bool all_good(const service& target, const json::value& data) {
    if (names_an_issue(data)) return false;
    if (!target.checks.empty())
        return std::all_of(target.checks.begin(), target.checks.end(), [&](check one) { return is_good(one, data); });
    constexpr check every[] = {check::document_valid, check::face_match,      check::liveness,
                               check::authentication, check::face_registered, check::background_clear};
    return std::any_of(std::begin(every), std::end(every), [&](check one) { return is_good(one, data); });
}

bool some_place_is_good(const service& target, const json::value& value, int decodings) {
    if (const auto* text = value.if_string())
        return decodings > 0 && some_place_is_good(target, parsed({text->data(), text->size()}), decodings - 1);
    const auto* object = value.if_object();
    if (object == nullptr) return false;
    return all_good(target, value) || std::any_of(object->begin(), object->end(), [&](const auto& member) {
               return some_place_is_good(target, member.value(), decodings);
           });
}

} // namespace

bool may_pass(const service& target, std::string_view body) {
    const auto reply = parsed(body);
    if (const auto* status = inside(&reply, "status")) {
        const auto* word = status->if_string();
        for (const std::string_view ends : {"FAILURE", "REVOKED", "PENDING", "STARTED", "RETRY", "RECEIVED"})
            if (word != nullptr && *word == json::string_view(ends.data(), ends.size())) return false;
    }
    return some_place_is_good(target, reply, 2);
}

} // namespace kyc::fuzz
