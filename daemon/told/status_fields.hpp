#pragma once
// Reading the status document where a part that is missing or of another kind is as good as none: it may come from
// another version of kycd.

#include "core/json_fields.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// Empty if there is none.
[[nodiscard]] std::string text_in(const boost::json::object& from, std::string_view key);

/// 0 if there is none, or one below 0.
[[nodiscard]] std::uint64_t number_in(const boost::json::object& from, std::string_view key);

/// The objects of a list. They live as long as `from`.
[[nodiscard]] std::vector<const boost::json::object*> objects_in(const boost::json::object& from, std::string_view key);

} // namespace kyc
