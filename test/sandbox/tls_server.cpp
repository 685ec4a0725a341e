#include "sandbox/tls_server.hpp"

#include "async/signal.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/socket_base.hpp>
#include <openssl/ssl.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>

namespace kyc::sandbox {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

void report(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "kycd-sandbox: a session failed: %s\n", problem.what());
    }
}

} // namespace

tcp::endpoint read_endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon != std::string::npos) {
        auto host = text.substr(0, colon);
        if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
        if (host == "localhost") host = "127.0.0.1";
        std::uint16_t port = 0;
        const auto* end = text.data() + text.size();
        const auto read = std::from_chars(text.data() + colon + 1, end, port);
        boost::system::error_code error;
        const auto address = asio::ip::make_address(host, error);
        if (!error && read.ec == std::errc{} && read.ptr == end && colon + 1 < text.size()) return {address, port};
    }
    throw std::invalid_argument("'" + text + "' is not an address with a port, such as 127.0.0.1:8443");
}

tls_server::tls_server(const asio::any_io_executor& executor, const tcp::endpoint& where,
                       const std::string& certificate_pem, const std::string& key_pem, world& shared,
                       session_limits limits)
    : acceptor_(executor), tls_(asio::ssl::context::tls_server), shared_(shared), limits_(limits),
      tasks_(executor, report) {
    tls_.use_certificate(asio::buffer(certificate_pem), asio::ssl::context::pem);
    tls_.use_private_key(asio::buffer(key_pem), asio::ssl::context::pem);
    auto* native = tls_.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    constexpr std::string_view id = "kycd-sandbox"; // tickets need one
    SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(id.data()), id.size());
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_SERVER);

    acceptor_.open(where.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(where);
    acceptor_.listen();
}

std::uint16_t tls_server::port() const {
    return acceptor_.local_endpoint().port();
}

void tls_server::start() {
    tasks_.spawn(accept_connections());
}

void tls_server::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    tasks_.cancel();
}

async::awaitable<void> tls_server::accept_connections() {
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(async::as_result);
        if (!error)
            tasks_.spawn(serve(std::move(socket), tls_, shared_, limits_));
        else if (acceptor_.is_open())
            co_await async::sleep_for(std::chrono::milliseconds(50)); // out of descriptors, perhaps
    }
}

} // namespace kyc::sandbox
