#include "core/jwt.hpp"

#include "core/base64.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <string>

namespace kyc {
namespace {

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
    const auto payload = decode_base64(token.substr(first + 1, second - first - 1));
    if (!payload) return {};
    boost::json::error_code error;
    const auto parsed = boost::json::parse({payload->data(), payload->size()}, error);
    if (error || !parsed.is_object()) return {};
    return {read_seconds(parsed.get_object(), "exp"), read_seconds(parsed.get_object(), "iat")};
}

} // namespace kyc
