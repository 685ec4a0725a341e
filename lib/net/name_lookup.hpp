#pragma once
// A host's addresses from the system's resolver, in a way that nothing has to wait for.

#include "core/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kyc::net {

/// The addresses in the resolver's order, or why there are none. An empty list is "no address".
using lookup_result = result<std::vector<boost::asio::ip::tcp::endpoint>, std::string>;

/// Blocks for as long as it takes.
using lookup_function = std::function<lookup_result(const std::string& host, std::uint16_t port)>;

/// getaddrinfo.
[[nodiscard]] lookup_result ask_system(const std::string& host, std::uint16_t port);

/// Runs lookups in threads that nobody joins. Nothing can stop getaddrinfo, and without an answer it takes as long as
/// resolv.conf says; Asio's resolver would keep the loop, and the io_context's destructor, waiting for it, and so a
/// stop. Loop's thread only; at most one lookup at a time.
class name_lookup {
  public:
    using handler = std::function<void(lookup_result)>;

    name_lookup(boost::asio::any_io_executor executor, lookup_function ask);

    /// A lookup that still runs is forgotten: its handler is never called.
    ~name_lookup();
    name_lookup(const name_lookup&) = delete;
    name_lookup& operator=(const name_lookup&) = delete;

    /// Calls `done` on the executor once there is an outcome. Does not keep the loop running until then: whoever waits
    /// for it does.
    void start(const std::string& host, std::uint16_t port, handler done);

  private:
    struct mailbox;
    boost::asio::any_io_executor executor_;
    lookup_function ask_;
    std::shared_ptr<mailbox> pending_; ///< shared with the thread; null: none was started
};

} // namespace kyc::net
