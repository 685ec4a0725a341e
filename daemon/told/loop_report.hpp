#pragma once
// How the loop's latency is told: in the status document, in the summary, in words.

#include "async/loop_latency.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace kyc {

/// {turns, over_1ms, crowded_out, longest_us, sum_us, histogram: [{up_to_us, turns}…]}; the last bucket's bound is
/// null.
[[nodiscard]] boost::json::object loop_json(const async::loop_latency& loop);

/// "none of 5000 turns took over 1 ms, the longest 0.4 ms; 12 more for want of a core"
[[nodiscard]] std::string loop_words(std::uint64_t turns, std::uint64_t over_1ms, std::uint64_t crowded_out,
                                     std::uint64_t longest_us);

} // namespace kyc
