#pragma once
// A running admin server, and clients that send it whatever bytes a test likes.

#include "admin/http_server.hpp"
#include "async/blocking_pool.hpp"
#include "async/task_group.hpp"
#include "fs/unique_fd.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace kyc::test {

using namespace std::chrono_literals;

/// For hangs only.
inline constexpr auto far_away = 30s;

/// A connection that blocks.
class http_client {
  public:
    explicit http_client(const listen_address& to)
        : socket_(::socket(to.is_unix() ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in tcp{};
        tcp.sin_family = AF_INET;
        tcp.sin_port = htons(to.port);
        tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_un file{};
        file.sun_family = AF_UNIX;
        to.path.copy(file.sun_path, sizeof file.sun_path - 1);
        const auto* address =
            to.is_unix() ? reinterpret_cast<const sockaddr*>(&file) : reinterpret_cast<const sockaddr*>(&tcp);
        const auto size = to.is_unix() ? sizeof file : sizeof tcp;
        if (::connect(socket_.get(), address, static_cast<socklen_t>(size)) != 0)
            throw std::system_error(errno, std::generic_category(), "connect");
    }

    [[nodiscard]] int get() const { return socket_.get(); }

    /// As much as the server takes; true when that was all.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    void send_no_more() { ::shutdown(socket_.get(), SHUT_WR); }

    /// Everything until the server closes.
    std::string read_all() {
        while (read_some())
            ;
        return std::exchange(got_, {});
    }

    /// Up to and with `mark`.
    std::string read_until(std::string_view mark) {
        for (;;) {
            if (const auto place = got_.find(mark); place != std::string::npos) {
                auto text = got_.substr(0, place + mark.size());
                got_.erase(0, text.size());
                return text;
            }
            if (!read_some()) throw std::runtime_error("the server closed after: " + got_);
        }
    }

    /// One reply with a length: its head and its body.
    std::string read_reply() {
        auto head = read_until("\r\n\r\n");
        const auto field = head.find("Content-Length: ");
        const auto length = field == std::string::npos ? 0 : std::stoul(head.substr(field + 16));
        while (got_.size() < length)
            if (!read_some()) throw std::runtime_error("the server closed in the middle of a reply");
        head += got_.substr(0, length);
        got_.erase(0, length);
        return head;
    }

    /// Whether the server has closed by now or does before long; what it sends meanwhile is kept.
    bool is_closed() {
        while (read_some())
            ;
        return true;
    }

    /// Whether nothing can be read now, not even an end.
    bool is_quiet() {
        pollfd waiting{socket_.get(), POLLIN, 0};
        return ::poll(&waiting, 1, 0) == 0;
    }

  private:
    /// False at the end.
    bool read_some() {
        pollfd waiting{socket_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(far_away).count())) == 0)
            throw std::runtime_error("the server neither sends nor closes");
        char piece[4096];
        const auto count = ::recv(socket_.get(), piece, sizeof piece, 0);
        if (count <= 0) return false; // a reset is an end, too
        got_.append(piece, static_cast<std::size_t>(count));
        return true;
    }

    fs::unique_fd socket_;
    std::string got_;
};

/// The server on a thread of its own.
class http_world {
  public:
    explicit http_world(admin::http_offer offer = {}, admin::http_access access = on("127.0.0.1:0"),
                        admin::http_limits limits = {})
        : server_(admin::make_http_server(loop_.get_executor(), pool_, std::move(offer), std::move(access), limits,
                                          [this](const admin::http_news& news) { take(news); })),
          tasks_(loop_.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }),
          thread_([this] { loop_.run(); }) {
        on_loop([this] { tasks_.spawn(server_->serve()); });
    }

    ~http_world() {
        on_loop([this] {
            tasks_.cancel();
            tasks_.spawn(server_->stop());
            busy_.reset();
        });
        thread_.join();
    }

    http_world(const http_world&) = delete;
    http_world& operator=(const http_world&) = delete;

    static admin::http_access on(const std::string& where) {
        admin::http_access access;
        access.where = parse_listen_address(where).value();
        return access;
    }

    /// The `count`th news of the server.
    admin::http_news news(std::size_t count = 1) {
        std::unique_lock lock(mutex_);
        if (!told_.wait_for(lock, far_away, [&] { return news_.size() >= count; }))
            throw std::runtime_error("the server does not say where it listens");
        return news_.at(count - 1);
    }

    std::size_t news_so_far() {
        const std::lock_guard lock(mutex_);
        return news_.size();
    }

    http_client connect() { return http_client(news().where); }

    /// The reply to a request that ends with its connection.
    std::string ask(std::string_view request) {
        auto client = connect();
        client.send(request);
        return client.read_all();
    }

    std::string get(const std::string& path, const std::string& headers = "") {
        return ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n");
    }

    /// Runs it on the server's thread and waits.
    template<class Work>
    std::invoke_result_t<Work> on_loop(Work work) {
        std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
        auto done = task.get_future();
        boost::asio::post(loop_, [&task] { task(); });
        return done.get();
    }

    void change(admin::http_access access) {
        on_loop([&] { server_->change(std::move(access)); });
    }

    admin::http_server::statistics counted() {
        return on_loop([this] { return server_->counted(); });
    }

    /// Until the server's counters are so.
    template<class Condition>
    void wait_until(Condition condition) {
        const auto ends = std::chrono::steady_clock::now() + far_away;
        while (!condition(counted())) {
            if (std::chrono::steady_clock::now() > ends) throw std::runtime_error("that never came");
            std::this_thread::sleep_for(2ms);
        }
    }

  private:
    void take(const admin::http_news& news) {
        const std::lock_guard lock(mutex_);
        news_.push_back(news);
        told_.notify_all();
    }

    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{loop_.get_executor()};
    async::blocking_pool pool_{1};
    std::mutex mutex_;
    std::condition_variable told_;
    std::vector<admin::http_news> news_;
    std::unique_ptr<admin::http_server> server_;
    async::task_group tasks_;
    std::thread thread_;
};

/// A page that says what it is told to.
inline admin::route page(const std::string& path, const std::string& text, int status = 200) {
    return {path, [=] { return admin::route::page{status, "text/plain; charset=utf-8", text}; }};
}

/// "200" of "HTTP/1.1 200 OK…".
inline std::string status_of(const std::string& reply) {
    return reply.substr(0, 9) == "HTTP/1.1 " ? reply.substr(9, 3) : "no reply: " + reply;
}

inline std::string body_of(const std::string& reply) {
    const auto end = reply.find("\r\n\r\n");
    return end == std::string::npos ? "" : reply.substr(end + 4);
}

} // namespace kyc::test
