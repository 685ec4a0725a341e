#pragma once
// Accepts TLS connections and gives each a session, until it is told to stop.

#include "async/task_group.hpp"
#include "sandbox/session.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <string>

namespace kyc::sandbox {

/// "127.0.0.1:0", "[::1]:8443"; throws with a sentence when it is something else.
[[nodiscard]] boost::asio::ip::tcp::endpoint read_endpoint(const std::string& text);

class tls_server {
  public:
    /// Listens when it returns. `shared` must outlive the server. Throws when the endpoint is taken.
    tls_server(const boost::asio::any_io_executor& executor, const boost::asio::ip::tcp::endpoint& where,
               const std::string& certificate_pem, const std::string& key_pem, world& shared, session_limits limits);

    [[nodiscard]] std::uint16_t port() const;

    void start();

    /// Closes the listener and every connection; the loop runs dry soon after. Destroy only when it has.
    void stop();

  private:
    async::awaitable<void> accept_connections();

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ssl::context tls_;
    world& shared_;
    session_limits limits_;
    async::task_group tasks_;
};

} // namespace kyc::sandbox
