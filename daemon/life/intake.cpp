#include "life/intake.hpp"

#include "async/shield.hpp"
#include "async/time_slice.hpp"
#include "fs/spool_identity.hpp"
#include "life/keep_trying.hpp"
#include "life/recovery.hpp"
#include "log/log.hpp"

#include <algorithm>

namespace kyc {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// How long entries are taken over from a scan before others of the loop have their turn.
constexpr std::chrono::microseconds longest_turn{300};

/// Somebody has to do something about it.
bool is_wrong(inbox_wait reason) {
    return reason == inbox_wait::not_ready || reason == inbox_wait::not_permitted;
}

/// As an entry carries it.
constexpr std::uint64_t longest_time = (std::uint64_t{1} << 48) - 1;

std::uint64_t ms_since_1970(std::chrono::system_clock::time_point time) {
    return static_cast<std::uint64_t>(std::chrono::floor<milliseconds>(time.time_since_epoch()).count());
}

} // namespace

std::chrono::system_clock::time_point intake::dropped_at(const fs::inbox_entry& entry) {
    return std::chrono::system_clock::time_point(milliseconds(static_cast<std::int64_t>(entry.dropped_ms)));
}

log::fields intake::about(const fs::inbox_entry& entry) {
    return {{"service", entry.folder}, {"case", entry.folder + "/" + entry.name}};
}

intake::intake(case_world& world, fs::inbox& inbox, async::task_group& cases, const boost::asio::any_io_executor& loop)
    : world_(world), inbox_(inbox), cases_(cases), bell_(loop), notes_(world, loop) {}

async::awaitable<void> intake::listen(fs::inbox_watch& watch) {
    auto next_scan = steady_clock::now();
    progress_mark::again scans(scanning_);
    bool unread = false; // some priorities of the last scan
    for (;;) {
        if (steady_clock::now() >= next_scan) {
            co_await scan();
            unread = true;
            next_scan = steady_clock::now() + watch.scan_interval();
            scans.due(next_scan);
        }
        const auto limit = unread ? milliseconds(1) : std::chrono::ceil<milliseconds>(next_scan - steady_clock::now());
        auto changes = co_await watch.wait(std::max(limit, milliseconds(1)));
        const bool others_wait = !queue_is_empty();
        std::vector<fs::inbox_entry> changed;
        async::time_slice turn(longest_turn);
        for (auto& change : changes.changed) {
            if (others_wait) changed.push_back(change.entry);
            enqueue(std::move(change.entry), change.renamed_in);
            if (turn.is_used_up()) co_await turn.give_way();
        }
        if (changes.scan_needed) scans.due(next_scan = steady_clock::now());
        if (unread || !changed.empty()) unread = co_await read_priorities(std::move(changed));
    }
}

async::awaitable<void> intake::feed() {
    for (;;) {
        enqueue_due();
        if (queue_is_empty()) {
            if (retries_.empty()) {
                co_await bell_.wait();
            } else {
                (void)co_await bell_.wait_for(
                    std::max(retries_.begin()->first - steady_clock::now(), steady_clock::duration::zero()));
            }
            continue;
        }
        // While the system is in trouble little is begun that may only wait.
        if (world_.faults.holds_up_all()) co_await world_.faults.wait_for_change(std::chrono::seconds(1));
        auto unanswered = co_await world_.unanswered.acquire();
        auto before_receipt = co_await world_.before_receipt.acquire();
        enqueue_due(); // what came due meanwhile may go first
        if (queue_is_empty()) continue;
        auto& next = urgent_.empty() ? ordinary_ : urgent_;
        const auto& entry = *next.front();
        next.pop_front();
        known_.at(entry).where = place::examining;
        examining_.insert(entry);
        cases_.spawn(take(entry, std::move(before_receipt), std::move(unanswered)));
    }
}

