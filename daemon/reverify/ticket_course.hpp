#pragma once
// The course of a ticket that was accepted: its start, its window's edges, its canaries and bounds, pauses, and its
// end.

#include "fs/ticket_files.hpp"
#include "life/case_world.hpp"
#include "reverify/bulk_lane.hpp"
#include "reverify/running_ticket.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kyc::reverify {

/// Puts tickets into the lane, lets them run, stand still and end, and takes them out again; each step is durable
/// before anything follows from it. Loop's thread only; files are read and written on the pool.
class ticket_course {
  public:
    /// World and lane outlive it.
    ticket_course(case_world& world, bulk_lane& lane, const boost::asio::any_io_executor& loop,
                  async::task_group::on_exception on_exception);

    /// A ticket that has just been accepted, with so many cases. Like one of an earlier process it begins none of them
    /// before its file was seen as one that lets it run.
    [[nodiscard]] async::awaitable<void> begin(ledger::ticket_record accepted, ticket asked, std::uint64_t selected);

    /// Goes on with the tickets of earlier processes. `open`: the records of their cases that have not ended.
    [[nodiscard]] async::awaitable<void> recover(std::vector<ledger::case_record> open);

    /// The ticket of that name that runs; null: there is none.
    [[nodiscard]] running_ticket* find(const std::string& name) const;

    /// Does what the name of its file asks for; none: its file was taken away. Of a ticket that is not ending yet.
    [[nodiscard]] async::awaitable<void> follow(running_ticket& which, std::optional<fs::ticket_wish> wish);

    /// Looks after all tickets, once: only here do they leave the lane.
    [[nodiscard]] async::awaitable<void> look_after_all();

    /// Those that ended within a day and since the start, the last one first; a few at most.
    [[nodiscard]] std::vector<ended_ticket> ended() const;

  private:
    [[nodiscard]] async::awaitable<void> give_earlier_orders(running_ticket& which);
    [[nodiscard]] async::awaitable<void> look_after(running_ticket& which);
    [[nodiscard]] async::awaitable<void> see_window(running_ticket& which);
    [[nodiscard]] async::awaitable<void> begin_pause(running_ticket& which, std::string why);
    [[nodiscard]] async::awaitable<void> end_pause(running_ticket& which);
    [[nodiscard]] async::awaitable<void> finish(running_ticket& which);
    void note_end(const running_ticket& which);
    [[nodiscard]] async::awaitable<void> close_known(running_ticket& which);
    [[nodiscard]] async::awaitable<bool> leave_inbox(running_ticket& which);
    [[nodiscard]] std::unique_ptr<running_ticket> make(ledger::ticket_record about) const;
    void give_orders(running_ticket& to, ticket asked) const;

    case_world& world_;
    bulk_lane& lane_;
    boost::asio::any_io_executor loop_;
    async::task_group::on_exception on_exception_;
    std::deque<ended_ticket> ended_; ///< since the start, the last one first
};

} // namespace kyc::reverify
