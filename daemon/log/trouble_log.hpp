#pragma once
// Trouble that meets case after case, said once when it begins and once, with how often, when it is over.

#include "async/awaitable.hpp"
#include "log/log.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kyc {

/// An API that refuses every other upload, or a folder nobody may read, would fill the log with a line for each case
/// and try. `kycd show CASE` has them all. Loop's thread only.
class trouble_log {
  public:
    using clock = std::chrono::steady_clock;

    /// What has not been met for so long is over: longer than whoever met it waits before the next try (retry.max, and
    /// a minute for permissions).
    static constexpr std::chrono::seconds quiet{180};

    /// A case met it: a warning the first time, with what the line is about; the same again is for debugging only until
    /// it is over. `kind` says which trouble it is, without what differs from case to case.
    void met(const std::string& kind, const std::string& message, const log::fields& about,
             clock::time_point now = clock::now());

    /// Says what is over by now: how often it was met.
    void look(clock::time_point now = clock::now());

    /// Says how often each was met so far: for a stop.
    void end();

    /// look() every few seconds. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep_looking();

    /// Different troubles that are remembered at a time: what comes beyond is a line each.
    static constexpr std::size_t kinds_at_most = 100;

  private:
    struct trouble {
        std::uint64_t times = 0;
        clock::time_point first{};
        clock::time_point last{};
    };

    static void say_over(const std::string& what, const trouble& met);

    std::map<std::string, trouble, std::less<>> ongoing_;
};

/// The start of the API's words that is the same for all cases: "submit of kyc_card: HTTP 503" of "submit of kyc_card:
/// HTTP 503: come back later".
[[nodiscard]] std::string kind_of_reply(std::string_view what);

} // namespace kyc
