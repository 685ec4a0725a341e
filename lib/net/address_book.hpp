#pragma once
// The addresses of one host: looked up rarely, remembered for a minute, best one first.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "core/transport.hpp"
#include "net/name_lookup.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace kyc::net {

/// Calls may overlap and then share one lookup. Loop's thread only.
class address_book {
  public:
    /// `ask` runs in another thread.
    address_book(const boost::asio::any_io_executor& executor, std::string host, std::uint16_t port,
                 lookup_function ask = ask_system);
    ~address_book();
    address_book(const address_book&) = delete;
    address_book& operator=(const address_book&) = delete;

    /// Waits at most `limit`. A lookup can be neither stopped nor hurried: past the limit, or when the caller is
    /// cancelled, it goes on in its thread, and what it finds serves the next call (or nobody). When a lookup fails, or
    /// takes longer than a second, the addresses of the one before go on being used.
    [[nodiscard]] async::awaitable<result<std::vector<boost::asio::ip::tcp::endpoint>, transport_error>>
    addresses(std::chrono::milliseconds limit);

    /// Whoever waits for a lookup does so no longer: it has failed for them.
    void give_up();

    /// A server with which TLS came about: this address goes first from now on.
    void worked(const boost::asio::ip::tcp::endpoint& address);

    /// Nobody answers there, or nobody that TLS can be agreed on with: this address goes last from now on.
    void failed(const boost::asio::ip::tcp::endpoint& address);

    /// Not one of them could be reached: ask again next time.
    void none_worked();

  private:
    struct state;
    std::shared_ptr<state> state_; ///< shared with the calls that wait, which may end after us
};

} // namespace kyc::net
