#include "net/deadline.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>

namespace kyc::net {

struct deadline::state : std::enable_shared_from_this<state> {
    explicit state(boost::asio::ip::tcp::socket& watched) : timer(watched.get_executor()), socket(&watched) {}

    void start() {
        const auto mine = ++generation;
        timer.expires_at(at);
        timer.async_wait([self = shared_from_this(), mine](const boost::system::error_code&) { self->wake(mine); });
    }

    void arm(clock::time_point when) {
        const bool armed = at != clock::time_point::max();
        expired = false;
        at = given_up ? clock::time_point::min() : when;
        if (!armed || timer.expiry() > at) start();
    }

    void wake(std::uint64_t started) {
        if (started != generation || socket == nullptr || at == clock::time_point::max()) return;
        if (clock::now() < at) return start();
        expired = true;
        at = clock::time_point::max();
        boost::system::error_code ignored;
        socket->cancel(ignored);
    }

    boost::asio::steady_timer timer;
    boost::asio::ip::tcp::socket* socket;
    clock::time_point at = clock::time_point::max(); ///< max: not armed
    std::uint64_t generation = 0;                    ///< tells a handler that it belongs to an earlier wait
    bool expired = false;
    bool given_up = false;
};

deadline::deadline(boost::asio::ip::tcp::socket& socket) : state_(std::make_shared<state>(socket)) {}

deadline::~deadline() {
    state_->socket = nullptr;
    disarm();
}

void deadline::arm(clock::time_point at) {
    state_->arm(at);
}

void deadline::disarm() {
    state_->at = clock::time_point::max();
    ++state_->generation;
    state_->timer.cancel();
}

void deadline::give_up() {
    boost::asio::dispatch(state_->timer.get_executor(), [self = state_] {
        self->given_up = true;
        if (self->at != clock::time_point::max()) self->arm(self->at);
    });
}

bool deadline::expired() const {
    return state_->expired;
}

} // namespace kyc::net
