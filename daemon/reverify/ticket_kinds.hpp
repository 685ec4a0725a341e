#pragma once
// The kinds of value a ticket's key can have, beside those that settings have too: what each accepts, and what it says
// about anything else.

#include "config/setting_kinds.hpp"
#include "core/report_json.hpp"
#include "core/service.hpp"
#include "core/time_window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc::reverify {

/// "N" or "P%": one of the two is given.
struct quantity {
    std::optional<std::uint64_t> count;
    std::optional<double> share; ///< 0..1
};

/// Which shares are allowed.
enum class share_rule {
    of_a_draw, ///< more than 0 %, at most 100 %
    of_a_bound ///< 0 % to 100 %
};
inline constexpr auto share_of_a_draw = share_rule::of_a_draw;
inline constexpr auto share_of_a_bound = share_rule::of_a_bound;

/// Digits behind the point that a percentage may have.
inline constexpr int most_share_digits = 15;

/// "12.5" as 0.125; none for what is no decimal number.
[[nodiscard]] std::optional<double> share_from_percent(std::string_view percent);

[[nodiscard]] yaml::kind<quantity> number_or_share(std::uint64_t least, std::uint64_t most, share_rule shares);

/// The name of a service, or another name of it ("liveness"); comes back as the canonical one. `services` must outlive
/// the kind.
[[nodiscard]] yaml::kind<std::string> service_names(const service_table& services);

/// pass, fail, inconclusive
[[nodiscard]] yaml::parsed<std::string> verdict_words(const yaml::scalar& from);

/// Why no case can be called so, whether as a name or as a pattern; none if one can.
[[nodiscard]] std::optional<std::string> name_objection(std::string_view name);

/// A case's name, or a glob.
[[nodiscard]] yaml::parsed<std::string> case_names(const yaml::scalar& from);

/// A case's name alone.
[[nodiscard]] yaml::parsed<std::string> plain_case_name(const yaml::scalar& from);

/// A date or a time in UTC.
[[nodiscard]] yaml::parsed<utc_time> moment(const yaml::scalar& from);

/// See core/time_window.hpp.
[[nodiscard]] yaml::parsed<time_window> window(const yaml::scalar& from);

/// The name of a file in the ticket's own folder.
[[nodiscard]] yaml::parsed<std::string> file_beside(const yaml::scalar& from);

/// The name of a column.
[[nodiscard]] yaml::parsed<std::string> csv_column(const yaml::scalar& from);

/// Any text.
[[nodiscard]] yaml::parsed<std::string> label_value(const yaml::scalar& from);

} // namespace kyc::reverify
