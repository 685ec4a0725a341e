#pragma once
// The few URLs kycd is told about: taken apart strictly, so that a typing error is found at start and not on the wire.

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kyc::net {

/// An https address.
struct url {
    url() = default; // no aggregate: C++20 would make result<url, std::string> ambiguous

    std::string host; ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 443;
    std::string path; ///< "" or "/api/v3": never ends in a slash
};

/// Takes "https://host[:port][/path]" only: no other scheme, no user, no query, no fragment. The error says what is
/// wrong and never repeats a user or password that stood in the text.
[[nodiscard]] result<url, std::string> parse_https_url(std::string_view text);

/// A host and a port, as they stand in an authority.
struct host_and_port {
    host_and_port() = default;

    std::string host; ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 0;
};

/// "host", "host:port", "[::1]" or "[::1]:port".
[[nodiscard]] result<host_and_port, std::string> parse_authority(std::string_view text, std::uint16_t default_port);

/// The other way round; the port is left out when it is `default_port`.
[[nodiscard]] std::string to_authority(std::string_view host, std::uint16_t port, std::uint16_t default_port = 0);

/// True for an IPv4 or IPv6 address.
[[nodiscard]] bool is_address(std::string_view host);

/// ASCII letters only.
[[nodiscard]] std::string lower_case(std::string_view text);

} // namespace kyc::net
