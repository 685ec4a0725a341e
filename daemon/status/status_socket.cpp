#include "status/status_socket.hpp"

#include "async/signal.hpp"
#include "fs/atomic_file.hpp"
#include "fs/safe_open.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace kyc {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Commands read at once. Whoever does not is gone or wants to hurt.
constexpr std::chrono::seconds longest_answer{5};
constexpr std::size_t most_answers = 16;

/// While so many are served, how often a free place is looked for.
constexpr milliseconds place_retry{10};

/// A question comes right behind the connection, unless the machine stalls. Whoever has none and does not say so by
/// shutting down its writing side has to wait for that long.
constexpr std::chrono::seconds longest_silence{1};

/// The name of a case and that of its folder, each byte escaped.
constexpr std::size_t largest_question = 4096;

/// After EMFILE and the like.
constexpr std::chrono::seconds accept_retry{1};

/// A document is a few kilobytes.
constexpr std::size_t largest_document = std::size_t{16} << 20;

/// A path that fits into a sun_path however deep the spool is. `work` has to stay open while it is used.
std::string short_path(const fs::folder& work) {
    return "/proc/self/fd/" + std::to_string(work.get()) + "/" + status_socket_name;
}

fault from(const boost::system::error_code& error, const std::string& what) {
    return last_fault(error.value(), what);
}

} // namespace

status_socket::status_socket(const boost::asio::any_io_executor& loop, std::filesystem::path path, document text)
    : path_(std::move(path)), text_(std::move(text)), acceptor_(loop), answers_(loop, [](const std::exception_ptr&) {
          // Nothing that goes wrong with one client is worth more than its connection.
      }) {}

status_socket::~status_socket() {
    if (!acceptor_.is_open()) return;
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

result<std::unique_ptr<status_socket>> status_socket::open(const boost::asio::any_io_executor& loop,
                                                           const std::filesystem::path& work, document text) {
    const auto path = work / status_socket_name;
    const auto folder = fs::open_folder(work);
    if (!folder) return folder.error();
    std::unique_ptr<status_socket> made(new status_socket(loop, path, std::move(text)));
    if (::unlinkat(folder->get(), status_socket_name, 0) != 0 && errno != ENOENT)
        return folder->trouble_with(errno, "remove the stale", status_socket_name);
    boost::system::error_code error;
    protocol::acceptor listening(loop);
    listening.open(protocol(), error);
    if (error) return from(error, "make a socket");
    // The mode of what bind makes.
    ::fchmod(listening.native_handle(), S_IRUSR | S_IWUSR);
    listening.bind(protocol::endpoint(short_path(*folder)), error);
    if (error) return from(error, "bind " + path.string());
    if (::fchmodat(folder->get(), status_socket_name, S_IRUSR | S_IWUSR, 0) != 0)
        return folder->trouble_with(errno, "set the mode of", status_socket_name);
    listening.listen(protocol::acceptor::max_listen_connections, error);
    if (error) return from(error, "listen on " + path.string());
    made->acceptor_ = std::move(listening);
    return made;
}

async::awaitable<void> status_socket::serve() {
    boost::system::error_code ignored;
    for (;;) {
        while (answers_.size() >= most_answers) {
            for (auto* client : silent_)
                client->cancel(ignored);
            co_await async::sleep_for(place_retry);
        }
        auto [error, peer] = co_await acceptor_.async_accept(async::as_result);
        if (error == boost::asio::error::operation_aborted) co_return;
        if (error) {
            co_await async::sleep_for(accept_retry);
        } else {
            answers_.spawn(answer(std::move(peer)));
        }
    }
}

async::awaitable<void> status_socket::stop() {
    answers_.cancel();
    co_await answers_.join();
}

async::awaitable<void> status_socket::answer(protocol::socket peer) {
    auto connection = std::make_shared<protocol::socket>(std::move(peer));
    boost::asio::steady_timer limit(connection->get_executor(), longest_answer);
    auto hang_up = [weak = std::weak_ptr(connection)](const boost::system::error_code& ended) {
        boost::system::error_code ignored;
        if (const auto still = weak.lock(); still && !ended) still->close(ignored);
    };
    limit.async_wait(std::move(hang_up));
    const auto question = co_await question_of(connection);
    const std::string text = text_(question);
    const auto buffer = boost::asio::buffer(text);
    (void)co_await boost::asio::async_write(*connection, buffer, async::as_result);
}

/// The line that it sends, as much of it as there is when it falls silent.
async::awaitable<std::string> status_socket::question_of(std::shared_ptr<protocol::socket> peer) {
    boost::asio::steady_timer limit(peer->get_executor(), longest_silence);
    auto give_up = [this, client = peer.get()](const boost::system::error_code& ended) {
        boost::system::error_code ignored;
        if (!ended && silent_.contains(client)) client->cancel(ignored);
    };
    silent_.insert(peer.get());
    limit.async_wait(std::move(give_up));
    std::string line;
    const auto into = boost::asio::dynamic_buffer(line, largest_question);
    (void)co_await boost::asio::async_read_until(*peer, into, '\n', async::as_result);
    silent_.erase(peer.get());
    line.erase(std::min(line.find('\n'), line.size()));
    co_return line;
}

result<std::string> read_status(const std::filesystem::path& work, milliseconds patience, const std::string& question) {
    const auto path = (work / status_socket_name).string();
    const auto ends = steady_clock::now() + patience;
    const auto folder = fs::open_folder(work);
    if (!folder) return folder.error();
    const fs::unique_fd peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!peer) return last_fault(errno, "make a socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = short_path(*folder);
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    // A full backlog is EAGAIN: the daemon is alive, but does not answer.
    if (::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return last_fault(errno == EAGAIN ? ETIMEDOUT : errno, "connect to " + path);
    // So short a line fits into an empty socket. What goes wrong here shows when the answer is read.
    static_cast<void>(::send(peer.get(), question.data(), question.size(), MSG_NOSIGNAL));
    static_cast<void>(::shutdown(peer.get(), SHUT_WR));
    std::string text;
    std::array<std::byte, 16 << 10> buffer{};
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(ends - steady_clock::now());
        pollfd waiting{peer.get(), POLLIN, 0};
        const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return last_fault(ready == 0 ? ETIMEDOUT : errno, "read from " + path);
        const auto count = fs::read_some(peer.get(), buffer);
        if (count < 0 && errno == EAGAIN) continue;
        if (count < 0) return last_fault(errno, "read from " + path);
        if (count == 0) return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(count));
        if (text.size() > largest_document) return last_fault(EFBIG, "read from " + path);
    }
}

} // namespace kyc
