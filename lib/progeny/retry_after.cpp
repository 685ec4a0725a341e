#include "progeny/retry_after.hpp"

#include "core/http_date.hpp"

#include <algorithm>

namespace kyc::progeny {

std::optional<std::chrono::milliseconds> retry_after_of(const net::http_response& reply, const retry_settings& rules) {
    if (!reply.retry_after) return {};
    auto now = reply.date ? parse_http_date(*reply.date) : std::nullopt;
    if (!now) now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto asked = read_retry_after(*reply.retry_after, now);
    if (!asked) return {};
    return std::min(*asked, rules.retry_after_max);
}

} // namespace kyc::progeny
