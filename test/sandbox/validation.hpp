#pragma once
// What a DRF serializer would say to a form: every field judged, all complaints in one map.

#include "sandbox/multipart_reader.hpp"
#include "sandbox/services.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace kyc::sandbox {

/// Field name → array of sentences, in the order of the service's fields; empty when the form is good.
/// `is_form` false: the request had no form at all. `strict_extend_data`: the field may not be absent.
[[nodiscard]] boost::json::object complaints_about(const form& given, const service& wanted, bool is_form,
                                                   bool strict_extend_data);

/// The complaint about one required text, e.g. of the token calls; none when it is good.
[[nodiscard]] std::optional<std::string> text_complaint(const form_part* part, text_kind kind);

/// What Django's boolean field makes of it; none: not a boolean.
[[nodiscard]] std::optional<bool> read_boolean(std::string_view text);

} // namespace kyc::sandbox
