#pragma once
// The way to the server as one snapshot: a reload makes another one, and what was opened by the old one ends with it.

#include "core/result.hpp"
#include "net/http_client.hpp"
#include "net/proxy.hpp"
#include "net/tls_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kyc::net {

/// Shared by the client and the connections that were opened by it: each keeps what it needs for as long as it lives.
/// Nothing of it changes but the TLS sessions, which were learned along the way. Any thread.
struct route {
    route(http_client_settings settings_, std::optional<proxy_address> proxy_, std::unique_ptr<tls_context> tls_);

    const http_client_settings settings;
    const std::optional<proxy_address> proxy;
    const std::unique_ptr<tls_context> tls;

    /// Whose addresses are connected to: the proxy's, if there is one.
    [[nodiscard]] const std::string& host() const { return proxy ? proxy->host : settings.host; }

    [[nodiscard]] std::uint16_t port() const { return proxy ? proxy->port : settings.port; }
};

/// Fails when the proxy, the CA file or the client certificate cannot be used; the text says which and why.
[[nodiscard]] result<std::shared_ptr<const route>, std::string> make_route(http_client_settings settings);

} // namespace kyc::net
