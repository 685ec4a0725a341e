#pragma once
// When bulk work may run: a part of each day by the clock on the wall of some place (design section 9).

#include <boost/system/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kyc {

/// "22:00-06:00", "22:00-06:00 Europe/Berlin" or "always", which "00:00-24:00" is too. It may pass midnight; the end
/// may be 24:00; start and end are not the same.
///
/// A window goes by a clock that never goes back: where the one on the wall is set back, it is taken to stand still
/// until it is caught up with. So a window begins at the first moment at which the clock shows its start, or a later
/// time because it was set forward over the start, and ends at the first moment at which the clock has come to its end.
/// A night in which the clock goes back is an hour longer, one in which it goes forward an hour shorter, no window is
/// entered twice for one date, and one that lies wholly in the hour that is left out is not open on that date.
///
/// Zones are those of the machine's database (tzdata), read once and when they are needed first: after an update of the
/// database a zone is the old one until the program starts anew. Beyond 2037 they have no summer time. Without a zone
/// in the text it is the machine's: that of TZ if it is set (empty: UTC), else that of /etc/localtime, else UTC. UTC
/// needs no database. A value, cheap to copy. Any thread.
class time_window {
  public:
    using time = std::chrono::system_clock::time_point;

    /// Always open.
    time_window();

    /// 22:00-06:00 by the machine's clock; by UTC while machine_zone_trouble() has something to say.
    [[nodiscard]] static time_window nightly();

    /// The error says what is wrong and what is allowed: a form, a zone that the machine's database does not have, or a
    /// text without a zone on a machine whose own cannot be told.
    [[nodiscard]] static boost::system::result<time_window, std::string> parse(std::string_view text);

    /// Why the machine's zone cannot be told (TZ or /etc/localtime name none that the database has), as a part of a
    /// sentence. None: it can.
    [[nodiscard]] static std::optional<std::string> machine_zone_trouble();

    [[nodiscard]] bool is_open(time now) const;

    /// `now` while it is open, else when it opens next.
    [[nodiscard]] time opens(time now) const;

    /// When the window that is open at `now` closes; time::max() for one that is always open. Only while it is open.
    /// Never a moment at which it opens again.
    [[nodiscard]] time closes(time now) const;

    /// When work that takes `duration` of open time and begins at `now` at the earliest is done; `now` when it takes
    /// none. time::max() for what takes more than 10,000 nights.
    [[nodiscard]] time done_after(time now, std::chrono::milliseconds duration) const;

    [[nodiscard]] bool is_always() const { return span_ == nullptr; }

    /// "22:00-06:00 Europe/Berlin", with the zone's name in any case; "always". parse() reads it back.
    [[nodiscard]] std::string describe() const;

    /// A moment on the window's clock, for people: "Mon 23 Nov 22:00 CET". On the machine's for one that is always
    /// open.
    [[nodiscard]] std::string on_its_clock(time when) const;

    /// The same times of day in a zone of the same name.
    bool operator==(const time_window& other) const;

  private:
    struct span; ///< of minutes, and the zone

    explicit time_window(std::shared_ptr<const span> hours) : span_(std::move(hours)) {}

    std::shared_ptr<const span> span_;
};

} // namespace kyc
