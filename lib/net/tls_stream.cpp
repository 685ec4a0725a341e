#include "net/tls_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <new>

namespace kyc::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// Where OpenSSL writes records to: the stream's memory, which always takes them, so that no operation ever has to wait
/// for writing.
struct outgoing_bio {
    static int write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
        auto& out = static_cast<tls_stream*>(BIO_get_data(bio))->outgoing_;
        const auto* bytes = reinterpret_cast<const unsigned char*>(data);
        out.insert(out.end(), bytes, bytes + size);
        *written = size;
        return 1;
    }

    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            auto* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records to be sent");
            if (fresh == nullptr) throw std::bad_alloc();
            BIO_meth_set_write_ex(fresh, write);
            BIO_meth_set_ctrl(fresh, control);
            return fresh;
        }();
        return made;
    }

    static BIO* make(tls_stream& owner) {
        auto* bio = BIO_new(method());
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &owner);
        BIO_set_init(bio, 1);
        return bio;
    }
};

void tls_stream::ssl_deleter::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

tls_stream::tls_stream(const asio::any_io_executor& executor, ssl_ctx_st* context)
    : socket_(executor), ssl_(SSL_new(context)) {
    if (!ssl_) throw std::bad_alloc();
    SSL_set_connect_state(ssl_.get());
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS); // idle connections hold none
    SSL_set_read_ahead(ssl_.get(), 1);                  // a record's header and body in one read
    SSL_set0_wbio(ssl_.get(), outgoing_bio::make(*this));
}

tls_stream::~tls_stream() = default;

async::awaitable<error_code> tls_stream::handshake() {
    error_code problem;
    socket_.native_non_blocking(true, problem);
    if (problem) co_return problem;
    auto* const incoming = BIO_new_socket(socket_.native_handle(), BIO_NOCLOSE);
    if (incoming == nullptr) throw std::bad_alloc();
    SSL_set0_rbio(ssl_.get(), incoming);
    for (;;) {
        ERR_clear_error();
        const int returned = SSL_do_handshake(ssl_.get());
        const bool done = returned == 1;
        if (!done) problem = problem_of(returned);
        // The reason why we do not go on (an alert) is for the peer, too.
        while (unsent() != 0) {
            const auto [error, count] = co_await send_some();
            if (error) co_return done || problem == asio::error::would_block ? error : problem;
        }
        if (done) co_return error_code();
        if (problem != asio::error::would_block) co_return problem;
        const auto [error] = co_await socket_.async_wait(asio::socket_base::wait_read, async::as_result);
        if (error) co_return error;
    }
}

error_code tls_stream::seal(asio::const_buffer plain) {
    ERR_clear_error();
    std::size_t taken = 0;
    const int returned = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &taken);
    return returned == 1 ? error_code() : problem_of(returned);
}

async::awaitable<tls_stream::outcome> tls_stream::send_some() {
    const auto rest = asio::buffer(outgoing_.data() + gone_, unsent());
    const auto [error, count] = co_await socket_.async_write_some(rest, async::as_result);
    gone_ += count;
    if (gone_ == outgoing_.size()) {
        outgoing_.clear();
        gone_ = 0;
    }
    co_return outcome(error, count);
}

async::awaitable<tls_stream::outcome> tls_stream::read_some(asio::mutable_buffer into) {
    for (;;) {
        ERR_clear_error();
        std::size_t count = 0;
        const bool stuck = unsent() != 0;
        const int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
        if (returned == 1) co_return outcome(error_code(), count);
        const auto problem = problem_of(returned);
        // What the peer asked for meanwhile (new keys) is answered now; it may be gone, which reading will tell. What
        // had not left before is a request that failed half way, and goes nowhere any more.
        while (!stuck && unsent() != 0) {
            const auto [error, gone] = co_await send_some();
            if (error) break;
        }
        if (problem != asio::error::would_block) co_return outcome(problem, 0);
        release_outgoing();
        const auto [error] = co_await socket_.async_wait(asio::socket_base::wait_read, async::as_result);
        if (error) co_return outcome(error, 0);
    }
}

/// Who waits for a reply, or for the next request, has nothing to send: an upload's records would lie in memory as long
/// as the connection.
void tls_stream::release_outgoing() {
    constexpr std::size_t of_a_small_request = 16 * 1024;
    if (unsent() == 0 && outgoing_.capacity() > of_a_small_request) std::vector<unsigned char>().swap(outgoing_);
}

bool tls_stream::is_drained() const {
    return SSL_has_pending(ssl_.get()) == 0;
}

/// would_block: there is nothing to read yet.
error_code tls_stream::problem_of(int returned) const {
    const int saved = errno;
    switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
        return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
        return asio::error::eof;
    case SSL_ERROR_SYSCALL:
        if (saved != 0) return {saved, asio::error::get_system_category()};
        return asio::ssl::error::stream_truncated;
    default: {
        const auto reason = ERR_get_error();
        if (ERR_GET_LIB(reason) == ERR_LIB_SSL && ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return asio::ssl::error::stream_truncated;
        return {static_cast<int>(reason), asio::error::get_ssl_category()};
    }
    }
}

} // namespace kyc::net
