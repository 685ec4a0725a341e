#pragma once
// How TLS is spoken here: what is trusted, who we are, and the sessions that can be taken up again.

#include "core/result.hpp"
#include "core/secret.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace kyc::net {

/// TLS 1.2 or later, the chain always verified. One per client, because a session belongs to one host. Connections made
/// with it must not outlive it. Any thread, several at a time.
class tls_context {
  public:
    /// Fails when a file or a PEM text cannot be used; the error says which and why.
    [[nodiscard]] static result<std::unique_ptr<tls_context>, std::string>
    make(const std::optional<std::filesystem::path>& ca_file, const std::string& certificate_pem,
         const secret& key_pem);

    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    /// For new connections.
    [[nodiscard]] ssl_ctx_st* native_handle();

    /// Makes a new connection insist on `host` (a name or an address), send its name, and offer the newest session.
    /// False when OpenSSL refuses the name.
    [[nodiscard]] bool prepare(ssl_st* connection, const std::string& host);

  private:
    struct state;
    explicit tls_context(std::unique_ptr<state> ready);
    std::unique_ptr<state> state_;
};

} // namespace kyc::net
