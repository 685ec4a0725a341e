#include "sandbox/scenario.hpp"

#include <algorithm>
#include <cmath>
#include <cstring> // memmem

namespace kyc::sandbox {

namespace {

bool fits_path(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with('*')) return path.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == path;
}

bool fits(const rule_match& m, const request& asked, const call& of) {
    if (m.kind && *m.kind != of.kind) return false;
    if (!m.service.empty() && (of.target == nullptr || of.target->name != m.service)) return false;
    if (!m.method.empty() && m.method != asked.method) return false;
    if (!m.path.empty() && !fits_path(m.path, asked.path)) return false;
    return m.contains.empty() ||
           ::memmem(asked.body.data(), asked.body.size(), m.contains.data(), m.contains.size()) != nullptr;
}

bool is_turn(rule& r) {
    const auto& m = r.match;
    if (m.nth > 0) return r.matched == m.nth;
    if (m.first > 0) return r.matched <= m.first;
    if (m.after > 0) return r.matched > m.after;
    if (m.every > 0) return r.matched % m.every == 0;
    if (m.probability) return std::generate_canonical<double, 53>(r.random) < *m.probability;
    return true;
}

/// A sliding window, as DRF's throttles are. True: this call is one too many.
bool over_the_rate(rule& r, time_point now) {
    while (!r.recent.empty() && r.recent.front() <= now - r.action.throttle_period)
        r.recent.pop_front();
    if (r.recent.size() >= r.action.throttle_count) return true;
    r.recent.push_back(now);
    return false;
}

} // namespace

const rule* scenario::pick(const request& asked, const call& of, bool early, time_point now) {
    for (auto& r : rules_) {
        if (r.action.early != early || !fits(r.match, asked, of)) continue;
        ++r.matched;
        if (!is_turn(r)) continue;
        if (r.action.what == rule_action::kind::throttle && !over_the_rate(r, now)) continue;
        ++r.fired;
        return &r;
    }
    return nullptr;
}

reply scenario::throttled(const rule& fired, time_point now) {
    if (fired.action.throttle_html) return nginx_page(429);
    if (!fired.action.retry_after) return detail_reply(429, "Request was throttled.");
    const auto oldest = fired.recent.empty() ? now : fired.recent.front();
    const auto wait = std::chrono::duration<double>(oldest + fired.action.throttle_period - now).count();
    const auto seconds = std::max(1, static_cast<int>(std::ceil(wait)));
    auto out = detail_reply(429, "Request was throttled. Expected available in " + std::to_string(seconds) +
                                     (seconds == 1 ? " second." : " seconds."));
    out.headers.emplace_back("Retry-After", std::to_string(seconds));
    return out;
}

} // namespace kyc::sandbox
