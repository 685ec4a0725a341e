#pragma once
// Where the admin page listens, and whether others than this machine can get there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// A TCP address or the path of a unix socket.
struct listen_address {
    std::string host{};     ///< a name or an address, without brackets; empty: a unix socket
    std::uint16_t port = 0; ///< 0: any that is free
    std::string path{};     ///< of the unix socket

    [[nodiscard]] bool is_unix() const { return host.empty(); }

    bool operator==(const listen_address&) const = default;
};

/// `host:port`, `[v6]:port` or `unix:/path`, as the settings have it; none when it is none of these.
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);

/// As parse_listen_address() reads it.
[[nodiscard]] std::string to_string(const listen_address& address);

/// Whether `host` can only be this machine: localhost, 127.0.0.0/8, ::1. Other names can be anything tomorrow.
[[nodiscard]] bool is_loopback(std::string_view host);

/// Whether only users of this machine get there.
[[nodiscard]] inline bool is_private(const listen_address& address) {
    return address.is_unix() || is_loopback(address.host);
}

} // namespace kyc
