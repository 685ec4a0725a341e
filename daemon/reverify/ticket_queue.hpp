#pragma once
// The cases of a ticket that have been read from the ledger and are not begun yet.

#include "ledger/tickets.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace kyc::reverify {

/// A line for each folder of outbox/, which is a service's: one that the API does not take for hours keeps no other
/// waiting. Of a line only the first rows are kept; what is passed over is read again when they are used up. Loop's
/// thread only.
class ticket_queue {
  public:
    struct line {
        std::string service;                  ///< canonical
        std::deque<ledger::ticket_case> rows; ///< what is begun next in front
        std::uint64_t passed_over_from = 0;   ///< the number of the first row that was; 0: none

        [[nodiscard]] bool empty() const { return rows.empty() && passed_over_from == 0; }

        /// Its rows are used up, and there are more.
        [[nodiscard]] bool has_to_be_read() const { return rows.empty() && passed_over_from != 0; }

        /// Of what is begun next; 0 when it is empty.
        [[nodiscard]] std::uint64_t number() const { return rows.empty() ? passed_over_from : rows.front().number; }

        /// What is begun next is a canary; these come before all others.
        [[nodiscard]] bool has_canary() const { return !rows.empty() && rows.front().canary; }
    };

    /// `kept`: how many rows a line has at most, but for what is given back.
    explicit ticket_queue(std::size_t kept) : kept_(kept) {}

    /// One that was read; they come in the order of their numbers.
    void add(ledger::ticket_case row);

    /// One that was read again for `folder`; those of other folders are left aside.
    void add_again(const std::string& folder, ledger::ticket_case row);

    /// Everything of this folder that was passed over has a number not below this one; 0: nothing is left of it.
    void passed_over_from(const std::string& folder, std::uint64_t number) {
        lines_.at(folder).passed_over_from = number;
    }

    /// One that was taken goes before all others of its folder.
    void give_back(ledger::ticket_case row);

    /// The first or the last of a folder's rows, of which there are some.
    [[nodiscard]] ledger::ticket_case take_first(const std::string& folder);
    [[nodiscard]] ledger::ticket_case take_last(const std::string& folder);

    /// By folder; some may be empty.
    [[nodiscard]] const std::map<std::string, line>& lines() const { return lines_; }

    [[nodiscard]] bool empty() const;

    /// The folder with the lowest number among those that are not empty and may be begun; none: there is none.
    [[nodiscard]] std::optional<std::string>
    first_folder(const std::function<bool(const std::string& folder, const line& of)>& may_be_begun) const;

  private:
    std::size_t kept_;
    std::map<std::string, line> lines_;
};

} // namespace kyc::reverify
