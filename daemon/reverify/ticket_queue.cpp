#include "reverify/ticket_queue.hpp"

#include <algorithm>
#include <utility>

namespace kyc::reverify {

void ticket_queue::add(ledger::ticket_case row) {
    auto& of = lines_[row.folder];
    if (of.passed_over_from != 0) return; // it lies behind that
    if (of.rows.size() >= kept_) {
        of.passed_over_from = row.number;
        return;
    }
    of.service = row.service;
    of.rows.push_back(std::move(row));
}

void ticket_queue::add_again(const std::string& folder, ledger::ticket_case row) {
    if (row.folder == folder) lines_.at(folder).rows.push_back(std::move(row));
}

void ticket_queue::give_back(ledger::ticket_case row) {
    auto& of = lines_[row.folder];
    of.service = row.service;
    of.rows.push_front(std::move(row));
}

ledger::ticket_case ticket_queue::take_first(const std::string& folder) {
    auto& rows = lines_.at(folder).rows;
    auto row = std::move(rows.front());
    rows.pop_front();
    return row;
}

ledger::ticket_case ticket_queue::take_last(const std::string& folder) {
    auto& rows = lines_.at(folder).rows;
    auto row = std::move(rows.back());
    rows.pop_back();
    return row;
}

bool ticket_queue::empty() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const auto& each) { return each.second.empty(); });
}

std::optional<std::string>
ticket_queue::first_folder(const std::function<bool(const std::string& folder, const line& of)>& may_be_begun) const {
    const std::pair<const std::string, line>* first = nullptr;
    for (const auto& each : lines_) {
        if (each.second.empty() || !may_be_begun(each.first, each.second)) continue;
        if (first == nullptr || each.second.number() < first->second.number()) first = &each;
    }
    if (first == nullptr) return std::nullopt;
    return first->first;
}

} // namespace kyc::reverify
