#include "progeny/call_counts.hpp"

namespace kyc::progeny {

namespace {

int number_of(transport_problem what) {
    return -1 - static_cast<int>(what);
}

std::string word_of(int number) {
    if (number >= 0) return std::to_string(number);
    switch (static_cast<transport_problem>(-1 - number)) {
    case transport_problem::resolve:
        return "resolve";
    case transport_problem::connect:
        return "connect";
    case transport_problem::proxy:
        return "proxy";
    case transport_problem::tls:
        return "tls";
    case transport_problem::timeout:
        return "timeout";
    case transport_problem::reset:
        return "reset";
    case transport_problem::bad_reply:
        return "bad_reply";
    case transport_problem::reply_too_large:
        return "too_large";
    case transport_problem::cancelled:
        return "cancelled";
    }
    return "unknown";
}

} // namespace

void call_counts::came(phase during, const result<net::http_response, transport_error>& reply) {
    ++responses_[{during, reply ? reply->status : number_of(reply.error().problem)}];
}

std::map<std::pair<phase, std::string>, std::uint64_t> call_counts::responses() const {
    std::map<std::pair<phase, std::string>, std::uint64_t> named;
    for (const auto& [what, count] : responses_)
        named.emplace(std::pair(what.first, word_of(what.second)), count);
    return named;
}

} // namespace kyc::progeny