async::awaitable<void> intake::scan_once() {
    once_ = true;
    co_await scan();
    const std::vector<fs::inbox_entry> nothing;
    for (bool unread = true; unread;)
        unread = co_await read_priorities(nothing);
    while (folders_awaited_ > 0)
        co_await bell_.wait();
}

std::size_t intake::left() const {
    const auto is_left = [this](const auto& known) {
        return known.second.where != place::waiting || known.second.looked->next ||
               unread_.contains(known.first.folder);
    };
    return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(), is_left));
}

std::optional<steady_clock::time_point> intake::scan_still_since(steady_clock::time_point now) {
    if (const auto listed = inbox_.listing_progress(); std::exchange(listed_, listed) != listed) scanning_.step(now);
    return scanning_.still_since(now);
}

std::vector<not_ready_entry> intake::not_ready() const {
    std::vector<not_ready_entry> list;
    for (const auto& [entry, state] : known_)
        if (state.where == place::waiting) list.push_back({entry, state.looked->why});
    return list;
}

std::optional<known_entry> intake::look_up(const fs::inbox_entry& entry) const {
    const auto found = known_.find(entry);
    if (found == known_.end()) return std::nullopt;
    known_entry known;
    known.where = found->second.where;
    const auto* looked = found->second.looked.get();
    if (looked == nullptr) return known;
    known.wait = looked->reason;
    known.why = looked->why;
    if (looked->still_since) known.still_since = utc_of(*looked->still_since);
    if (known.still_since && looked->reason == inbox_wait::not_ready)
        known.fails_at = *known.still_since + world_.config->intake.incomplete_after;
    if (looked->next) known.next_look_at = utc_of((*looked->next)->first);
    return known;
}

/// Adds what is not known yet; waits for as long as the inbox cannot be read. A vanished mount is no empty inbox.
async::awaitable<void> intake::scan() {
    const progress_mark::stretch under_way(scanning_);
    const auto begun = steady_clock::now();
    auto list = [this]() { return inbox_.list(); };
    auto list_or_try_again = [this, &list]() {
        scanning_.step();
        return world_.pool.run(list);
    };
    auto listed = co_await keep_trying(world_, list_or_try_again);
    scanning_.step();
    tell_unread(std::move(listed.unread));
    co_await take_over(std::move(listed.entries));
    scans_.took.add(steady_clock::now() - begun);
    scans_.last = std::chrono::system_clock::now();
    // What trouble at the start, or a claim that could not be undone, has left half way.
    auto look = [this]() { return fs::half_claimed(world_.layout); };
    auto look_or_try_again = [this, &look]() {
        scanning_.step();
        return world_.pool.run(look);
    };
    const auto left = co_await keep_trying(world_, look_or_try_again);
    for (const auto& key : left) {
        const auto is_claiming = [&key](const auto& entry) { return fs::key_of(entry) == key; };
        if (world_.in_hand.contains(key) || std::any_of(examining_.begin(), examining_.end(), is_claiming)) continue;
        if (resuming_.insert(key).second) cases_.spawn(resume(key));
    }
}

async::awaitable<void> intake::take_over(std::vector<fs::inbox_entry> listed) {
    async::time_slice turn(longest_turn);
    for (auto& entry : listed) {
        enqueue(std::move(entry), false);
        if (!turn.is_used_up()) continue;
        co_await turn.give_way();
        scanning_.step();
    }
}

/// A service's cases are waited for; that a stranger's folder is there at all may be a mistake, so it is said, once.
void intake::tell_unread(std::vector<fs::unread_folder> unread) {
    std::set<std::string> strangers;
    for (const auto& each : unread) {
        if (each.is_service) {
            wait_for_folder(each.folder);
            continue;
        }
        if (!strangers_.contains(each.folder))
            log::warning("left alone: " + each.why.message() +
                         "; no service is called so. If cases lie there, let kycd's user read the folder: they "
                         "then go to failed/");
        strangers.insert(each.folder);
    }
    strangers_ = std::move(strangers);
}

