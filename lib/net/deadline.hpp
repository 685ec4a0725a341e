#pragma once
// A time limit on whatever a socket is doing.

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>

namespace kyc::net {

/// When the time is up, what the socket is doing ends with operation_aborted and expired() says that it was the
/// deadline. The socket stays open, so that a reply which has come can still be read. Moving the deadline on costs no
/// timer operation: one timer looks at it when it wakes. The thread of the socket's executor only.
class deadline {
  public:
    using clock = std::chrono::steady_clock;

    /// The socket must outlive the deadline.
    explicit deadline(boost::asio::ip::tcp::socket& socket);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /// For the next operations. Forgets an earlier expiry.
    void arm(clock::time_point at);

    /// Between requests; leaves nothing behind that would keep the loop running.
    void disarm();

    /// The time is up, now and for whatever is armed after this. From another thread it takes effect a little later.
    void give_up();

    [[nodiscard]] bool expired() const;

  private:
    struct state;
    std::shared_ptr<state> state_; ///< shared with the timer's handler and give_up(), which may run after us
};

} // namespace kyc::net
