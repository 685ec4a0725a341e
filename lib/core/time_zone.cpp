#include "core/time_zone.hpp"

#include "core/units.hpp"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <system_error>

namespace kyc {
namespace {

constexpr std::string_view no_database = "this machine has no database of time zones: install the package tzdata";

/// Null: there is no such zone. The library throws for that, and when there is no database at all.
const date::time_zone* located(std::string_view name) {
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

/// Null: there is none.
const date::tzdb* database() {
    try {
        const auto& known = date::get_tzdb();
        return known.zones.empty() ? nullptr : &known;
    } catch (const std::exception&) {
        return nullptr;
    }
}

std::string lower(std::string_view text) {
    std::string small(text);
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    std::replace(small.begin(), small.end(), ' ', '_');
    return small;
}

/// A zone that differs in letter case alone, or whose last part is what was written: Berlin. Empty: none.
std::string meant_by(std::string_view name, const date::tzdb& known) {
    const auto wanted = lower(name);
    std::string found;
    for (const auto& zone : known.zones) {
        const auto candidate = lower(zone.name());
        if (candidate == wanted) return zone.name();
        if (found.empty() && candidate.ends_with('/' + wanted)) found = zone.name();
    }
    return found;
}

/// Whether the C library, which reads /etc/localtime whatever it is, shows the same times; months tell summer time.
bool is_shown_by_system(const date::time_zone& zone) {
    using namespace std::chrono_literals;
    for (auto month = 2020y / 1 / 1; month.year() < 2037y; month += std::chrono::months(1)) {
        const std::chrono::sys_seconds when = std::chrono::sys_days(month);
        const std::time_t seconds = when.time_since_epoch().count();
        std::tm shown{};
        if (::localtime_r(&seconds, &shown) == nullptr || shown.tm_gmtoff != zone.get_info(when).offset.count())
            return false;
    }
    return true;
}

/// Null: UTC.
boost::system::result<const date::time_zone*, std::string> of_localtime() {
    constexpr const date::time_zone* utc = nullptr;
    std::error_code error;
    // As localtime(5) has it: no file, UTC. A link that leads nowhere is somebody's mistake.
    const auto file = std::filesystem::symlink_status("/etc/localtime", error);
    if (!std::filesystem::exists(file)) return utc;
    try {
        const auto* const zone = date::current_zone();
        // Of a copy the library cannot tell the name: it takes that in /etc/timezone, which may be another's.
        if (std::filesystem::is_symlink(file) || is_shown_by_system(*zone)) return zone;
        return "/etc/localtime is no link to a zone, and not the zone " + zone->name() + " that /etc/timezone names";
    } catch (const std::exception&) {
        return std::string("/etc/localtime does not lead to a zone of the machine's database");
    }
}

} // namespace

boost::system::result<named_zone, std::string> named_zone::find(std::string_view name) {
    if (const auto* const zone = located(name)) return named_zone(zone, std::string(name));
    if (name == "UTC" || name == "Etc/UTC") return named_zone();
    const auto* const known = database();
    if (known == nullptr) return std::string(no_database) + ", or write UTC";
    const auto meant = meant_by(name, *known);
    return quote_text(name) + " is no time zone of this machine's database; " +
           (meant.empty() ? "write a name such as Europe/Berlin or UTC" : "is " + meant + " meant?");
}

boost::system::result<named_zone, std::string> named_zone::of_machine() {
    const auto of_file = []() -> boost::system::result<named_zone, std::string> {
        const auto zone = of_localtime();
        if (!zone) return zone.error();
        return *zone == nullptr ? named_zone() : named_zone(*zone, (*zone)->name());
    };
    // As the C library reads it (tzset(3)), but for rules in the variable itself, and for names that it takes for UTC.
    const char* const variable = std::getenv("TZ");
    if (variable == nullptr) return of_file();
    std::string_view name = variable;
    if (name.starts_with(':')) name.remove_prefix(1);
    if (name.empty()) return named_zone();
    if (name == "/etc/localtime") return of_file();
    constexpr std::string_view folder = "/zoneinfo/";
    if (const auto at = name.find(folder); name.starts_with('/') && at != std::string_view::npos)
        name.remove_prefix(at + folder.size());
    auto zone = find(name);
    if (zone) return zone;
    return "TZ is " + quote_text(variable) + ", and " +
           (database() == nullptr ? std::string(no_database) : "that is no time zone of this machine's database");
}

wall_time named_zone::on_wall(std::chrono::sys_seconds when) const {
    return zone_ == nullptr ? when : when + zone_->get_info(when).offset;
}

std::chrono::sys_seconds named_zone::first_at(wall_time shown) const {
    if (zone_ == nullptr) return shown;
    const auto around = zone_->get_info(date::local_seconds(shown.time_since_epoch()));
    if (around.result == date::local_info::nonexistent) return around.first.end;
    return shown - around.first.offset;
}

std::string named_zone::abbreviation(std::chrono::sys_seconds when) const {
    return zone_ == nullptr ? "UTC" : zone_->get_info(when).abbrev;
}

} // namespace kyc
