#include "life/waiting_notes.hpp"

#include "fs/waiting_note.hpp"
#include "log/log.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace kyc {

namespace {

using std::chrono::steady_clock;

/// A producer that writes its files one after the other needs no note in between.
constexpr std::chrono::seconds patience{3};

/// After a fault of the disk.
constexpr std::chrono::seconds try_again{60};

/// Two looks reckon the same moment from different ages; where nothing is to happen by itself, only the reason counts.
constexpr std::chrono::seconds same_moment{2};

/// Others wait for the pool's threads, too.
constexpr std::size_t at_a_time = 64;

/// How long a stop takes notes away: nobody should have to kill a daemon for them.
constexpr std::chrono::seconds longest_farewell{10};

/// Its priority does not make an entry another one.
fs::inbox_entry plain(fs::inbox_entry entry) {
    entry.high_priority = false;
    return entry;
}

bool tell_the_same(const waiting_reason& left, const waiting_reason& right) {
    if (left.why != right.why || left.until.has_value() != right.until.has_value()) return false;
    const auto apart = left.since < right.since ? right.since - left.since : left.since - right.since;
    return !left.until || apart < same_moment;
}

std::string utc_words(utc_time time) {
    auto text = time_words(time);
    text.pop_back();
    return text + " UTC";
}

} // namespace

std::string note_text(const fs::inbox_entry& entry, const waiting_reason& reason, utc_time now) {
    std::string text(fs::note_mark);
    text += "\ncase    " + printable(entry.name) + " (" + printable(entry.folder) + ")\n";
    text += "reason  " + printable(reason.why) + "\n";
    text += "since   " + utc_words(reason.since) + ": nothing of it has changed since then\n";
    if (reason.until)
        text += "until   " + utc_words(*reason.until) + ": then it goes to failed/, unless something of it changes\n";
    text += "\nWritten " + utc_words(now) +
            ". kycd notices any change by itself, and removes this file when the case\n"
            "is complete and taken.\n";
    return text;
}

void waiting_notes::tell(const fs::inbox_entry& entry, waiting_reason reason) {
    if (!world_.config->intake.explain) return;
    const auto [found, is_new] = notes_.try_emplace(plain(entry));
    auto& known = found->second;
    if (!is_new && !known.withdrawn && tell_the_same(known.reason, reason)) return;
    known.reason = std::move(reason);
    known.withdrawn = false;
    if (is_new) {
        plan(found->first, patience);
    } else if (known.written) {
        plan(found->first, steady_clock::duration::zero());
    }
}

void waiting_notes::withdraw(const fs::inbox_entry& entry) {
    if (notes_.empty()) return;
    const auto found = notes_.find(plain(entry));
    if (found == notes_.end()) return;
    if (!found->second.written) {
        notes_.erase(found);
        return;
    }
    found->second.withdrawn = true;
    plan(found->first, steady_clock::duration::zero());
}

void waiting_notes::plan(const fs::inbox_entry& entry, steady_clock::duration in) {
    agenda_.emplace(steady_clock::now() + in, entry);
    bell_.notify_all();
}

std::vector<waiting_notes::change> waiting_notes::due_changes() {
    std::vector<change> changes;
    const auto now = steady_clock::now();
    while (!agenda_.empty() && agenda_.begin()->first <= now && changes.size() < at_a_time) {
        const auto entry = agenda_.extract(agenda_.begin()).mapped();
        const auto found = notes_.find(entry);
        if (found == notes_.end()) continue;
        auto& known = found->second;
        if (known.withdrawn) {
            changes.push_back({entry, std::nullopt});
            notes_.erase(found);
        } else {
            known.written = true;
            changes.push_back({entry, note_text(entry, known.reason, std::chrono::system_clock::now())});
        }
    }
    return changes;
}

async::awaitable<void> waiting_notes::carry_out(std::vector<change> changes) {
    std::vector<fs::inbox_entry> failed;
    std::optional<fault> met;
    auto work = [this, &changes, &failed, &met]() {
        for (const auto& each : changes) {
            const auto done = each.text ? fs::put_note(world_.layout, each.entry, *each.text, world_.access)
                                        : fs::remove_note(world_.layout, each.entry);
            if (done) continue;
            met = done.error();
            failed.push_back(each.entry);
        }
    };
    co_await world_.pool.run(work);
    say(met);
    for (const auto& entry : failed) {
        // One that was to be removed is known again, so that it is.
        const auto [found, is_new] = notes_.try_emplace(entry);
        if (is_new) found->second.written = found->second.withdrawn = true;
        plan(entry, try_again);
    }
}

void waiting_notes::say(const std::optional<fault>& met) {
    if (met && !std::exchange(in_trouble_, true))
        log::warning("the notes beside waiting cases (intake.explain) cannot be kept, which holds up nothing else: " +
                     met->message());
    if (!met && std::exchange(in_trouble_, false)) log::info("the notes beside waiting cases are kept again");
}

async::awaitable<void> waiting_notes::keep() {
    auto tidy = [this]() { return fs::remove_all_notes(world_.layout); };
    const auto tidied = co_await world_.pool.run(tidy);
    if (!tidied) say(tidied.error());
    // What is taken off the list has to be carried out, and a stop cancels that.
    while (!world_.stopping) {
        auto changes = due_changes();
        if (!changes.empty()) {
            co_await carry_out(std::move(changes));
        } else if (agenda_.empty()) {
            co_await bell_.wait();
        } else {
            const auto left = agenda_.begin()->first - steady_clock::now();
            (void)co_await bell_.wait_for(std::max(left, steady_clock::duration::zero()));
        }
    }
}

async::awaitable<void> waiting_notes::end() {
    std::vector<change> changes;
    for (const auto& [entry, known] : notes_)
        if (known.written) changes.push_back({entry, std::nullopt});
    notes_.clear();
    agenda_.clear();
    // On a slow share the rest has to wait for the next start, which tidies up.
    const auto ends = steady_clock::now() + longest_farewell;
    for (std::size_t at = 0; at < changes.size() && steady_clock::now() < ends; at += at_a_time) {
        const auto first = changes.begin() + static_cast<std::ptrdiff_t>(at);
        const auto last = changes.begin() + static_cast<std::ptrdiff_t>(std::min(at + at_a_time, changes.size()));
        std::vector<change> some(std::make_move_iterator(first), std::make_move_iterator(last));
        co_await carry_out(std::move(some));
    }
}

} // namespace kyc
