#pragma once
// How many cases stand where, and for how long: what an overview of the spool shows.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// How far a case has come that has not ended.
enum class case_phase : std::uint8_t {
    not_ready,  ///< in the inbox, and incomplete or still being written at the last look
    waiting,    ///< in the inbox
    claimed,    ///< in work/, being read and checked, or waiting for the API to take it
    sending,    ///< its attempt is on disk and the upload under way
    pending,    ///< it has a receipt and waits for its answer
    delivering, ///< how it ends is known and goes to disk
};

inline constexpr std::size_t case_phase_count = 6;

/// "not_ready", "waiting", "claimed", "sending", "pending", "delivering": as in the status document and the metrics.
[[nodiscard]] std::string_view to_string(case_phase value);

/// Seconds since 1970, UTC, as a case carries them: there may be 100,000.
using epoch_seconds = std::uint32_t;

/// 0 for what lies before 1970.
[[nodiscard]] epoch_seconds to_epoch_seconds(std::chrono::system_clock::time_point time);
[[nodiscard]] std::chrono::system_clock::time_point from_epoch_seconds(epoch_seconds value);

/// Counts of cases by service, phase, and the second in which they came there. Each change costs a few steps through
/// maps of seconds and minutes, however many cases there are, and so does each question: to look at a day, as far as
/// the bounds of the ages go, 1,440 minutes are added up at most.
class census {
  public:
    /// Stands for the name of a service.
    using service_id = std::uint16_t;

    /// Where one case stands: all that it has to keep to be counted out again.
    struct stand {
        epoch_seconds since = 0;
        service_id service = 0;
        case_phase phase = case_phase::waiting;
    };

    /// The same id for the same name, for ever. There are as many names as the table of services has, and one more.
    [[nodiscard]] service_id id_of(std::string_view service);

    void add(const stand& which);

    /// One that was added.
    void remove(const stand& which);

    /// Bounds of the ages; a last class takes what is older.
    static constexpr std::array<std::chrono::seconds, 6> age_bounds{std::chrono::minutes(1),  std::chrono::minutes(5),
                                                                    std::chrono::minutes(15), std::chrono::hours(1),
                                                                    std::chrono::hours(6),    std::chrono::hours(24)};

    /// The cases of one phase and service; there is at least one.
    struct row {
        case_phase phase = case_phase::waiting;
        std::string service;
        std::uint64_t cases = 0;
        std::chrono::seconds oldest{0};                          ///< age
        std::array<std::uint64_t, age_bounds.size() + 1> ages{}; ///< by age: those below the bound of the same place
    };

    /// By phase, then by service. What came later than `now` (the clock was set back) is of no age.
    [[nodiscard]] std::vector<row> rows(epoch_seconds now) const;

    /// All cases of a phase.
    [[nodiscard]] std::uint64_t count(case_phase phase) const;

  private:
    struct group {
        std::uint64_t cases = 0;
        std::map<epoch_seconds, std::uint32_t> seconds;
        std::map<epoch_seconds, std::uint32_t> minutes; ///< the same, by since / 60
    };

    [[nodiscard]] static row row_of(const group& of, epoch_seconds now);

    std::map<std::string, service_id, std::less<>> ids_;
    std::vector<std::array<group, case_phase_count>> groups_; ///< by service_id, then phase
};

} // namespace kyc
