#pragma once
// Looking into parsed JSON without ever throwing: a member of the wrong kind reads as absent.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

[[nodiscard]] inline std::string_view view_of(const boost::json::string& text) {
    return {text.data(), text.size()};
}

/// The member, null when there is none. A JSON null is a member.
[[nodiscard]] inline const boost::json::value* member(const boost::json::object& from, std::string_view key) {
    return from.if_contains(boost::json::string_view{key.data(), key.size()});
}

[[nodiscard]] inline const boost::json::object* object_member(const boost::json::object& from, std::string_view key) {
    const auto* found = member(from, key);
    return found == nullptr ? nullptr : found->if_object();
}

[[nodiscard]] inline const boost::json::string* string_member(const boost::json::object& from, std::string_view key) {
    const auto* found = member(from, key);
    return found == nullptr ? nullptr : found->if_string();
}

/// Real booleans only: the text "true" is not one.
[[nodiscard]] inline std::optional<bool> bool_member(const boost::json::object& from, std::string_view key) {
    const auto* found = member(from, key);
    const auto* flag = found == nullptr ? nullptr : found->if_bool();
    return flag == nullptr ? std::nullopt : std::optional<bool>{*flag};
}

/// A text with something in it. An integer counts as its digits; blank texts and "None" are the API's ways to say
/// nothing.
[[nodiscard]] std::optional<std::string> text_member(const boost::json::object& from, std::string_view key);

/// An integer, also when it comes as a whole floating-point number or as text.
[[nodiscard]] std::optional<std::int64_t> integer_of(const boost::json::value& value);

} // namespace kyc
