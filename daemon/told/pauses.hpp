#pragma once
// What keeps cases from moving, as the running daemon says it: read from its document, told in words.

#include "core/report_json.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// One thing that is paused.
struct pause {
    enum class kind { fault, api_down, credentials, no_token, resting, service, repeats } what = kind::fault;
    std::string service; ///< of a paused one
    std::string why;
    std::optional<utc_time> since;
    std::optional<std::chrono::seconds> next_try; ///< from now
};

/// A rest that the API asked for and that takes no longer is its pace, not a pause.
inline constexpr std::chrono::seconds shortest_rest_told{2};

/// "fault", "api_down", "credentials", "no_token", "resting", "service", "repeats".
[[nodiscard]] std::string_view to_string(pause::kind value);

/// What a document "kycd.status/1" says is paused, what holds up most first.
[[nodiscard]] std::vector<pause> pauses_in(const boost::json::object& status);

/// "the API is down: …, for 3m 12s; next try in 42s". What strangers wrote is in there as it came.
[[nodiscard]] std::string pause_words(const pause& what, utc_time now);

} // namespace kyc
