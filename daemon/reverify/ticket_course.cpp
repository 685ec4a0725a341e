#include "reverify/ticket_course.hpp"

#include "core/fault_point.hpp"
#include "fs/safe_open.hpp"
#include "life/keep_trying.hpp"
#include "log/log.hpp"
#include "reverify/take_in_ticket.hpp"
#include "reverify/ticket_report.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace kyc::reverify {

using ledger::ticket_state;

namespace {

/// How long, and how many, tickets that have ended are told of.
constexpr std::chrono::hours ended_lately{24};
constexpr std::size_t most_ended = 20;

/// Between two reports of a ticket that may not run, while answers to what it has sent still come in.
constexpr std::chrono::seconds between_reports{30};

/// Whether its last report tells less than is known: it may not run any more, but what it has paid for is answered.
bool is_behind(const running_ticket& which) {
    const bool may_run =
        which.about.state == ticket_state::running && which.window.is_open(std::chrono::system_clock::now());
    if (may_run || !which.ending.empty() || which.reported == which.progress_now()) return false;
    return which.in_hand == 0 || std::chrono::steady_clock::now() - which.reported_at >= between_reports;
}

/// How a case ends that was paid for and will not be sent again.
failure_code code_of_paid(const ledger::case_record& record) {
    return record.failed_tasks >= record.paid ? failure_code::task_failed : failure_code::unknown_outcome;
}

} // namespace

ticket_course::ticket_course(case_world& world, bulk_lane& lane, const boost::asio::any_io_executor& loop,
                             async::task_group::on_exception on_exception)
    : world_(world), lane_(lane), loop_(loop), on_exception_(std::move(on_exception)) {}

std::unique_ptr<running_ticket> ticket_course::make(ledger::ticket_record about) const {
    return std::make_unique<running_ticket>(std::move(about), loop_, on_exception_);
}

void ticket_course::give_orders(running_ticket& to, ticket asked) const {
    to.window = asked.window.value_or(world_.config->bulk.window);
    to.rate.set(asked.rate);
    to.asked = std::move(asked);
}

running_ticket* ticket_course::find(const std::string& name) const {
    for (const auto& each : lane_.tickets())
        if (each->about.name == name) return each.get();
    return nullptr;
}

async::awaitable<void> ticket_course::begin(ledger::ticket_record accepted, ticket asked, std::uint64_t selected) {
    auto made = make(std::move(accepted));
    made->balance.selected = selected;
    give_orders(*made, std::move(asked));
    std::map<case_key, ledger::case_record> nothing_open;
    (void)co_await lane_.add(std::move(made), nothing_open);
}

async::awaitable<void> ticket_course::recover(std::vector<ledger::case_record> open) {
    std::map<case_key, ledger::case_record> known;
    for (auto& record : open)
        known.emplace(record.key, std::move(record));
    auto read = [this]() { return world_.ledger.tickets().open_tickets(); };
    auto standing = co_await keep_trying(world_, read);
    std::set<std::int64_t> open_tickets;
    for (const auto& each : standing)
        open_tickets.insert(each.about.id);
    for (auto& [key, record] : known) // a damaged ledger may have lost its ticket, and kept another that asks for it
        if (!open_tickets.contains(record.ticket)) record.ticket = 0;
    for (auto& each : standing) {
        if (each.about.state == ticket_state::selecting) { // nothing was sent, and its file is still there
            auto forget = [this, &each]() { return world_.ledger.tickets().delete_ticket(each.about.id); };
            co_await keep_trying(world_, forget);
            continue;
        }
        auto made = make(std::move(each.about));
        made->balance = each.balance;
        made->calls = each.calls;
        co_await give_earlier_orders(*made);
        if (made->about.state == ticket_state::reporting) made->ending = made->about.why;
        made->was_open = made->about.begun_at.has_value(); // or a window that has closed meanwhile would close unseen
        auto* const added = co_await lane_.add(std::move(made), known);
        log::info("going on with a re-verification ticket: " + added->balance.line(), about(*added));
    }
    for (auto& [key, record] : known) {
        log::warning("the ledger has lost the ticket of a case: its answer is not waited for, the old one stands",
                     {{"case", key.folder + "/" + key.name}, {"task", record.task_id()}});
        ledger::case_end end;
        end.at = std::chrono::system_clock::now();
        auto close = [this, &lost = record, &end]() { return world_.ledger.close(lost, end); };
        co_await keep_trying(world_, close);
    }
}

