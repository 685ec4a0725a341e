#pragma once
// What the tests of the HTTPS client share: a CA, a client for a port, and a way to run one request after another.

#include "net/http_client.hpp"
#include "support/certificates.hpp"
#include "support/run_coroutine.hpp"
#include "support/temporary_folder.hpp"
#include "unit/net/loopback_server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <fstream>
#include <functional>

namespace kyc::net::test {

using namespace std::chrono_literals;
using kyc::test::loopback_server;
using kyc::test::server_options;
using kyc::test::server_session;
using outcome = result<http_response, transport_error>;

struct client_fixture {
    client_fixture() { std::ofstream(ca_file) << ca.own().certificate_pem; }

    [[nodiscard]] kyc::test::certificate localhost_certificate() const {
        kyc::test::certificate_request wanted;
        wanted.dns_names = {"localhost"};
        wanted.ip_addresses = {"127.0.0.1"};
        return ca.issue(wanted);
    }

    /// Everything holds whatever threads the connections live on: ctest runs it all with one and with three.
    [[nodiscard]] static std::size_t threads() {
        const char* number = std::getenv("KYCD_TEST_THREADS");
        return number == nullptr ? 1 : static_cast<std::size_t>(std::atoi(number));
    }

    [[nodiscard]] server_options options() const {
        server_options made;
        made.own = localhost_certificate();
        return made;
    }

    [[nodiscard]] http_client_settings settings(std::uint16_t port) const {
        http_client_settings made;
        made.host = "127.0.0.1";
        made.port = port;
        made.ca_file = ca_file;
        made.user_agent = "kycd/test";
        made.timeouts = {10s, 10s, 10s, 30s};
        made.threads = threads();
        made.worth_spreading = 0;
        return made;
    }

    [[nodiscard]] std::unique_ptr<http_client> client(http_client_settings made) {
        auto ready = make_https_client(loop.get_executor(), std::move(made));
        if (!ready) throw std::runtime_error(ready.error());
        return std::move(*ready);
    }

    [[nodiscard]] std::unique_ptr<http_client> client(std::uint16_t port) { return client(settings(port)); }

    outcome send(http_client& through, const http_request& request) {
        std::optional<outcome> got;
        kyc::test::run_coroutine(loop, send_into(through, request, got));
        return std::move(*got);
    }

    outcome get(http_client& through) { return send(through, http_request("GET", "/path?id=1")); }

    outcome post(http_client& through, const std::string& body) {
        http_request request("POST", "/upload/");
        request.body.emplace_back(body.data(), body.size());
        return send(through, request);
    }

    /// More than the sockets of the loopback hold: the client cannot have written it before the server read.
    [[nodiscard]] static const std::string& huge_body() {
        static const std::string body(48 << 20, 'x');
        return body;
    }

    static async::awaitable<void> send_into(http_client& through, const http_request& request,
                                            std::optional<outcome>& got) {
        got.emplace(co_await through.send(request));
    }

    boost::asio::io_context loop;
    kyc::test::temporary_folder folder;
    kyc::test::authority ca;
    std::filesystem::path ca_file = folder.path() / "ca.pem";
};

/// Waits for what another thread brings about.
inline bool eventually(const std::function<bool()>& holds) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

} // namespace kyc::net::test
