#include "net/carrier.hpp"

#include <boost/asio/post.hpp>

namespace kyc::net {

carried_connection::carried_connection(carrier& on, std::unique_ptr<connection> line)
    : on_(&on), line_(std::move(line)) {
    ++on_->connections_;
}

carried_connection& carried_connection::operator=(carried_connection&& other) noexcept {
    if (this != &other) {
        end();
        on_ = other.on_;
        line_ = std::move(other.line_);
    }
    return *this;
}

carried_connection::~carried_connection() {
    end();
}

void carried_connection::end() noexcept {
    if (!line_) return;
    --on_->connections_;
    if (on_->is_the_loop()) {
        line_.reset();
    } else {
        // A timer's handler of it may be running there just now.
        boost::asio::post(on_->executor(), [last = std::move(line_)] {});
    }
}

async::awaitable<opening> carried_connection::open(std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                                   deadline::clock::time_point end) {
    return on_->run(line_->open(std::move(addresses), end));
}

async::awaitable<exchange> carried_connection::carry(std::string_view head,
                                                     const std::vector<boost::asio::const_buffer>& body,
                                                     deadline::clock::time_point end) {
    return on_->run(line_->carry(head, body, end));
}

} // namespace kyc::net