/// What its text says, or at least how it is run: the CSV that it names may be gone, a service not be there any more.
async::awaitable<void> ticket_course::give_earlier_orders(running_ticket& which) {
    const auto config = world_.config;
    parsed_ticket parsed;
    for (const auto* text : {&which.about.text, &which.about.orders}) {
        auto parse = [this, &which, &config, text]() -> result<parsed_ticket> {
            return parse_dropped(world_.layout, config->services, which.about.name, which.about.name + ".yaml", *text);
        };
        parsed = co_await keep_trying_on_pool(world_, parse);
        if (parsed.asked) break;
    }
    if (parsed.asked) {
        give_orders(which, std::move(*parsed.asked));
    } else {
        which.ending = std::string(ended_unreadable) + ": " + parsed.why;
    }
}

async::awaitable<void> ticket_course::follow(running_ticket& which, std::optional<fs::ticket_wish> wish) {
    auto& record = which.about;
    if (!wish || *wish == fs::ticket_wish::cancel) {
        which.ending = wish ? ended_by_name : ended_without_file;
        log::info("a ticket is " + which.ending + "; " + which.balance.line(), about(which));
        co_return;
    }
    if (record.state == ticket_state::pausing) {
        co_await end_pause(which);
        co_return;
    }
    if (*wish == fs::ticket_wish::pause && record.state == ticket_state::running) {
        record.state = ticket_state::paused;
        record.why = paused_by_name;
        co_await put_on_record(world_, which);
        lane_.hold_back(which);
        log::info("a ticket is paused; " + which.balance.line(), about(which));
        which.report_wanted = true;
    } else if (*wish == fs::ticket_wish::run && record.state == ticket_state::paused) {
        const bool canaries_told = which.canaries_left == 0 && record.why == which.canary_objection();
        record.state = ticket_state::running;
        record.why.clear();
        record.canaries_accepted = record.canaries_accepted || canaries_told;
        which.pace.begin(ticket_pace::clock::now());
        co_await put_on_record(world_, which);
        log::info("a ticket goes on; " + which.balance.line(), about(which));
        lane_.bell.notify_all();
    }
}

/// By kycd itself: the file is renamed, so that resuming is the same for everybody.
async::awaitable<void> ticket_course::begin_pause(running_ticket& which, std::string why) {
    which.about.state = ticket_state::pausing;
    which.about.why = std::move(why);
    co_await put_on_record(world_, which);
    lane_.hold_back(which);
    log::warning("paused a ticket: " + which.about.why + "; 'kycd reverify resume " + which.about.name +
                     "' lets it go on, 'kycd reverify cancel' ends it",
                 about(which));
    co_await end_pause(which);
    which.report_wanted = true;
}

async::awaitable<void> ticket_course::end_pause(running_ticket& which) {
    auto rename = [this, &which]() { return fs::wish_for(world_.layout, which.about.name, fs::ticket_wish::pause); };
    const auto renamed = co_await world_.pool.run(rename);
    if (!renamed) {
        const std::string what = "the file of a paused ticket cannot be renamed, trying again: ";
        world_.troubles.met(what, what + renamed.error().message(), about(which));
        co_return; // heed() comes again
    }
    which.about.state = ticket_state::paused;
    co_await put_on_record(world_, which);
}

async::awaitable<void> ticket_course::look_after_all() {
    std::vector<running_ticket*> all;
    for (const auto& each : lane_.tickets())
        all.push_back(each.get());
    for (auto* each : all) // only here do tickets leave
        co_await look_after(*each);
}

async::awaitable<void> ticket_course::look_after(running_ticket& which) {
    auto& record = which.about;
    if (!which.asked.window) which.window = world_.config->bulk.window; // a reload may have changed it
    co_await see_window(which);
    if (!record.begun_at && (which.in_hand != 0 || which.balance.ended() != 0)) {
        record.begun_at = std::chrono::system_clock::now();
        co_await put_on_record(world_, which);
    }
    if (record.state == ticket_state::running && which.ending.empty()) {
        if (which.canaries_object()) co_await begin_pause(which, which.canary_objection());
        if (which.over_budget() && which.in_hand == 0 && which.balance.not_done() != 0)
            which.ending = ended_by_budget(*which.asked.calls);
    }
    // A refusal gives the budget back what its call took, and they are begun anew.
    const bool may_send_no_more = !which.ending.empty() || which.over_budget();
    if (may_send_no_more && which.sending.size() != 0) lane_.hold_back(which);
    const bool at_rest = which.in_hand == 0 && which.sending.size() == 0;
    if (at_rest && (which.balance.not_done() == 0 || !which.ending.empty())) {
        co_await finish(which);
    } else if (which.report_wanted || is_behind(which)) {
        (void)co_await write_ticket_report(world_, which);
    }
}

