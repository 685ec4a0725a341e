#include "reverify/ticket_report.hpp"

#include "core/fault_point.hpp"
#include "fs/ticket_files.hpp"
#include "life/case_world.hpp"
#include "life/keep_trying.hpp"
#include "life/standing_sight.hpp"
#include "reverify/morning_report.hpp"
#include "reverify/running_ticket.hpp"

#include <iterator>
#include <map>
#include <utility>

namespace kyc::reverify {

namespace {

bool not_written(case_world& world, running_ticket& which, const fault& met) {
    const std::string what = "the report of a ticket cannot be written, trying again: ";
    world.troubles.met(what, what + met.message(), about(which));
    lose_patience(world, which, "its report cannot be written", met);
    return false;
}

/// The rows of cases that have not ended know nothing of their calls yet.
void add_sent(report_source& to, const std::map<std::uint64_t, sent_case>& sent) {
    for (auto& row : to.cases) {
        const auto found = row.end == ticket_case_end::waiting ? sent.find(row.number) : sent.end();
        if (found == sent.end()) continue;
        row.calls = found->second.calls;
        if (found->second.has_task) ++to.awaited;
    }
}

/// On record before it is there: a start after a kill writes to it, not beside it.
async::awaitable<result<void>> choose_place(case_world& world, running_ticket& which) {
    auto choose = [&world, &which]() { return fs::free_report_place(world.layout, which.about.name); };
    const auto chosen = co_await world.pool.run(choose);
    if (!chosen) co_return chosen.error();
    which.about.place = chosen->string();
    co_await put_on_record(world, which);
    co_return result<void>();
}

async::awaitable<std::vector<ledger::ticket_case>> all_rows(case_world& world, const running_ticket& which) {
    std::vector<ledger::ticket_case> all;
    all.reserve(which.balance.selected); // growing, it would move them all in one turn of the loop
    for (std::uint64_t after = 0;;) {
        auto rows = co_await rows_behind(world, which, after, false);
        if (rows.empty()) break;
        after = rows.back().number;
        std::move(rows.begin(), rows.end(), std::back_inserter(all));
    }
    co_return all;
}

} // namespace

async::awaitable<bool> write_ticket_report(case_world& world, running_ticket& which) {
    if (!which.patience.may_try(std::chrono::steady_clock::now())) co_return false;
    if (which.about.place.empty()) {
        const auto chosen = co_await choose_place(world, which);
        if (!chosen) co_return not_written(world, which, chosen.error());
    }
    report_source source;
    source.about = which.about;
    source.asked = which.asked;
    source.window = which.window;
    source.left = left_out_in(which.about.orders);
    source.written_at = std::chrono::system_clock::now();
    const auto told = which.progress_now();
    const auto sent = which.sent; // before the rows: whatever ends meanwhile is not taken for one that was never sent
    source.cases = co_await all_rows(world, which);
    add_sent(source, sent);
    if (world.config->reports.personal_data)
        source.values = [&world](const ledger::ticket_case& row) { return compare_kept(world.layout, row); };
    auto write = [&world, &source]() {
        const auto from = std::move(source); // its rows end here: to free them takes long, too
        auto texts = write_reports(from);
        const std::vector<std::pair<std::string, std::string>> files{{"report.json", std::move(texts.json)},
                                                                     {"report.csv", std::move(texts.csv)},
                                                                     {"report.html", std::move(texts.html)},
                                                                     {"ticket.yaml", from.about.text}};
        return fs::write_ticket_report(world.layout, from.about.name, from.about.place, files, world.access);
    };
    const auto place = co_await world.pool.run(write);
    fault_point("ticket.report_written", which.about.name);
    if (!place) co_return not_written(world, which, place.error());
    which.patience.worked();
    which.report_wanted = false;
    which.reported = told;
    which.reported_at = std::chrono::steady_clock::now();
    if (which.about.place != place->string()) {
        which.about.place = place->string();
        co_await put_on_record(world, which);
    }
    co_return true;
}

} // namespace kyc::reverify