void intake::wait_for_folder(const std::string& folder) {
    if (!unread_.insert(folder).second) return;
    ++folders_awaited_;
    cases_.spawn(read_when_allowed(folder));
}

/// A fault of one service's folder: the others are read meanwhile, and what is known of its entries still holds.
async::awaitable<void> intake::read_when_allowed(std::string folder) {
    auto list = [this, &folder]() { return inbox_.list_folder(folder); };
    auto listed = co_await keep_trying_on_pool(world_, list);
    unread_.erase(folder);
    co_await take_over(std::move(listed));
    --folders_awaited_;
    bell_.notify_all();
    world_.count.changed.notify_all();
}

/// Reads a piece of what the scan left unread, and the priorities of `changed`. False when nothing is left.
async::awaitable<bool> intake::read_priorities(std::vector<fs::inbox_entry> changed) {
    auto read = [this, &changed]() { return inbox_.read_priorities(changed); };
    const auto urgent = co_await world_.pool.run(read);
    for (const auto& entry : urgent.found)
        promote(entry);
    co_return !urgent.done;
}

/// Takes up a case that lies between inbox and work/. Back in the inbox, it is found by the watch or the next scan.
async::awaitable<void> intake::resume(case_key key) {
    co_await async::begin_shield(); // as in take()
    auto settle = [this, &key]() -> result<std::optional<fs::claimed_case>> {
        if (auto ours = check_spool(); !ours) return ours.error();
        return fs::resume_claim(world_.layout, key, world_.access);
    };
    const auto which = co_await keep_trying_on_pool(world_, settle);
    resuming_.erase(key);
    if (!which || world_.in_hand.contains(key)) co_return;
    log::info("going on with a case that was half claimed",
              {{"service", key.folder}, {"case", key.folder + "/" + key.name}});
    case_start start(*which);
    start.in_hand = in_hand_mark(world_, key, std::nullopt);
    world_.count.claimed();
    world_.day.claimed(service_name(world_.config->services, key.folder), std::nullopt);
    co_await async::end_shield();
    if (world_.stopping) co_return;
    co_await resume_case(world_, std::move(start));
}

/// Below a mount that has gone there may be folders of the same names: nothing is taken into those. Blocks.
result<void> intake::check_spool() const {
    const auto spool = fs::read_identity(world_.layout);
    if (!spool) return spool.error();
    if (*spool != world_.spool)
        return last_fault(ESTALE, world_.layout.roots().work.string() +
                                      " is not the folder it was at the start, is the spool mounted?");
    return {};
}

void intake::enqueue(fs::inbox_entry entry, bool renamed_in) {
    // Events come at once; and a share's clock may be ahead.
    const auto now = ms_since_1970(std::chrono::system_clock::now());
    if (entry.dropped_ms == 0 || entry.dropped_ms > now) entry.dropped_ms = now & longest_time;
    const bool high_priority = entry.high_priority;
    const auto [found, is_new] = known_.try_emplace(std::move(entry));
    auto& state = found->second;
    state.renamed_in = state.renamed_in || renamed_in;
    if (high_priority && !is_new) promote(found->first);
    if (!is_new) {
        if (state.where == place::queued) return;
        if (state.where == place::examining) {
            state.moved = true;
            return;
        }
        no_retry(state);
        count_out(*found);
    }
    state.high_priority = state.high_priority || high_priority;
    state.where = place::queued;
    auto& joined = state.high_priority ? urgent_ : ordinary_;
    state.in_line = joined.insert(joined.end(), &found->first);
    count_in(*found);
    bell_.notify_all();
}

/// An entry turned out to be of high priority. One that has left meanwhile does not come back by that.
void intake::promote(const fs::inbox_entry& entry) {
    const auto found = known_.find(entry);
    if (found == known_.end() || std::exchange(found->second.high_priority, true)) return;
    log::debug("asks to go first", about(entry));
    if (found->second.where == place::queued) urgent_.splice(urgent_.end(), ordinary_, found->second.in_line);
}

