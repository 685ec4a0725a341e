#include "net/body_feed.hpp"

#include <algorithm>
#include <cstring>
#include <string.h> // NOLINT(modernize-deprecated-headers): explicit_bzero, which <cstring> does not promise

namespace kyc::net {

body_feed::body_feed(std::string_view head, const std::vector<boost::asio::const_buffer>& body)
    : body_(body), current_(head.data(), head.size()) {}

body_feed::room::~room() {
    ::explicit_bzero(bytes_.data(), touched_);
}

bool body_feed::step() {
    while (current_.size() == 0 && index_ < body_.size())
        current_ = body_[index_++];
    return current_.size() != 0;
}

boost::asio::const_buffer body_feed::next(room& into) {
    if (!step()) return {};
    if (current_.size() >= record || index_ == body_.size()) {
        const boost::asio::const_buffer piece(current_.data(), std::min(current_.size(), record));
        current_ += piece.size();
        return piece;
    }
    std::size_t filled = 0;
    while (filled < record && step()) {
        const auto taken = std::min(current_.size(), record - filled);
        std::memcpy(into.bytes_.data() + filled, current_.data(), taken);
        current_ += taken;
        filled += taken;
    }
    into.touched_ = std::max(into.touched_, filled);
    return {into.bytes_.data(), filled};
}

} // namespace kyc::net
