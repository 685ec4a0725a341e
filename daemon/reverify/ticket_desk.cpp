#include "reverify/ticket_desk.hpp"

#include "life/keep_trying.hpp"
#include "log/log.hpp"

#include <optional>
#include <set>
#include <utility>

namespace kyc::reverify {

using ledger::ticket_state;

namespace {

/// A file's name may change at any time, and nobody tells of it on a share.
constexpr std::chrono::seconds between_looks{1};

/// In a row, without its file: then somebody has taken it away. From the first one on nothing is begun.
constexpr int looks_before_cancelled = 3;

/// Before a file is tried again that could not be taken in and is still there.
constexpr std::chrono::seconds stuck_for{15};

/// What the name of its file asks for shows before it is heeded.
ticket_view view_before_begin(const std::string& name, fs::ticket_wish wish, const char* why) {
    ticket_view told;
    told.name = name;
    told.why = why;
    if (wish == fs::ticket_wish::pause) {
        told.stand = ticket_stand::paused;
        told.paused_by = ticket_pause::person;
        told.why = paused_by_name;
    } else if (wish == fs::ticket_wish::cancel) {
        told.stand = ticket_stand::ending;
        told.why = "cancelled before it began";
    }
    return told;
}

} // namespace

ticket_desk::ticket_desk(case_world& world, bulk_lane& lane, const boost::asio::any_io_executor& loop,
                         async::task_group::on_exception on_exception)
    : world_(world), lane_(lane), course_(world, lane, loop, on_exception), strays_(world),
      taking_in_(loop, std::move(on_exception)) {}

async::awaitable<void> ticket_desk::end() {
    taking_in_.cancel();
    co_await taking_in_.join();
}

std::vector<ticket_view> ticket_desk::view() const {
    auto all = lane_.view(std::chrono::system_clock::now());
    if (!entering_.name.empty() && course_.find(entering_.name) == nullptr)
        all.push_back(view_before_begin(entering_.name, entering_.wish, "its cases are being chosen"));
    for (const auto& [name, sight] : seen_) {
        if (course_.find(name) != nullptr) continue;
        const char* why = "its file has only just been written";
        if (sight.empty) why = "its file is empty: it is waited for what is to be written into it";
        if (sight.its_turn_comes) why = "the cases of another ticket are chosen first";
        all.push_back(view_before_begin(name, sight.wish, why));
    }
    return all;
}

async::awaitable<void> ticket_desk::recover(std::vector<ledger::case_record> open) {
    return course_.recover(std::move(open));
}

async::awaitable<void> ticket_desk::distrust() {
    auto read = [this]() { return world_.ledger.tickets().open_tickets(); };
    auto standing = co_await keep_trying(world_, read);
    std::set<std::string> known;
    for (auto& each : standing) {
        if (each.about.state == ticket_state::selecting) continue;
        known.insert(each.about.name);
        if (each.about.state != ticket_state::running) continue;
        each.about.state = ticket_state::pausing; // keep() renames its file
        each.about.why = paused_for_ledger;
        auto put = [this, &each]() { return world_.ledger.tickets().put_ticket(each.about); };
        (void)co_await keep_trying(world_, put);
        log::warning("paused a ticket: " + each.about.why + "; look at it, then 'kycd reverify resume " +
                         each.about.name + "' lets it go on",
                     {{"ticket", each.about.name}});
    }
    auto list = [this]() { return fs::list_tickets(world_.layout); };
    const auto files = co_await keep_trying_on_pool(world_, list);
    for (const auto& file : files) {
        if (file.wish != fs::ticket_wish::run || known.contains(file.name)) continue;
        auto hold = [this, &file]() { return fs::wish_for(world_.layout, file.name, fs::ticket_wish::pause); };
        const auto held = co_await world_.pool.run(hold);
        log::warning(held ? "paused a ticket: the ledger was lost, and with it what was done for this ticket, if "
                            "anything. Look at it, then resume it with 'kycd reverify resume'"
                          : "the ledger was lost, and a ticket that may have been begun cannot be paused: " +
                                held.error().message(),
                     {{"ticket", file.name}});
    }
}

async::awaitable<void> ticket_desk::keep() {
    for (;;) {
        const auto now = std::chrono::steady_clock::now();
        if (looked_ == std::chrono::steady_clock::time_point{} || now - looked_ >= between_looks) {
            looked_ = now;
            co_await look_at_files();
            co_await strays_.look();
        }
        co_await course_.look_after_all();
        (void)co_await lane_.bell.wait_for(between_looks);
    }
}

async::awaitable<void> ticket_desk::look_at_files() {
    auto look = [this]() { return fs::list_tickets(world_.layout); };
    const auto found = co_await world_.pool.run(look);
    if (!found) { // cases in the inbox meet it, too
        if (!std::exchange(inbox_trouble_, true))
            log::warning("inbox/reverify cannot be read, trying again: " + found.error().message());
        co_return;
    }
    inbox_trouble_ = false;
    std::set<std::string> there;
    for (const auto& file : *found) {
        there.insert(file.name);
        auto* known = course_.find(file.name);
        if (known != nullptr) {
            co_await heed(*known, &file);
        } else if (file.name == entering_.name) {
            see_way_in(&file);
        } else {
            co_await meet(file);
        }
    }
    if (!there.contains(entering_.name)) see_way_in(nullptr);
    std::vector<running_ticket*> gone;
    for (const auto& each : lane_.tickets())
        if (!there.contains(each->about.name)) gone.push_back(each.get());
    for (auto* each : gone)
        co_await heed(*each, nullptr);
    std::erase_if(seen_, [&there](const auto& each) { return !there.contains(each.first); });
    std::erase_if(stuck_, [&there](const auto& each) { return !there.contains(each.first); });
}

/// A file that is no running ticket's. It may still be written to: like a case's files it has to stay as it is for
/// intake.settle; an empty one is not there yet, like an empty image, for intake.incomplete_after.
async::awaitable<void> ticket_desk::meet(const fs::ticket_file& file) {
    const bool comes = file.empty && file.wish == fs::ticket_wish::run;
    const auto settle = comes ? world_.config->intake.incomplete_after : world_.config->intake.settle;
    const auto now = std::chrono::steady_clock::now();
    auto& sight = seen_[file.name];
    if (sight.since == std::chrono::steady_clock::time_point{} || sight.written_at != file.written_at)
        sight = {file.written_at, file.wish, file.empty, now};
    sight.wish = file.wish;
    const bool old = std::chrono::system_clock::now() - file.written_at >= settle;
    if (!old && now - sight.since < settle) co_return;
    if (file.wish == fs::ticket_wish::cancel) {
        auto drop = [this, &file]() { return fs::remove_unbegun_ticket(world_.layout, file); };
        const auto dropped = co_await world_.pool.run(drop);
        if (dropped) {
            log::info("removed a cancelled ticket that had not begun", {{"ticket", file.name}});
        } else {
            const std::string what = "a cancelled ticket cannot be removed, trying again: ";
            world_.troubles.met(what, what + dropped.error().message(), {{"ticket", file.name}});
        }
        co_return;
    }
    if (file.wish == fs::ticket_wish::pause) co_return; // taken in when it is resumed
    sight.its_turn_comes = true;
    if (taking_in_.size() != 0 || way_in_.stopping || is_stuck(file)) co_return;
    seen_.erase(file.name);
    entering_ = {file.name};
    way_in_.cancelled = false;
    taking_in_.spawn(take_in(file));
}

async::awaitable<void> ticket_desk::take_in(fs::ticket_file file) {
    const stuck_file tried{file.written_at, std::chrono::steady_clock::now() + stuck_for};
    const auto name = file.name;
    auto accepted = co_await take_in_ticket(world_, std::move(file), way_in_);
    if (!accepted) { // most have left the inbox
        entering_ = {};
        stuck_.insert_or_assign(name, tried);
        co_return;
    }
    if (!way_in_.stopping)
        co_await course_.begin(std::move(accepted->about), std::move(accepted->asked), accepted->selected);
    entering_ = {}; // not before it is in: its file would be met as nobody's
    looked_ = {};   // it begins once it is known what its file asks for by now
    lane_.bell.notify_all();
}

/// A file that was refused and could not be moved away: other tickets go before it meanwhile.
bool ticket_desk::is_stuck(const fs::ticket_file& file) const {
    const auto found = stuck_.find(file.name);
    return found != stuck_.end() && found->second.written_at == file.written_at &&
           std::chrono::steady_clock::now() < found->second.until;
}

/// What the file of the ticket that is being taken in asks for, or that there is none. A pause is heeded when it is in.
void ticket_desk::see_way_in(const fs::ticket_file* file) {
    if (entering_.name.empty()) return;
    entering_.looks_without_file = file == nullptr ? entering_.looks_without_file + 1 : 0;
    if (file != nullptr) entering_.wish = file->wish;
    const bool gone = entering_.looks_without_file >= looks_before_cancelled;
    if (!gone && entering_.wish != fs::ticket_wish::cancel) return;
    if (!way_in_.cancelled.exchange(true) && gone)
        log::info("a ticket that had not begun was taken out of the inbox", {{"ticket", entering_.name}});
}

/// A ticket's text counts as it was when it was taken in.
async::awaitable<void> ticket_desk::see_edit(running_ticket& which, const fs::ticket_file& file) {
    const auto seen = unedited_.try_emplace(file.name, utc_time{});
    if (seen.first->second == file.written_at) co_return;
    seen.first->second = file.written_at;
    auto read = [this, &file]() { return fs::read_ticket(world_.layout, file); };
    const auto text = co_await world_.pool.run(read);
    if (text && *text != which.about.text)
        log::warning(
            "the text of a running ticket was changed: that counts for nothing; cancel it and drop another one",
            about(which));
}

/// What the name of its file, or that there is none any more, asks for.
async::awaitable<void> ticket_desk::heed(running_ticket& which, const fs::ticket_file* file) {
    if (which.about.state == ticket_state::reporting || !which.ending.empty()) co_return;
    const bool lets_run = file != nullptr && file->wish == fs::ticket_wish::run;
    if (std::exchange(which.file_lets_run, lets_run) != lets_run) {
        if (lets_run)
            lane_.bell.notify_all();
        else
            lane_.hold_back(which);
    }
    // An editor, or a share, may show no file for a moment.
    which.looks_without_file = file == nullptr ? which.looks_without_file + 1 : 0;
    if (file == nullptr && which.looks_without_file < looks_before_cancelled) co_return;
    if (file != nullptr) co_await see_edit(which, *file);
    std::optional<fs::ticket_wish> wish;
    if (file != nullptr) wish = file->wish;
    co_await course_.follow(which, wish);
}

} // namespace kyc::reverify
