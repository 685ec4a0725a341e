#pragma once
// Time zones by name and the machine's own, as far as windows need them. The one place that knows the library of zones.

#include <boost/system/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace kyc {

/// A time on a clock on the wall, as if that clock were UTC's.
using wall_time = std::chrono::sys_seconds;

/// One of the database's zones, or UTC, which needs none. A value; the database lives as long as the program.
class named_zone {
  public:
    /// UTC.
    named_zone() = default;

    /// The error is a sentence that says which names there are, and one that may be meant.
    [[nodiscard]] static boost::system::result<named_zone, std::string> find(std::string_view name);

    /// That of TZ or of /etc/localtime, see time_window. The error is a part of a sentence: "TZ is 'x', which …".
    [[nodiscard]] static boost::system::result<named_zone, std::string> of_machine();

    [[nodiscard]] const std::string& name() const { return name_; }

    [[nodiscard]] wall_time on_wall(std::chrono::sys_seconds when) const;

    /// The first moment at which the clock shows this time, or a later one because it was set forward over it.
    [[nodiscard]] std::chrono::sys_seconds first_at(wall_time shown) const;

    /// "CET"; "+1030" where people have no word for it.
    [[nodiscard]] std::string abbreviation(std::chrono::sys_seconds when) const;

  private:
    named_zone(const date::time_zone* zone, std::string name) : zone_(zone), name_(std::move(name)) {}

    const date::time_zone* zone_ = nullptr;
    std::string name_ = "UTC";
};

} // namespace kyc
