#pragma once
// The socket that the admin page listens on: a TCP port, or a file with the right permissions.

#include "core/listen_address.hpp"
#include "core/result.hpp"
#include "fs/unique_fd.hpp"

#include <optional>
#include <sys/types.h>

namespace kyc::admin {

/// Listens until it is destroyed; a unix socket's file then goes, if it is still ours. Movable.
class listening_socket {
  public:
    /// A unix socket is made 0600, or 0660 for `group`. A socket file that nobody listens on is replaced; one that
    /// somebody does, or anything else of that name, is a fault. A host's name is looked up, which may take long: call
    /// it on the pool.
    [[nodiscard]] static result<listening_socket> open(const listen_address& where, std::optional<gid_t> group);

    listening_socket(listening_socket&& other) noexcept;
    listening_socket& operator=(listening_socket&&) = delete;
    ~listening_socket();

    /// Where it really listens: with the port that the system chose, if that was left to it.
    [[nodiscard]] const listen_address& address() const { return address_; }

    /// The address family, AF_INET or the like.
    [[nodiscard]] int family() const { return family_; }

    /// Non-blocking, listening. The caller closes it before this is destroyed.
    [[nodiscard]] int release() { return socket_.release(); }

  private:
    listening_socket() = default;
    [[nodiscard]] static result<listening_socket> open_file(const listen_address& where, std::optional<gid_t> group);
    [[nodiscard]] static result<listening_socket> open_port(const listen_address& where);

    fs::unique_fd socket_;
    listen_address address_;
    int family_ = 0;
    dev_t device_ = 0; ///< of the file, with its inode; 0: there is none
    ino_t inode_ = 0;
};

} // namespace kyc::admin
