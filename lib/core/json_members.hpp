#pragma once
// Members of a JSON object that many documents have, each with its key.

#include "core/json_writer.hpp"
#include "core/report_json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

inline void write_number(json_writer& out, std::string_view name, std::uint64_t value) {
    out.key(name);
    out.integer(value);
}

/// Null for an empty text.
inline void write_known(json_writer& out, std::string_view name, std::string_view value) {
    out.key(name);
    out.known_text(value);
}

/// In ISO 8601; null where there is none.
inline void write_time(json_writer& out, std::string_view name, const std::optional<utc_time>& time) {
    write_known(out, name, time ? to_iso8601(*time) : std::string());
}

} // namespace kyc
