#pragma once
// The files in inbox/reverify/: which become tickets, and what the names of those that have ask for.

#include "fs/ticket_files.hpp"
#include "life/case_world.hpp"
#include "reverify/bulk_lane.hpp"
#include "reverify/stray_watch.hpp"
#include "reverify/take_in_ticket.hpp"
#include "reverify/ticket_course.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace kyc::reverify {

/// Takes tickets in and heeds what their files' names ask for; what follows from it is ticket_course's. Loop's thread
/// only; files are read and written on the pool.
class ticket_desk {
  public:
    /// World and lane outlive it.
    ticket_desk(case_world& world, bulk_lane& lane, const boost::asio::any_io_executor& loop,
                async::task_group::on_exception on_exception);

    /// Goes on with the tickets of earlier processes. `open`: the records of their cases that have not ended.
    [[nodiscard]] async::awaitable<void> recover(std::vector<ledger::case_record> open);

    /// Looks into inbox/reverify/ and after the tickets, for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep();

    /// The ledger was lost or damaged, and may have forgotten what was done for a ticket: all are paused until somebody
    /// has looked. Before recover(), and while the loss is still on record; also for `run --once`, which runs no
    /// tickets.
    [[nodiscard]] async::awaitable<void> distrust();

    /// The lane's tickets, and the files that are none yet.
    [[nodiscard]] std::vector<ticket_view> view() const;

    /// Those that ended within a day and since the start, the last one first; a few at most.
    [[nodiscard]] std::vector<ended_ticket> ended() const { return course_.ended(); }

    /// What takes long on the pool is left. Any thread.
    void stop() { way_in_.stopping = true; }

    /// Suspends until nothing is taken in any more. For a stop, when keep() has been cancelled.
    [[nodiscard]] async::awaitable<void> end();

  private:
    [[nodiscard]] async::awaitable<void> look_at_files();
    [[nodiscard]] async::awaitable<void> meet(const fs::ticket_file& file);
    [[nodiscard]] async::awaitable<void> take_in(fs::ticket_file file);
    [[nodiscard]] bool is_stuck(const fs::ticket_file& file) const;
    void see_way_in(const fs::ticket_file* file);
    [[nodiscard]] async::awaitable<void> see_edit(running_ticket& which, const fs::ticket_file& file);
    [[nodiscard]] async::awaitable<void> heed(running_ticket& which, const fs::ticket_file* file);

    /// A file of a ticket that is not taken in.
    struct sighting {
        utc_time written_at{};
        fs::ticket_wish wish = fs::ticket_wish::run;
        bool empty = false;
        std::chrono::steady_clock::time_point since{}; ///< it has looked like that
        bool its_turn_comes = false;                   ///< it would be taken in, were it not for another one
    };

    /// One that could not be taken in, and is tried again.
    struct stuck_file {
        utc_time written_at{};
        std::chrono::steady_clock::time_point until{};
    };

    /// The ticket on its way in: nobody else's, but not in the lane yet.
    struct on_its_way {
        std::string name; ///< empty: none
        fs::ticket_wish wish = fs::ticket_wish::run;
        int looks_without_file = 0; ///< in a row
    };

    case_world& world_;
    bulk_lane& lane_;
    ticket_course course_;
    stray_watch strays_;
    std::map<std::string, sighting> seen_;    ///< by name
    std::map<std::string, stuck_file> stuck_; ///< by name
    std::map<std::string, utc_time>
        unedited_;                ///< by name: when the file of a running ticket was last found to be its own
    async::task_group taking_in_; ///< one at a time; pausing and cancelling do not wait for it
    on_its_way entering_;
    way_in_end way_in_;
    std::chrono::steady_clock::time_point looked_{};
    bool inbox_trouble_ = false; ///< said already
};

} // namespace kyc::reverify
