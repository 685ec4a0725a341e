#pragma once
// The addresses of one host: looked up rarely, remembered for a minute, best one first.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "core/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace kyc::net {

/// Calls may overlap and then share one lookup. Loop's thread only.
class address_book {
  public:
    address_book(const boost::asio::any_io_executor& executor, std::string host, std::uint16_t port);
    ~address_book();
    address_book(const address_book&) = delete;
    address_book& operator=(const address_book&) = delete;

    /// Waits at most `limit`. getaddrinfo can be neither stopped nor hurried: past the limit, or when the caller is
    /// cancelled, it goes on in its thread, and what it finds serves the next call (or nobody). When a lookup fails,
    /// the addresses of the one before go on being used.
    [[nodiscard]] async::awaitable<result<std::vector<boost::asio::ip::tcp::endpoint>, transport_error>>
    addresses(std::chrono::milliseconds limit);

    /// This address goes first from now on.
    void worked(const boost::asio::ip::tcp::endpoint& address);

    /// Not one of them could be reached: ask again next time.
    void none_worked();

  private:
    struct state;
    std::shared_ptr<state> state_; ///< shared with the lookup's handler, which may run after us
};

} // namespace kyc::net
