#pragma once
// What calls came to, counted: for the metrics.

#include "core/retry_rules.hpp"
#include "net/http_client.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace kyc::progeny {

/// How a token was asked for.
enum class renewal { obtain, refresh };

/// What came of that: tokens; the API said no to the credentials or the refresh token; neither yes nor no.
enum class renewal_end { ok, refused, failed };

/// Counters of one process. A value; loop's thread only.
class call_counts {
  public:
    /// One request, told once, the replays included.
    void came(phase during, const result<net::http_response, transport_error>& reply);

    void renewed(renewal how, renewal_end end) {
        ++renewals_.at(static_cast<std::size_t>(how)).at(static_cast<std::size_t>(end));
    }

    /// By kind of call and what came of it: the number of the HTTP status, or a word for what went wrong ("resolve",
    /// "connect", "proxy", "tls", "timeout", "reset", "bad_reply", "too_large", "cancelled").
    [[nodiscard]] std::map<std::pair<phase, std::string>, std::uint64_t> responses() const;

    [[nodiscard]] std::uint64_t renewals(renewal how, renewal_end end) const {
        return renewals_.at(static_cast<std::size_t>(how)).at(static_cast<std::size_t>(end));
    }

  private:
    std::map<std::pair<phase, int>, std::uint64_t> responses_; ///< a status, or below 0 the problem
    std::array<std::array<std::uint64_t, 3>, 2> renewals_{};
};

} // namespace kyc::progeny