/// Keeps folders_ up to date: before and after an entry comes to another place, or to waiting for another reason.
void intake::count_in(const entries::value_type& known) {
    auto [folder, is_new] = folders_.try_emplace(known.first.folder);
    auto& queue = folder->second;
    if (is_new) queue.service = world_.day.stands.id_of(service_name(world_.config->services, folder->first));
    const auto stand = stand_of(known, queue.service);
    ++(stand.phase == case_phase::not_ready ? queue.not_ready : queue.queued);
    if (is_not_permitted(known.second)) ++queue.not_permitted;
    world_.day.stands.add(stand);
}

/// What waits is as old as its drop, whatever was found at the last look.
census::stand intake::stand_of(const entries::value_type& known, census::service_id service) {
    const bool not_ready = known.second.where == place::waiting && is_wrong(known.second.looked->reason);
    return {to_epoch_seconds(dropped_at(known.first)), service,
            not_ready ? case_phase::not_ready : case_phase::waiting};
}

bool intake::is_not_permitted(const entry_state& state) {
    return state.where == place::waiting && state.looked->reason == inbox_wait::not_permitted;
}

void intake::count_out(const entries::value_type& known) {
    const auto folder = folders_.find(known.first.folder);
    auto& queue = folder->second;
    const auto stand = stand_of(known, queue.service);
    --(stand.phase == case_phase::not_ready ? queue.not_ready : queue.queued);
    if (is_not_permitted(known.second)) --queue.not_permitted;
    world_.day.stands.remove(stand);
    if (queue.queued == 0 && queue.not_ready == 0) folders_.erase(folder);
}

void intake::no_retry(entry_state& state) {
    if (!state.looked || !state.looked->next) return;
    retries_.erase(*state.looked->next);
    state.looked->next.reset();
}

void intake::put_back(const fs::inbox_entry& entry, std::string why, look_again when) {
    const auto found = known_.find(entry);
    auto& state = found->second;
    count_out(*found);
    state.where = place::waiting;
    if (!state.looked) state.looked = std::make_unique<last_look>();
    state.looked->why = std::move(why);
    state.looked->reason = when.reason;
    state.looked->still_since = when.still_since;
    count_in(*found);
    if (std::exchange(state.moved, false)) {
        enqueue(entry, state.renamed_in);
        return;
    }
    world_.count.changed.notify_all();
    if (once_ && !when.comes_by_itself) return;
    state.looked->next = retries_.emplace(steady_clock::now() + when.in, &found->first);
    bell_.notify_all();
}

/// put_back() with a word about it: loud only for what may need somebody, and once as long as the reason stays the
/// same.
void intake::wait_for(const fs::inbox_entry& entry, std::string why, look_again when, bool loud) {
    auto& state = known_.at(entry);
    if (!state.looked) state.looked = std::make_unique<last_look>();
    if (loud && state.looked->said != why) {
        log::info("waiting: " + why, about(entry));
        state.looked->said = why;
    } else {
        log::debug("not ready: " + why, about(entry));
    }
    put_back(entry, std::move(why), when);
}

void intake::drop(const fs::inbox_entry& entry) {
    notes_.withdraw(entry);
    inbox_.forget(entry);
    const auto found = known_.find(entry);
    const bool moved = found->second.moved;
    count_out(*found);
    known_.erase(found);
    if (moved) {
        auto again = entry;
        again.dropped_ms = 0; // now
        enqueue(std::move(again), false);
    }
    bell_.notify_all();
    world_.count.changed.notify_all();
}

void intake::enqueue_due() {
    const auto now = steady_clock::now();
    while (!retries_.empty() && retries_.begin()->first <= now) {
        enqueue(*retries_.begin()->second, false);
    }
}

} // namespace kyc
