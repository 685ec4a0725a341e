#include "net/name_lookup.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace kyc::net {
namespace {

using boost::asio::ip::tcp;

} // namespace

lookup_result ask_system(const std::string& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &first);
    if (problem == EAI_SYSTEM) return std::generic_category().message(errno);
    if (problem != 0) return std::string(::gai_strerror(problem));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(first, ::freeaddrinfo);
    std::vector<tcp::endpoint> found;
    for (const auto* one = first; one != nullptr; one = one->ai_next) {
        if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
        tcp::endpoint address;
        if (one->ai_addrlen > address.capacity()) continue;
        std::memcpy(address.data(), one->ai_addr, one->ai_addrlen);
        address.resize(one->ai_addrlen);
        found.push_back(address);
    }
    return found;
}

/// Where the thread leaves the outcome. Closed by the owner, in its own thread, before the executor may go.
struct name_lookup::mailbox {
    std::mutex mutex;
    bool open = true;
    handler done; ///< loop's thread only
};

name_lookup::name_lookup(boost::asio::any_io_executor executor, lookup_function ask)
    : executor_(std::move(executor)), ask_(std::move(ask)) {}

name_lookup::~name_lookup() {
    if (!pending_) return;
    const std::lock_guard lock(pending_->mutex);
    pending_->open = false;
    pending_->done = nullptr;
}

void name_lookup::start(const std::string& host, std::uint16_t port, handler done) {
    const auto box = std::make_shared<mailbox>();
    box->done = std::move(done);
    pending_ = box;
    const auto deliver = [executor = executor_](const std::shared_ptr<mailbox>& to, lookup_result came) {
        const std::lock_guard lock(to->mutex);
        if (!to->open) return;
        boost::asio::post(executor, [to, came = std::move(came)]() mutable {
            if (const auto call = std::exchange(to->done, nullptr)) call(std::move(came));
        });
    };
    auto work = [box, deliver, ask = ask_, host, port] {
        try {
            deliver(box, ask(host, port));
        } catch (const std::exception& error) {
            deliver(box, std::string(error.what()));
        }
    };
    try {
        std::thread(std::move(work)).detach();
    } catch (const std::system_error& error) {
        deliver(box, std::string("no thread for the lookup: ") + error.what());
    }
}

} // namespace kyc::net
