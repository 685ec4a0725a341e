#pragma once
// The parts of reading an answer: each takes the outcome data (the object that holds `document`, `liveness`, `issues`
// …).

#include "core/answer.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// Whether the object holds one of the API's outcome keys. A key with an array is a field's messages, not an outcome:
/// `uuid` is both a form field and an outcome.
[[nodiscard]] bool has_outcome(const boost::json::object& data);

/// The whole answer: checks, verdict and what goes with them. `may_pass` is false when something outside the data (the
/// inner status) speaks against a pass; the verdict is then inconclusive at best.
[[nodiscard]] answer read_outcome(const service& target, const boost::json::object& data, bool may_pass);

/// What `target` judges; for a service without checks of its own, what the reply holds.
[[nodiscard]] std::vector<check> checks_of(const service& target, const boost::json::object& data);

/// The key of the outcome data that a check is read from, e.g. "compare".
[[nodiscard]] std::string_view outcome_key(check value);

/// The check that an issue's word belongs to, letter case ignored: "compare" → face_match.
[[nodiscard]] std::optional<check> check_for_issue(std::string_view word);

/// Every entry of `issues`, and every error code inside the data of one of the checks or of the reply as a whole that
/// is not among them. An entry of `issues` whose shape is unknown becomes an issue too, with an empty code if need be.
[[nodiscard]] std::vector<issue> read_issues(const boost::json::object& data, const std::vector<check>& judged);

/// The document, none when the reply gives no field of one.
[[nodiscard]] std::optional<document> read_document(const service& target, const boost::json::object& data);

[[nodiscard]] std::optional<background> read_background(const boost::json::object& data);

/// The registered face's uuid: a text with something in it.
[[nodiscard]] std::optional<std::string> read_uuid(const boost::json::object& data);

} // namespace kyc
