// One entry of the inbox: it is looked at, and claimed once it is ready.
#include "async/shield.hpp"
#include "life/intake.hpp"
#include "life/keep_trying.hpp"
#include "life/process_case.hpp"
#include "log/crash_blame.hpp"

#include <algorithm>
#include <variant>

namespace kyc {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// How soon a case is looked at again whose name is still taken in work/. Its leaving also wakes it.
constexpr milliseconds occupied_retry{2'000};

/// How soon a case is looked at again whose service the API does not take now.
constexpr milliseconds held_back_retry{2'000};

/// Of one service. So many that were never once taken are no matter of bad cases.
constexpr std::size_t most_held_back = 1'000;

/// Permissions are mended by people.
constexpr milliseconds permission_retry{60'000};

constexpr const char* same_name = "a case of the same name is still being worked on";

/// A case that has been still for so long without being ready is worth a line in the log.
constexpr milliseconds worth_a_line{10'000};

/// What looking at an entry, and claiming it if it is ready, came to.
struct taken {
    fs::examination found;
    std::optional<fs::claimed_case> claimed;
    bool occupied = false;
    bool unread = false;       ///< its folder may not be read
    std::string not_permitted; ///< why kycd's user may not take it
};

} // namespace

/// While the API does not take a service's cases, a few of them in hand are enough to notice when it does again; the
/// rest stays in the inbox, and out of the way of the other services. Once as many wait for their next try as may be
/// sent at a time, more are taken one by one: what gets through tells bad cases from an API that is in trouble.
bool intake::enough_held_back(const service& target) {
    const auto held_back = world_.held_back.of(lane::live, target.name);
    if (!world_.api.admits(progeny::caller(&target, false))) return held_back != 0;
    if (held_back < world_.config->limits.uploads) return false;
    auto& next = next_one_more_[target.name];
    const auto now = steady_clock::now();
    if (held_back >= most_held_back || now < next) return true;
    next = now + held_back_retry;
    return false;
}

/// Looks at an entry; none when its folder may not be read. Blocks.
result<std::optional<fs::examination>> intake::examine(const fs::inbox_entry& entry, bool renamed_in) const {
    auto found = inbox_.examine(entry, renamed_in);
    if (found) return std::optional(std::move(*found));
    if (!inbox_.look_into(entry.folder)) return std::optional<fs::examination>();
    return found.error();
}

/// The entry is looked at again when its folder can be read, and holds up nobody meanwhile.
void intake::leave_unread(const fs::inbox_entry& entry) {
    examining_.erase(entry);
    if (world_.config->services.find(entry.folder) != nullptr) wait_for_folder(entry.folder);
    wait_for(entry, "kycd may not read the folder inbox/" + entry.folder,
             {permission_retry, false, inbox_wait::not_permitted}, false);
}

async::awaitable<void> intake::take(fs::inbox_entry entry, async::permit before_receipt, async::permit unanswered) {
    co_await async::begin_shield(); // a claim is never left without its coroutine
    if (unread_.contains(entry.folder)) {
        leave_unread(entry);
        co_return;
    }
    if (world_.in_hand.contains(fs::key_of(entry))) {
        // Mostly an event from before the claim was still on its way, and nothing lies there any more.
        auto see = [this, &entry] { return examine(entry, false); };
        const auto seen = co_await keep_trying_on_pool(world_, see);
        if (!seen) {
            leave_unread(entry);
            co_return;
        }
        examining_.erase(entry);
        if (std::holds_alternative<fs::entry_gone>(*seen) && !known_.at(entry).unfinished) {
            drop(entry);
        } else {
            wait_for(entry, same_name, {occupied_retry, true, inbox_wait::same_name}, false);
        }
        co_return;
    }
    const auto config = world_.config;
    if (const auto* target = config->services.find(entry.folder); target != nullptr && enough_held_back(*target)) {
        examining_.erase(entry);
        wait_for(entry, "the API takes no cases of " + target->name + " now",
                 {held_back_retry, true, inbox_wait::held_back}, false);
        co_return;
    }
    const bool renamed_in = known_.at(entry).renamed_in;
    ledger::case_record unsent;
    unsent.key = fs::key_of(entry);
    const auto crashed = crash_objection(world_.crashes, unsent);
    bool unfinished = known_.at(entry).unfinished;
    auto look = [&]() -> result<taken> {
        taken outcome;
        if (unfinished) {
            if (auto ours = check_spool(); !ours) return ours.error();
            // Some of it may have left the inbox, where it would look gone or incomplete.
            auto resumed = fs::resume_claim(world_.layout, fs::key_of(entry), world_.access);
            if (!resumed) return resumed.error();
            outcome.claimed = std::move(*resumed);
            if (outcome.claimed) return outcome;
            unfinished = false;
        }
        if (crashed) {
            outcome.found = fs::entry_refused{*crashed};
        } else {
            const crash_blame working_on(fs::key_of(entry));
            auto found = examine(entry, renamed_in);
            if (!found) return found.error();
            outcome.unread = !*found;
            if (outcome.unread) return outcome;
            outcome.found = std::move(**found);
        }
        const auto* ready = std::get_if<fs::entry_ready>(&outcome.found);
        const auto* refused = std::get_if<fs::entry_refused>(&outcome.found);
        if (ready == nullptr && refused == nullptr) return outcome;
        const auto& seen = ready != nullptr ? ready->files : refused->files;
        if (auto ours = check_spool(); !ours) return ours.error();
        const auto* why = refused != nullptr ? &refused->why : nullptr;
        auto claimed = fs::claim(world_.layout, entry, config->services, world_.access, seen, why);
        unfinished = !claimed;
        if (!claimed) return claimed.error();
        if (*claimed) {
            outcome.claimed = std::move(**claimed);
        } else if (claimed->error() == fs::claim_refusal::occupied) {
            outcome.occupied = true;
        } else if (claimed->error() == fs::claim_refusal::not_permitted) {
            outcome.not_permitted = claimed->error().why;
        } else {
            outcome.found = fs::entry_gone{};
        }
        return outcome;
    };
    // Trouble of the system is waited out here, with the capacity in hand: so it also holds back the entries behind.
    const auto outcome = co_await keep_trying_on_pool(world_, look);
    known_.at(entry).unfinished = unfinished;
    if (outcome.unread) {
        leave_unread(entry);
        co_return;
    }
    examining_.erase(entry);
    if (!outcome.not_permitted.empty()) {
        world_.troubles.met("no permission to take cases of " + entry.folder, "waiting: " + outcome.not_permitted,
                            about(entry));
        notes_.tell(entry, {outcome.not_permitted, std::chrono::system_clock::now(), std::nullopt});
        wait_for(entry, outcome.not_permitted, {permission_retry, false, inbox_wait::not_permitted}, false);
        co_return;
    }
    // A resumed claim may turn out to be a case of the same name that somebody else has claimed meanwhile.
    if (outcome.occupied || (outcome.claimed && world_.in_hand.contains(outcome.claimed->key))) {
        wait_for(entry, same_name, {occupied_retry, true, inbox_wait::same_name}, false);
        co_return;
    }
    if (const auto* waiting = std::get_if<fs::entry_waiting>(&outcome.found)) {
        const auto now = std::chrono::system_clock::now();
        if (waiting->retry_in > config->intake.settle)
            notes_.tell(entry,
                        {waiting->why, now - waiting->age, now - waiting->age + config->intake.incomplete_after});
        const bool settling = waiting->retry_in <= std::max<milliseconds>(2 * config->intake.settle, occupied_retry);
        const auto reason = waiting->retry_in <= config->intake.settle ? inbox_wait::settling : inbox_wait::not_ready;
        const auto still_since = steady_clock::now() - waiting->age;
        wait_for(entry, waiting->why, {waiting->retry_in, settling, reason, still_since}, waiting->age >= worth_a_line);
        co_return;
    }
    const auto dropped = dropped_at(known_.find(entry)->first);
    drop(entry);
    if (!outcome.claimed) co_return;
    case_start start(*outcome.claimed);
    start.before_receipt = std::move(before_receipt);
    start.unanswered = std::move(unanswered);
    start.in_hand = in_hand_mark(world_, start.record.key, dropped);
    world_.count.claimed();
    world_.day.claimed(service_name(config->services, start.record.key.folder), dropped);
    co_await async::end_shield();
    if (world_.stopping) co_return; // the next start adopts it from work/
    co_await process_case(world_, std::move(start));
}

} // namespace kyc
