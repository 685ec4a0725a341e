#include "net/tls_context.hpp"

#include "net/url.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <mutex>

namespace kyc::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::size_t sessions_kept = 8;

struct session_deleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

using session_ptr = std::unique_ptr<SSL_SESSION, session_deleter>;

bool still_good(const session_ptr& session) {
    return SSL_SESSION_is_resumable(session.get()) == 1 &&
           SSL_SESSION_get_time(session.get()) + SSL_SESSION_get_timeout(session.get()) > std::time(nullptr);
}

// Where the state hangs on the SSL_CTX. Asio has the slot for application data itself.
int state_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

} // namespace

struct tls_context::state {
    ssl::context context{ssl::context::tls_client};
    std::mutex mutex;                 ///< each connection brings and takes sessions on a thread of its own
    std::deque<session_ptr> sessions; ///< newest first

    static int keep_session(SSL* connection, SSL_SESSION* session) {
        auto& self = *static_cast<state*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), state_index()));
        const std::lock_guard lock(self.mutex);
        self.sessions.emplace_front(session); // returning 1 makes the reference ours
        if (self.sessions.size() > sessions_kept) self.sessions.pop_back();
        return 1;
    }
};

tls_context::tls_context(std::unique_ptr<state> ready) : state_(std::move(ready)) {}

tls_context::~tls_context() = default;

ssl_ctx_st* tls_context::native_handle() {
    return state_->context.native_handle();
}

result<std::unique_ptr<tls_context>, std::string> tls_context::make(const std::optional<std::filesystem::path>& ca_file,
                                                                    const std::string& certificate_pem,
                                                                    const secret& key_pem) {
    auto ready = std::make_unique<state>();
    auto& context = ready->context;
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_ex_data(native, state_index(), ready.get());
    SSL_CTX_sess_set_new_cb(native, &state::keep_session);

    boost::system::error_code error;
    context.set_verify_mode(ssl::verify_peer, error);
    if (ca_file) {
        // OpenSSL's own words for a file that is not there are hard to read.
        if (std::ifstream probe(*ca_file); !probe)
            return "cannot read the CA file " + ca_file->string() + ": " + std::strerror(errno);
        context.load_verify_file(ca_file->string(), error);
        if (error)
            return "cannot use the CA file " + ca_file->string() + ": " + error.message() +
                   "; it has to hold PEM certificates";
    } else {
        context.set_default_verify_paths(error);
        if (error) return "cannot load the system's CA certificates: " + error.message();
    }

    if (!certificate_pem.empty() || !key_pem.empty()) {
        if (certificate_pem.empty()) return std::string("a client key was given without a client certificate");
        if (key_pem.empty()) return std::string("a client certificate was given without its key");
        // Else OpenSSL would ask on the terminal for the passphrase of an encrypted key.
        context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
        context.use_certificate_chain(boost::asio::buffer(certificate_pem), error);
        if (error) return "cannot use the client certificate: " + error.message() + "; it has to be PEM";
        const auto key = key_pem.reveal();
        context.use_private_key(boost::asio::buffer(key.data(), key.size()), ssl::context::pem, error);
        if (error)
            return "cannot use the client key: " + error.message() +
                   "; it has to be PEM without a passphrase and belong to the certificate";
        if (SSL_CTX_check_private_key(native) != 1) {
            ERR_clear_error();
            return std::string("the client key does not belong to the client certificate");
        }
    }
    ERR_clear_error();
    return std::unique_ptr<tls_context>(new tls_context(std::move(ready)));
}

bool tls_context::prepare(ssl_st* connection, const std::string& host) {
    if (is_address(host)) {
        if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) != 1) return false;
    } else {
        SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (SSL_set1_host(connection, host.c_str()) != 1) return false;
        if (SSL_set_tlsext_host_name(connection, host.c_str()) != 1) return false;
    }
    const std::lock_guard lock(state_->mutex);
    auto& sessions = state_->sessions;
    while (!sessions.empty() && !still_good(sessions.front()))
        sessions.pop_front();
    if (sessions.empty()) return true;
    SSL_set_session(connection, sessions.front().get());
    // A ticket of TLS 1.3 is for one connection (RFC 8446, appendix C.4), an earlier session for many.
    if (SSL_SESSION_get_protocol_version(sessions.front().get()) >= TLS1_3_VERSION) sessions.pop_front();
    return true;
}

} // namespace kyc::net