/// What its window's edges bring along.
async::awaitable<void> ticket_course::see_window(running_ticket& which) {
    const auto now = std::chrono::system_clock::now();
    const bool open = which.window.is_open(now);
    const bool was_open = std::exchange(which.was_open, open);
    if (open == was_open) co_return;
    if (open) {
        which.pace.begin(ticket_pace::clock::now());
        if (!which.window.is_always())
            log::info("the window of a ticket is open, until " + which.window.on_its_clock(which.window.closes(now)),
                      about(which));
        lane_.bell.notify_all();
        co_return;
    }
    lane_.hold_back(which);
    if (which.about.state != ticket_state::running || which.balance.not_done() == 0) co_return;
    if (!which.asked.next_night) {
        which.ending = ended_with_window;
        co_return;
    }
    log::info("the window of a ticket has closed; it goes on at " + which.window.on_its_clock(which.window.opens(now)) +
                  "; " + which.balance.line(),
              about(which));
    which.report_wanted = true;
}

async::awaitable<void> ticket_course::finish(running_ticket& which) {
    auto& record = which.about;
    if (record.state != ticket_state::reporting) {
        co_await close_known(which);
        record.state = ticket_state::reporting;
        record.why = which.ending;
        record.ended_at = std::chrono::system_clock::now();
        co_await put_on_record(world_, which);
    }
    if (!which.last_report_written) which.last_report_written = co_await write_ticket_report(world_, which);
    if (!which.last_report_written || !which.patience.may_try(std::chrono::steady_clock::now())) co_return;
    const bool left = co_await leave_inbox(which);
    if (!left) co_return;
    record.state = ticket_state::ended;
    co_await put_on_record(world_, which);
    auto told = about(which);
    told.emplace_back("calls", which.calls);
    told.emplace_back("report", record.place);
    log::info("a re-verification ticket has ended" + (record.why.empty() ? "" : ", " + record.why) + ": " +
                  which.balance.line(),
              told);
    note_end(which);
    lane_.remove(which);
}

void ticket_course::note_end(const running_ticket& which) {
    ended_ticket told;
    told.name = which.about.name;
    told.how = outcome_of(which.about.why);
    told.why = end_reason_without_names(which.about.why);
    told.balance = which.balance;
    told.calls = which.calls;
    told.ended_at = which.about.ended_at.value_or(std::chrono::system_clock::now());
    world_.day.metrics.ticket_ended(told.how);
    ended_.push_front(std::move(told));
    if (ended_.size() > most_ended) ended_.pop_back();
}

std::vector<ended_ticket> ticket_course::ended() const {
    std::vector<ended_ticket> lately;
    const auto now = std::chrono::system_clock::now();
    const auto is_late = [now](const auto& each) { return now - each.ended_at < ended_lately; };
    std::copy_if(ended_.begin(), ended_.end(), std::back_inserter(lately), is_late);
    return lately;
}

/// Cases that were sent and will not be again: what may be paid for is told as failed, the others as never begun.
async::awaitable<void> ticket_course::close_known(running_ticket& which) {
    for (std::uint64_t after = 0; !which.known.empty();) {
        auto rows = co_await rows_behind(world_, which, after, true);
        if (rows.empty()) break;
        after = rows.back().number;
        for (auto& row : rows) {
            const auto open = which.known.extract(case_key(row.folder, row.place, lane::bulk));
            if (!open) continue;
            ledger::closed_case closed{open.mapped(), {}};
            closed.end.at = std::chrono::system_clock::now();
            if (closed.record.paid != 0) { // whatever its last attempt came to
                row.end = ticket_case_end::failed;
                row.code = to_string(code_of_paid(closed.record));
                row.why = "its ticket ended before the case could be sent again";
                row.ended_at = closed.end.at;
                row.calls = closed.record.paid;
                which.balance.add(row.end);
                world_.day.metrics.ticket_case_ended(service_name(world_.config->services, row.folder), row.end);
            }
            auto close = [this, &which, &row, &closed]() {
                return world_.ledger.tickets().end_ticket_case(which.about.id, row, closed);
            };
            co_await keep_trying(world_, close);
        }
    }
}

/// Whether its file is not in the inbox any more.
async::awaitable<bool> ticket_course::leave_inbox(running_ticket& which) {
    auto leave = [this, &which]() -> result<void> {
        fs::ticket_file file;
        file.name = which.about.name;
        auto removed = fs::remove_ticket(world_.layout, file, which.about.text);
        if (!removed) return removed;
        // What was written over it meanwhile would be run, and paid, as another ticket.
        auto held = fs::wish_for(world_.layout, which.about.name, fs::ticket_wish::pause);
        if (!held && !fs::is_absent(held.error()) && held.error().code != std::errc::file_exists) return held;
        return removed;
    };
    const auto left = co_await world_.pool.run(leave);
    fault_point("ticket.left_inbox", which.about.name);
    if (left) co_return true;
    const std::string what = "the file of a ticket that has ended cannot be removed, trying again: ";
    world_.troubles.met(what, what + left.error().message(), about(which));
    lose_patience(world_, which, "its file cannot be removed", left.error());
    co_return false;
}

} // namespace kyc::reverify
