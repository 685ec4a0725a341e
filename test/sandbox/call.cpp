#include "sandbox/call.hpp"

namespace kyc::sandbox {

std::string_view name_of(call_kind kind) {
    switch (kind) {
    case call_kind::submit:
        return "submit";
    case call_kind::poll:
        return "poll";
    case call_kind::obtain:
        return "obtain";
    case call_kind::refresh:
        return "refresh";
    case call_kind::other:
        break;
    }
    return "other";
}

call classify(std::string_view path) {
    constexpr std::string_view base = "/api/v3/";
    constexpr std::string_view services = "services/";
    if (!path.starts_with(base)) return {};
    path.remove_prefix(base.size());
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path == "accounts/token/obtain") return {call_kind::obtain, nullptr};
    if (path == "accounts/token/refresh") return {call_kind::refresh, nullptr};
    if (path == "services/task") return {call_kind::poll, nullptr};
    if (path.starts_with(services))
        if (const auto* found = find_service(path.substr(services.size()))) return {call_kind::submit, found};
    return {};
}

} // namespace kyc::sandbox
