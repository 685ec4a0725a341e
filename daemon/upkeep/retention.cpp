#include "upkeep/retention.hpp"

#include "async/signal.hpp"
#include "core/units.hpp"
#include "life/case_world.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>

namespace kyc {

namespace {

constexpr std::chrono::hours interval{1};

/// Cases that are removed, or reduced in the ledger, by one piece of work: the pool is there for others, too.
constexpr std::size_t at_a_time = 50;

std::string name_of(fs::spool_root root) {
    return root == fs::spool_root::outbox ? "outbox/" : "failed/";
}

async::awaitable<void> apply(case_world& world, retention_rule rule) {
    retention_outcome outcome;
    auto look = [&world, &rule]() -> result<std::vector<fs::expired_case>> {
        if (auto done = fs::finish_removals(world.layout, rule.from); !done) return done.error();
        return fs::list_expired(world.layout, rule.from, std::chrono::system_clock::now() - rule.keep);
    };
    const auto found = co_await world.pool.run(look);
    if (!found) {
        log::warning(rule.setting + " cannot be applied, trying again in an hour: " + found.error().message());
        co_return;
    }
    const std::span<const fs::expired_case> all(*found);
    for (std::size_t from = 0; from < all.size() && !world.stopping; from += at_a_time) {
        std::vector<fs::expired_case> some;
        for (const auto& each : all.subspan(from, std::min(at_a_time, all.size() - from)))
            if (!world.in_hand.contains(case_key(each.key.folder, each.key.name, lane::bulk))) some.push_back(each);
        auto remove = [&world, &rule, &outcome, &some] {
            for (const auto& each : some)
                outcome.note(each.held ? result<fs::removal>(fs::removal::held)
                                       : fs::remove_ended(world.layout, rule.from, each.key));
        };
        co_await world.pool.run(remove);
    }
    log_removals(rule, outcome, "trying again in an hour");
}

/// Of those rows, the ones whose folder is gone. A root that is not mounted proves nothing.
result<std::vector<std::int64_t>> without_folder(const fs::spool_layout& layout,
                                                 const std::vector<ledger::ended_row>& rows) {
    for (const auto root : {fs::spool_root::outbox, fs::spool_root::failed})
        if (const auto there = fs::open_root(layout, root); !there) return there.error();
    std::vector<std::int64_t> gone;
    for (const auto& row : rows) {
        std::error_code unknown;
        const auto status = std::filesystem::symlink_status(row.place, unknown);
        if (row.place.empty() || status.type() == std::filesystem::file_type::not_found) gone.push_back(row.id);
    }
    return gone;
}

async::awaitable<void> reduce_ledger(case_world& world) {
    const auto& keep = world.config->retention;
    const auto now = std::chrono::system_clock::now();
    const auto end_of = [now](const auto& kept) { return kept ? std::optional(now - *kept) : std::nullopt; };
    const auto delivered = end_of(keep.outbox);
    const auto failed = end_of(keep.failed);
    std::int64_t after = 0;
    std::size_t reduced = 0;
    while (!world.stopping) {
        const auto rows = co_await world.ledger.ended_before(delivered, failed, after, at_a_time);
        if (!rows || rows->empty()) break;
        after = rows->back().id;
        auto look = [&world, &rows] { return without_folder(world.layout, *rows); };
        const auto gone = co_await world.pool.run(look);
        if (!gone) break;
        const auto done = co_await world.ledger.reduce(*gone);
        if (!done) break; // the case that needs the ledger says what is wrong with it
        reduced += gone->size();
    }
    if (delivered && !world.stopping) // their reports have gone by the same rule
        static_cast<void>(co_await world.ledger.tickets().forget_tickets(*delivered));
    if (reduced != 0)
        log::info("the ledger keeps hashes and outcome alone of " + count_words(reduced, "case", "cases") +
                  " whose time is over");
}

} // namespace

std::vector<retention_rule> rules_of(const retention_settings& settings) {
    std::vector<retention_rule> rules;
    if (settings.outbox) rules.push_back({fs::spool_root::outbox, "retention.outbox", *settings.outbox});
    if (settings.failed) rules.push_back({fs::spool_root::failed, "retention.failed", *settings.failed});
    return rules;
}

void retention_outcome::note(const result<fs::removal>& came_to) {
    if (!came_to) {
        ++left;
        trouble = came_to.error().message();
    } else if (*came_to == fs::removal::removed) {
        ++removed;
    } else if (*came_to == fs::removal::held) {
        ++held;
    }
}

std::string describe(const retention_rule& rule, const retention_outcome& outcome) {
    auto text = rule.setting + " " + format_duration(rule.keep) + ": " + count_words(outcome.removed, "case", "cases") +
                " removed from " + name_of(rule.from);
    if (outcome.held != 0)
        text += ", " + std::to_string(outcome.held) + (outcome.held == 1 ? " kept for its " : " kept for their ") +
                fs::hold_mark;
    return text;
}

void log_removals(const retention_rule& rule, const retention_outcome& outcome, const std::string& then,
                  log::fields about) {
    about.insert(
        about.begin(),
        {{"setting", rule.setting}, {"removed", outcome.removed}, {"held", outcome.held}, {"left", outcome.left}});
    if (outcome.removed != 0) log::info(describe(rule, outcome), about);
    if (outcome.left != 0)
        log::warning(count_words(outcome.left, "case", "cases") + " whose time is over (" + rule.setting +
                         ") could not be removed, " + then + ": " + outcome.trouble,
                     about);
}

async::awaitable<void> keep_retention(case_world& world) {
    for (;;) {
        const auto rules = rules_of(world.config->retention);
        for (const auto& rule : rules)
            co_await apply(world, rule);
        if (!rules.empty()) co_await reduce_ledger(world);
        co_await async::sleep_for(interval);
    }
}

} // namespace kyc
