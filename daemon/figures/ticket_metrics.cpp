#include "figures/ticket_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace kyc {

namespace {

using kind = admin::metrics_page::kind;
using reverify::ticket_stand;
using reverify::ticket_view;

constexpr std::array ends{ticket_case_end::unchanged, ticket_case_end::changed, ticket_case_end::failed,
                          ticket_case_end::skipped};

double of(std::uint64_t value) {
    return static_cast<double>(value);
}

template<typename Condition>
double count(const std::vector<ticket_view>& open, Condition condition) {
    return static_cast<double>(std::count_if(open.begin(), open.end(), condition));
}

void write_stands(admin::metrics_page& page, const std::vector<ticket_view>& open) {
    page.family(kind::gauge, "kycd_tickets", "Re-verification tickets that have not ended, by what they do.");
    for (const auto stand : reverify::ticket_stands)
        page.value({{"state", to_string(stand)}},
                   count(open, [stand](const auto& each) { return each.stand == stand; }));
    page.family(kind::gauge, "kycd_tickets_paused", "Paused tickets, by who paused them.");
    for (const auto by : reverify::ticket_pauses)
        page.value({{"by", to_string(by)}}, count(open, [by](const auto& each) { return each.paused_by == by; }));
}

void write_cases(admin::metrics_page& page, const std::vector<ticket_view>& open) {
    ticket_balance all;
    std::uint64_t in_hand = 0;
    for (const auto& each : open) {
        all.selected += each.balance.selected;
        all.unchanged += each.balance.unchanged;
        all.changed += each.balance.changed;
        all.failed += each.balance.failed;
        all.skipped += each.balance.skipped;
        in_hand += std::min<std::uint64_t>(each.in_hand, each.balance.not_done());
    }
    page.family(kind::gauge, "kycd_ticket_cases", "Cases of the tickets that have not ended, by how far they are.");
    page.value({{"state", "waiting"}}, of(all.not_done() - in_hand));
    page.value({{"state", "in_hand"}}, of(in_hand));
    page.value({{"state", "unchanged"}}, of(all.unchanged));
    page.value({{"state", "changed"}}, of(all.changed));
    page.value({{"state", "failed"}}, of(all.failed));
    page.value({{"state", "skipped"}}, of(all.skipped));
}

/// Tickets run one after the other: one that gets on is enough. Each one that ends has to.
void write_still(admin::metrics_page& page, const std::vector<ticket_view>& open) {
    std::optional<std::chrono::seconds> running;
    std::chrono::seconds ending{0};
    for (const auto& each : open) {
        const auto still = each.still_for.value_or(std::chrono::seconds(0));
        if (each.stand == ticket_stand::running || each.stand == ticket_stand::held_up)
            running = std::min(running.value_or(still), still);
        if (each.stand == ticket_stand::ending) ending = std::max(ending, still);
    }
    page.family(kind::gauge, "kycd_ticket_still_seconds",
                "How long no case of any ticket that may run has got on, and of one that has to end; 0 without one.");
    page.value({{"state", "running"}},
               of(static_cast<std::uint64_t>(running.value_or(std::chrono::seconds(0)).count())));
    page.value({{"state", "ending"}}, of(static_cast<std::uint64_t>(ending.count())));
}

void write_counts(admin::metrics_page& page, const ticket_counts& counted) {
    page.family(kind::counter, "kycd_ticket_cases_ended_total", "Cases of tickets that ended, by how.");
    for (const auto& [service, told] : counted.cases_ended) {
        for (const auto end : ends) {
            const auto found = told.find(end);
            page.value({{"service", service}, {"end", to_string(end)}}, found == told.end() ? 0 : of(found->second));
        }
    }
    page.family(kind::counter, "kycd_tickets_ended_total", "Tickets that ended, by how.");
    for (const auto how : reverify::ticket_outcomes)
        page.value({{"how", to_string(how)}}, of(counted.ended.at(static_cast<std::size_t>(how))));
    page.single(kind::counter, "kycd_tickets_refused_total", "Tickets that were not taken in (BAD_TICKET).",
                of(counted.refused));
}

} // namespace

void write_ticket_metrics(admin::metrics_page& page, const ticket_counts& counted,
                          const std::vector<ticket_view>& open) {
    write_stands(page, open);
    write_cases(page, open);
    write_still(page, open);
    write_counts(page, counted);
}

} // namespace kyc
