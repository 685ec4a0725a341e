#include "core/json_fields.hpp"

#include <charconv>
#include <cmath>

namespace kyc {
namespace json = boost::json;

std::optional<std::string> text_member(const json::object& from, std::string_view key) {
    const auto* found = member(from, key);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (found->is_int64()) {
        return std::to_string(found->get_int64());
    }
    if (found->is_uint64()) {
        return std::to_string(found->get_uint64());
    }
    const auto* text = found->if_string();
    if (text == nullptr) {
        return std::nullopt;
    }
    const auto view = view_of(*text);
    if (view.find_first_not_of(" \t\r\n") == std::string_view::npos || view == "None") {
        return std::nullopt;
    }
    return std::string(view);
}

std::optional<std::int64_t> integer_of(const json::value& value) {
    if (value.is_int64()) {
        return value.get_int64();
    }
    if (value.is_double()) {
        // Beyond 2^53 a double no longer says which integer was meant.
        const double number = value.get_double();
        return std::abs(number) <= 9007199254740992.0 && std::trunc(number) == number
                   ? std::optional<std::int64_t>{static_cast<std::int64_t>(number)}
                   : std::nullopt;
    }
    const auto* text = value.if_string();
    if (text == nullptr) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    const auto* end = text->data() + text->size();
    const auto [stop, failed] = std::from_chars(text->data(), end, number);
    return failed == std::errc{} && stop == end ? std::optional<std::int64_t>{number} : std::nullopt;
}

} // namespace kyc
