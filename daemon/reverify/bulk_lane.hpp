#pragma once
// The bulk lane: accepted tickets, and their cases one after the other through what the live lane leaves (design
// section 9).

#include "async/signal.hpp"
#include "life/bulk_case.hpp"
#include "life/case_world.hpp"
#include "reverify/running_ticket.hpp"
#include "told/ticket_view.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kyc::reverify {

/// Runs the cases of tickets. Live cases go first at every permit, rate and turn; while some wait, bulk cases take at
/// most lanes.bulk.share of the uploads, and never more than that share of limits.pending. A case that may not be sent
/// any more (its window has closed, its ticket was paused) is given back unless its upload has begun; tasks are polled
/// to their end whatever the hour. Loop's thread only.
class bulk_lane final : public case_keeper {
  public:
    /// All outlive it. `live_waits`: whether dropped cases wait for anything now. `on_exception`: as of task_group.
    bulk_lane(case_world& world, std::function<bool()> live_waits, const boost::asio::any_io_executor& loop,
              async::task_group& cases, async::task_group::on_exception on_exception);
    ~bulk_lane() override;
    bulk_lane(const bulk_lane&) = delete;
    bulk_lane& operator=(const bulk_lane&) = delete;

    /// For a ticket whose row is there and `running` or `paused`, at the start or when it is accepted: reads how far
    /// its canaries are. `known`: the open records of its cases, of an earlier process; those that have a task go on at
    /// once, at whatever hour.
    [[nodiscard]] async::awaitable<running_ticket*> add(std::unique_ptr<running_ticket> ticket,
                                                        std::map<case_key, ledger::case_record>& known);

    /// None of its cases is in hand.
    void remove(const running_ticket& ticket);

    [[nodiscard]] const std::list<std::unique_ptr<running_ticket>>& tickets() const { return tickets_; }

    /// Begins cases whenever something lets it, for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> feed();

    /// Cases of it that wait without having been sent are given back: it may not call any more for now.
    void hold_back(running_ticket& ticket);

    /// Suspends until no case without a receipt is under way. For a stop, after feed() has ended.
    [[nodiscard]] async::awaitable<void> end();

    /// Something changed that may let more begin, or that a ticket's keeper has to see to.
    async::signal bell;

    [[nodiscard]] std::vector<ticket_view> view(utc_time now) const;

    // case_keeper
    [[nodiscard]] bool may_send(const bulk_case& which) const override;
    [[nodiscard]] async::awaitable<void> take_turn(const bulk_case& which) override;
    void called(bulk_case& which, bool paid) override;
    void has_receipt(bulk_case& which) override;
    void held_back(const bulk_case& which, bool waits) override;
    [[nodiscard]] bool has_to_wait(const bulk_case& which) const override;
    void ended(const bulk_case& which) override;
    void given_back(const bulk_case& which, const ledger::case_record& known) override;

  private:
    [[nodiscard]] running_ticket& ticket_of(const bulk_case& which) const;
    [[nodiscard]] running_ticket* find(std::int64_t id) const;
    [[nodiscard]] bool live_waited() const;
    [[nodiscard]] std::size_t share_of(std::uint64_t limit) const;
    [[nodiscard]] bool has_room();
    [[nodiscard]] running_ticket* next_ticket();
    [[nodiscard]] std::chrono::steady_clock::duration until_next_look() const;
    [[nodiscard]] async::awaitable<void> read_ahead(running_ticket& ticket);
    [[nodiscard]] async::awaitable<void> read_again(running_ticket& ticket, const std::string& folder);
    [[nodiscard]] async::awaitable<void> run_case(std::unique_ptr<bulk_case> again, ledger::case_record record,
                                                  async::permit unanswered);
    [[nodiscard]] async::awaitable<void> begin_case(std::unique_ptr<bulk_case>& again, ledger::case_record& record,
                                                    async::permit& unanswered);
    [[nodiscard]] std::string objection_to_sending(const bulk_case& which, const case_key& key) const;
    [[nodiscard]] async::awaitable<void> skip(bulk_case& again, ledger::case_record& record, std::string why);
    [[nodiscard]] std::unique_ptr<bulk_case> take_in_hand(running_ticket& ticket, ledger::ticket_case row);
    void let_go(const bulk_case& which);
    [[nodiscard]] bool is_turned_away(const std::string& folder) const;
    [[nodiscard]] bool admits(const std::string& folder) const;
    [[nodiscard]] std::optional<std::string> next_folder(const running_ticket& ticket) const;
    [[nodiscard]] bool can_begin(const running_ticket& ticket) const;
    [[nodiscard]] ledger::ticket_case take_next(running_ticket& ticket, const std::string& folder) const;
    void no_longer_unsent(const bulk_case& which);
    static void stop_if_asked(running_ticket& ticket);

    /// Whether another ticket has the case in hand, or has sent it and does not know yet what came of that.
    [[nodiscard]] bool is_anothers(const case_key& key, std::int64_t ticket) const;

    /// Cases in hand without a receipt.
    struct unsent_cases {
        std::size_t cases = 0;
        std::size_t waiting = 0; ///< of these: held back
    };

    case_world& world_;
    std::function<bool()> live_waits_;
    boost::asio::any_io_executor loop_;
    async::task_group& cases_;
    async::task_group::on_exception on_exception_;
    std::list<std::unique_ptr<running_ticket>> tickets_; ///< in the order of acceptance
    std::map<case_key, std::int64_t> owners_; ///< which ticket has a case in hand; the ledger has one record for both
    std::size_t sending_ = 0;                 ///< cases in hand without a receipt, but for those that are held back
    std::map<std::string, unsent_cases> unsent_; ///< by folder; only where there are some
    std::size_t in_hand_ = 0;
    std::chrono::steady_clock::time_point live_waited_{}; ///< last
};

} // namespace kyc::reverify
