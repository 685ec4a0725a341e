#include "core/jwt.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <string>

namespace kyc {
namespace {

int digit_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-' || c == '+') return 62;
    if (c == '_' || c == '/') return 63;
    return -1;
}

std::optional<std::string> decode_base64url(std::string_view text) {
    while (!text.empty() && text.back() == '=')
        text.remove_suffix(1);
    if (text.size() % 4 == 1) return {};
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        const int digit = digit_of(c);
        if (digit < 0) return {};
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>((bits >> held) & 0xffu);
        }
    }
    return bytes;
}

/// NumericDate (RFC 7519) may have a fraction. Nothing past the year 9999 is taken for a time.
std::optional<std::int64_t> read_seconds(const boost::json::object& payload, std::string_view key) {
    const auto* value = payload.if_contains({key.data(), key.size()});
    if (value == nullptr || !value->is_number()) return {};
    boost::json::error_code ignored;
    const auto seconds = value->to_number<double>(ignored);
    if (ignored || !std::isfinite(seconds) || seconds <= 0 || seconds > 253'402'300'799.0) return {};
    return static_cast<std::int64_t>(seconds);
}

} // namespace

jwt_times read_jwt_times(std::string_view token) {
    const auto first = token.find('.');
    if (first == std::string_view::npos) return {};
    const auto second = token.find('.', first + 1);
    if (second == std::string_view::npos) return {};
    const auto payload = decode_base64url(token.substr(first + 1, second - first - 1));
    if (!payload) return {};
    boost::json::error_code error;
    const auto parsed = boost::json::parse({payload->data(), payload->size()}, error);
    if (error || !parsed.is_object()) return {};
    return {read_seconds(parsed.get_object(), "exp"), read_seconds(parsed.get_object(), "iat")};
}

} // namespace kyc
