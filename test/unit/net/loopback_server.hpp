#pragma once
// A TLS server on the loopback that does exactly what a test says, right or wrong. Blocking, a thread per connection.

#include "support/certificates.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

struct ssl_ctx_st;
struct ssl_st;

namespace kyc::test {

/// A request as the server got it.
struct received_request {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;
};

/// One connection, for the script's use in its own thread. Everything that fails throws session_ended.
class server_session {
  public:
    struct session_ended {};

    server_session(int socket, int number, ssl_ctx_st* context) : socket_(socket), number_(number), context_(context) {}

    ~server_session();
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;

    /// 1 for the first connection.
    [[nodiscard]] int number() const { return number_; }

    /// False when the handshake fails.
    [[nodiscard]] bool start_tls();
    [[nodiscard]] bool resumed() const;

    /// Up to the blank line; the body only when asked for.
    received_request read_request(bool with_body = true);
    void send(std::string_view text);

    /// "HTTP/1.1 200 OK" with a length and `body`.
    void reply(std::string_view body, std::string_view status = "200 OK", std::string_view headers = "");

    /// With the next bytes that are sent, or waited for; the client has to answer with new keys of its own (TLS 1.3).
    void ask_for_new_keys();

    /// As only a server of TLS 1.2 can.
    void ask_for_another_handshake();

    /// close_notify, without waiting for the other side's.
    void say_goodbye();

    /// Waits until the client's system has acknowledged all that was sent: closing with the client's bytes unread drops
    /// what is still on its way.
    void await_delivery();

    /// Suspends the thread until the client has closed.
    void await_close();

    /// Reads and throws away until the client closes; the number of bytes.
    std::size_t drain();

  private:
    [[nodiscard]] std::string read_some();

    int socket_;
    int number_;
    ssl_ctx_st* context_;
    ssl_st* tls_ = nullptr;
    std::string unread_;
};

struct server_options {
    certificate own;
    std::string client_ca_pem;         ///< not empty: a client certificate is demanded
    std::optional<int> newest_version; ///< e.g. TLS1_1_VERSION
    bool plain = false;                ///< the script calls start_tls() itself (a proxy)
};

class loopback_server {
  public:
    using script = std::function<void(server_session&)>;

    loopback_server(const server_options& options, script run);

    /// Shuts the connections and joins their threads.
    ~loopback_server();
    loopback_server(const loopback_server&) = delete;
    loopback_server& operator=(const loopback_server&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    std::atomic<int> connections{0};
    std::atomic<int> handshakes{0};
    std::atomic<int> failed_handshakes{0};
    std::atomic<int> requests{0}; ///< counted by scripts
    std::atomic<int> ended{0};    ///< connections whose script is over

  private:
    void accept_all();
    void serve(int socket, int number);

    server_options options_;
    script run_;
    std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::list<int> sockets_; ///< open ones
    std::list<std::thread> threads_;
    std::thread acceptor_;
};

} // namespace kyc::test
