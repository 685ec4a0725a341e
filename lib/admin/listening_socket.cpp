#include "admin/listening_socket.hpp"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utility>

namespace kyc::admin {

namespace {

constexpr int backlog = 128;

struct freed {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1); // the settings allow no longer one
    return address;
}

fs::unique_fd make_socket(int family) {
    return fs::unique_fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// A fault in words of our own, with an errno that fits.
fault objection(int errno_value, const std::string& path, const std::string& why) {
    return last_fault(errno_value, "listen on unix:" + path + ", " + why);
}

/// Makes way for our own socket file: removes one that nobody listens on any more, and nothing else.
result<void> clear(const std::string& path) {
    struct stat there {};

    if (::lstat(path.c_str(), &there) != 0) {
        if (errno == ENOENT) return {};
        return last_fault(errno, "look at " + path);
    }
    if (!S_ISSOCK(there.st_mode))
        return objection(EEXIST, path, "where something else is that kycd does not remove; name another path");
    const auto probe = make_socket(AF_UNIX);
    if (!probe) return last_fault(errno, "make a socket");
    const auto address = address_of(path);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
        return objection(EADDRINUSE, path, "where another process listens");
    if (errno != ECONNREFUSED) return last_fault(errno, "find out whether another process listens on " + path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return last_fault(errno, "remove the old socket " + path);
    return {};
}

} // namespace

listening_socket::listening_socket(listening_socket&& other) noexcept
    : socket_(std::move(other.socket_)), address_(std::move(other.address_)), family_(other.family_),
      device_(std::exchange(other.device_, 0)), inode_(std::exchange(other.inode_, 0)) {}

listening_socket::~listening_socket() {
    if (inode_ == 0) return;

    struct stat there {};

    if (::lstat(address_.path.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_)
        ::unlink(address_.path.c_str());
}

result<listening_socket> listening_socket::open(const listen_address& where, std::optional<gid_t> group) {
    return where.is_unix() ? open_file(where, group) : open_port(where);
}

result<listening_socket> listening_socket::open_file(const listen_address& where, std::optional<gid_t> group) {
    const auto& path = where.path;
    if (const auto free = clear(path); !free) return free.error();
    listening_socket made;
    made.address_ = where;
    made.family_ = AF_UNIX;
    made.socket_ = make_socket(AF_UNIX);
    if (!made.socket_) return last_fault(errno, "make a socket");
    const auto address = address_of(path);
    if (::bind(made.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return last_fault(errno, "make the socket " + path);

    struct stat file {};

    if (::lstat(path.c_str(), &file) != 0) return last_fault(errno, "look at " + path);
    made.device_ = file.st_dev;
    made.inode_ = file.st_ino;
    // Nobody can connect before listen(), so the permissions are there in time.
    if (group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
        return last_fault(errno, "give " + path + " to the group");
    const mode_t mode = group ? S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP : S_IRUSR | S_IWUSR;
    if (::chmod(path.c_str(), mode) != 0) return last_fault(errno, "set the mode of " + path);
    if (::listen(made.socket_.get(), backlog) != 0) return last_fault(errno, "listen on unix:" + path);
    return made;
}

result<listening_socket> listening_socket::open_port(const listen_address& where) {
    const auto name = to_string(where);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    // localhost may be ::1 first, which is not where people look.
    const std::string host = where.host == "localhost" ? "127.0.0.1" : where.host;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), std::to_string(where.port).c_str(), &wanted, &found);
    if (failed == EAI_SYSTEM) return last_fault(errno, "look up " + where.host);
    if (failed != 0) return last_fault(EADDRNOTAVAIL, "listen on " + name + " (" + ::gai_strerror(failed) + ")");
    const std::unique_ptr<addrinfo, freed> addresses(found);
    const auto& first = *addresses;
    listening_socket made;
    made.address_ = where;
    made.family_ = first.ai_family;
    made.socket_ = make_socket(first.ai_family);
    if (!made.socket_) return last_fault(errno, "make a socket");
    const int socket = made.socket_.get();
    const int on = 1;
    const int off = 0;
    // The port of a daemon that has just ended; never one that somebody listens on.
    if (::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return last_fault(errno, "set up the socket for " + name);
    // [::] is for both kinds of address, whatever the system's default.
    if (first.ai_family == AF_INET6) (void)::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(socket, first.ai_addr, first.ai_addrlen) != 0) return last_fault(errno, "listen on " + name);
    if (::listen(socket, backlog) != 0) return last_fault(errno, "listen on " + name);
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &length) != 0)
        return last_fault(errno, "ask where " + name + " is");
    made.address_.port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                                           : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
    made.address_.host = host;
    return made;
}

} // namespace kyc::admin
