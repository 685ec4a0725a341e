#pragma once
// What can happen to a request on its way, in words that need no network library.

#include <string>
#include <string_view>
#include <utility>

namespace kyc {

/// How much of a request had been handed to the operating system when it failed. Only after `all` can the API have
/// acted.
enum class sent { nothing, part, all };

/// Where a request broke.
enum class transport_problem { resolve, connect, proxy, tls, timeout, reset, bad_reply, reply_too_large, cancelled };

/// e.g. "could not resolve".
[[nodiscard]] std::string_view to_string(transport_problem value);

/// A request that got no usable reply.
struct transport_error {
    transport_problem problem = transport_problem::reset;
    kyc::sent sent = kyc::sent::nothing;
    std::string message; ///< what happened, with host and the library's words; no secret, no body

    transport_error() = default;

    transport_error(transport_problem problem_, kyc::sent sent_, std::string message_)
        : problem(problem_), sent(sent_), message(std::move(message_)) {}
};

} // namespace kyc
