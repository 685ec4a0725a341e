#pragma once
// The state of kycd in plain words, for people who see the spool's folder and nothing else: status.txt.

#include "core/report_json.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <string>

namespace kyc {

/// When the text was written, and what becomes of it.
struct text_occasion {
    utc_time now{};
    std::chrono::seconds at_least_every{}; ///< the file is written anew within that time while kycd runs
    bool stopped = false;                  ///< it is the last one: kycd has ended
};

/// A sentence about the cases that kycd may not take; empty when there are none.
[[nodiscard]] std::string not_permitted_words(const boost::json::object& status);

/// The first lines, which change whenever the file is written.
[[nodiscard]] std::string status_head(const boost::json::object& status, const text_occasion& when);

/// All that follows: what is paused, what waits where, what failed with which advice. `status` is a document
/// "kycd.status/1"; what it lacks is left out. Names no case.
[[nodiscard]] std::string status_body(const boost::json::object& status, utc_time now);

} // namespace kyc
