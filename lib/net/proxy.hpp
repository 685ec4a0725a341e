#pragma once
// Which HTTP proxy to go through, if any: the setting's text and the environment's conventions.

#include "core/result.hpp"
#include "core/secret.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kyc::net {

/// A proxy that is asked for a tunnel with CONNECT.
struct proxy_address {
    proxy_address() = default; // no aggregate, see url

    std::string host; ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 80;
    secret authorization; ///< the value of Proxy-Authorization; empty: none
};

/// Takes "[http://][user:password@]host[:port][/]"; user and password may be percent-encoded. The error never repeats
/// them.
[[nodiscard]] result<proxy_address, std::string> parse_proxy(std::string_view text);

/// Gives a variable of the environment, or nothing when it is not set.
using environment_lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The proxy for `host` by https_proxy / HTTPS_PROXY, unless no_proxy / NO_PROXY covers it. The lower case names go
/// first, and an empty value means "none". no_proxy is a list of names and addresses divided by commas: a name covers
/// itself and all names below it, with or without a leading dot; "name:port" covers that port only; "*" covers
/// everything.
[[nodiscard]] std::optional<std::string> proxy_from_environment(std::string_view host, const environment_lookup& lookup,
                                                                std::uint16_t port = 443);

} // namespace kyc::net
