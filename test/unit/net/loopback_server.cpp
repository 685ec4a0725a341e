#include "unit/net/loopback_server.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <csignal>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kyc::test {
namespace {

void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string("loopback server: ") + what);
}

X509* certificate_of(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* found = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    require(found != nullptr, "certificate");
    return found;
}

void use(SSL_CTX* context, const server_options& options) {
    X509* own = certificate_of(options.own.certificate_pem);
    BIO* bio = BIO_new_mem_buf(options.own.key_pem.data(), static_cast<int>(options.own.key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    require(SSL_CTX_use_certificate(context, own) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1, "own certificate");
    EVP_PKEY_free(key);
    BIO_free(bio);
    X509_free(own);
    static constexpr unsigned char id[] = "loopback";
    SSL_CTX_set_session_id_context(context, id, sizeof id);
    if (options.newest_version) {
        SSL_CTX_set_security_level(context, 0); // what is older than TLS 1.2 is not even offered else
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, *options.newest_version);
    }
    if (!options.client_ca_pem.empty()) {
        X509* ca = certificate_of(options.client_ca_pem);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
        X509_free(ca);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
}

} // namespace

server_session::~server_session() {
    if (tls_ != nullptr) SSL_free(tls_);
    ERR_clear_error();
}

bool server_session::start_tls() {
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_);
    return SSL_accept(tls_) == 1;
}

bool server_session::resumed() const {
    return SSL_session_reused(tls_) == 1;
}

std::string server_session::read_some() {
    std::string bytes(64 * 1024, '\0');
    const auto count = tls_ != nullptr ? SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                       : static_cast<int>(::recv(socket_, bytes.data(), bytes.size(), 0));
    if (count <= 0) throw session_ended();
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

received_request server_session::read_request(bool with_body) {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
        unread_ += read_some();
    const auto head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);

    received_request got;
    auto line = head.substr(0, head.find("\r\n"));
    got.method = line.substr(0, line.find(' '));
    got.target = line.substr(got.method.size() + 1, line.rfind(' ') - got.method.size() - 1);
    for (auto at = head.find("\r\n") + 2; at < head.size(); at = head.find("\r\n", at) + 2) {
        line = head.substr(at, head.find("\r\n", at) - at);
        auto name = line.substr(0, line.find(':'));
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        got.headers[name] = line.substr(name.size() + 2);
    }
    if (const auto length = got.headers.find("content-length"); with_body && length != got.headers.end()) {
        const std::size_t size = std::stoul(length->second);
        while (unread_.size() < size)
            unread_ += read_some();
        got.body = unread_.substr(0, size);
        unread_.erase(0, size);
    }
    return got;
}

void server_session::send(std::string_view text) {
    if (text.empty()) return;
    const auto count = tls_ != nullptr ? SSL_write(tls_, text.data(), static_cast<int>(text.size()))
                                       : static_cast<int>(::send(socket_, text.data(), text.size(), 0));
    if (count != static_cast<int>(text.size())) throw session_ended();
}

void server_session::reply(std::string_view body, std::string_view status, std::string_view headers) {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\nContent-Type: application/json\r\n").append(headers);
    text.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n").append(body);
    send(text);
}

void server_session::ask_for_new_keys() {
    if (SSL_key_update(tls_, SSL_KEY_UPDATE_REQUESTED) != 1) throw session_ended();
}

void server_session::ask_for_another_handshake() {
    if (SSL_renegotiate(tls_) != 1 || SSL_do_handshake(tls_) != 1) throw session_ended();
}

void server_session::say_goodbye() {
    SSL_shutdown(tls_);
}

void server_session::await_delivery() {
    for (int waiting = 1; ::ioctl(socket_, SIOCOUTQ, &waiting) == 0 && waiting > 0;)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void server_session::await_close() {
    pollfd waiting{socket_, POLLRDHUP, 0};
    while (::poll(&waiting, 1, -1) < 0) {
    }
}

std::size_t server_session::drain() {
    std::size_t bytes = unread_.size();
    try {
        while (true)
            bytes += read_some().size();
    } catch (const session_ended&) {
    }
    return bytes;
}

loopback_server::loopback_server(const server_options& options, script run)
    : options_(options), run_(std::move(run)), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to sockets without MSG_NOSIGNAL
    use(context_.get(), options_);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0, "listen");
    require(::getsockname(listener_, generic, &size) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

loopback_server::~loopback_server() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_)
            ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_)
        thread.join();
}

void loopback_server::accept_all() {
    while (true) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const int number = ++connections;
        const std::lock_guard lock(mutex_);
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
}

void loopback_server::serve(int socket, int number) {
    try {
        server_session session(socket, number, context_.get());
        const bool good = options_.plain || session.start_tls();
        if (!good)
            ++failed_handshakes;
        else {
            if (!options_.plain) ++handshakes;
            run_(session);
        }
    } catch (const server_session::session_ended&) {
    }
    {
        const std::lock_guard lock(mutex_);
        sockets_.remove(socket);
        ::close(socket);
    }
    ++ended;
}

} // namespace kyc::test
