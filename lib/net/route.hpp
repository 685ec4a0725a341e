#pragma once
// The way to the server as one snapshot: a reload makes another one, and what was opened by the old one ends with it.

#include "core/result.hpp"
#include "net/address_book.hpp"
#include "net/http_client.hpp"
#include "net/proxy.hpp"
#include "net/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>

namespace kyc::net {

/// Shared by the client and the connections that were opened by it: each keeps what it needs for as long as it lives.
/// The settings never change; the addresses and the TLS sessions are what was learned along the way. Loop's thread
/// only.
struct route {
    route(const boost::asio::any_io_executor& executor, http_client_settings settings_,
          std::optional<proxy_address> proxy_, std::unique_ptr<tls_context> tls_);

    const http_client_settings settings;
    const std::optional<proxy_address> proxy;
    const std::unique_ptr<tls_context> tls;
    address_book addresses; ///< of the proxy, if there is one
};

/// Fails when the proxy, the CA file or the client certificate cannot be used; the text says which and why.
[[nodiscard]] result<std::shared_ptr<route>, std::string> make_route(const boost::asio::any_io_executor& executor,
                                                                     http_client_settings settings);

} // namespace kyc::net
