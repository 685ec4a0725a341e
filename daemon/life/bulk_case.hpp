#pragma once
// What a case of the bulk lane carries through its life, and how its lane hears of it.

#include "async/awaitable.hpp"
#include "core/report_json.hpp"
#include "ledger/records.hpp"
#include "ledger/tickets.hpp"

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace kyc::reverify {

class bulk_case;

/// The lane as one of its cases sees it. Loop's thread only; outlives its cases.
class case_keeper {
  public:
    virtual ~case_keeper() = default;

    /// Whether the case may be sent now: the ticket runs, its window is open, its budget is not spent.
    [[nodiscard]] virtual bool may_send(const bulk_case& which) const = 0;

    /// For a repeat: suspends until the ticket's own rate lets one more go.
    [[nodiscard]] virtual async::awaitable<void> take_turn(const bulk_case& which) = 0;

    /// One more call, which will be paid as far as anybody knows; or, with false, that one was not.
    virtual void called(bulk_case& which, bool paid) = 0;

    /// It has its receipt: what bounds how many are being sent can go to another one.
    virtual void has_receipt(bulk_case& which) = 0;

    /// It waits for the API to take it, or for its next try: others may be sent meanwhile. With false: it goes on.
    virtual void held_back(const bulk_case& which, bool waits) = 0;

    /// Whether one case of its service more has to wait until the API takes them.
    [[nodiscard]] virtual bool has_to_wait(const bulk_case& which) const = 0;

    /// `which.row` tells how it ended, and that is durable.
    virtual void ended(const bulk_case& which) = 0;

    /// It was let go of before its end; `known` is what the ledger has of it, if anything.
    virtual void given_back(const bulk_case& which, const ledger::case_record& known) = 0;
};

/// Thrown by a step of a case that may not be sent any more for now; process_case() ends the case's run, and the lane
/// begins it anew when it may be.
class case_given_back : public std::runtime_error {
  public:
    case_given_back() : std::runtime_error("the case goes back to its ticket") {}
};

/// One case of a ticket in hand. Not movable: its lane may point to it.
class bulk_case {
  public:
    std::int64_t ticket = 0;      ///< the ledger's row
    ledger::ticket_case row;      ///< how it stands; its end is filled in at the end
    std::filesystem::path folder; ///< where it stands in outbox/
    bool flat = false;            ///< its files are called <case>.<field>.<ext>
    std::vector<file_facts> sent; ///< what the standing answer was given for; empty once there is a receipt
    std::uint32_t calls = 0;      ///< paid ones, as far as is known
    std::string answered;         ///< the verdict of the new answer, once there is one
    bool before_receipt = true;   ///< counts among those that are being sent

    bulk_case(case_keeper& keeper, std::int64_t ticket_, ledger::ticket_case row_)
        : ticket(ticket_), row(std::move(row_)), keeper_(keeper) {}

    bulk_case(const bulk_case&) = delete;
    bulk_case& operator=(const bulk_case&) = delete;

    [[nodiscard]] case_keeper& keeper() const { return keeper_; }

    /// Throws case_given_back when it may not be sent now.
    void check_leave() const {
        if (!keeper_.may_send(*this)) throw case_given_back();
    }

    /// Throws case_given_back when others wait already until the API takes cases of its service.
    void check_wait() const {
        if (!keeper_.has_to_wait(*this)) throw case_given_back();
    }

  private:
    case_keeper& keeper_;
};

} // namespace kyc::reverify
