#include "commands/purge.hpp"

#include "commands/as_owner.hpp"
#include "commands/complain.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_writer.hpp"
#include "core/units.hpp"
#include "log/log.hpp"
#include "upkeep/retention.hpp"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace kyc {

namespace {

struct applied_rule {
    retention_rule rule;
    retention_outcome outcome;
};

/// A fault: the root cannot be read. `caller` is for the log.
result<retention_outcome> apply(const fs::spool_layout& layout, const retention_rule& rule, bool dry_run,
                                const log::fields& caller) {
    retention_outcome outcome;
    if (!dry_run) {
        if (auto done = fs::finish_removals(layout, rule.from); !done) return done.error();
    }
    const auto found = fs::list_expired(layout, rule.from, std::chrono::system_clock::now() - rule.keep);
    if (!found) return found.error();
    const auto due = std::count_if(found->begin(), found->end(), [](const auto& each) { return !each.held; });
    // Said before, so that it is on record also when this ends half-way.
    if (due != 0 && !dry_run)
        log::info("kycd purge begins, " + rule.setting + " " + format_duration(rule.keep) + ": " +
                      count_words(static_cast<std::uint64_t>(due), "case is", "cases are") + " to be removed",
                  caller);
    for (const auto& each : *found) {
        if (each.held || dry_run) {
            outcome.note(each.held ? fs::removal::held : fs::removal::removed);
        } else {
            outcome.note(fs::remove_ended(layout, rule.from, each.key));
        }
    }
    if (!dry_run) log_removals(rule, outcome, "and stayed where they are", caller);
    return outcome;
}

void print_json(const std::vector<applied_rule>& applied, bool dry_run) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.purge/1");
    out.key("dry_run");
    out.boolean(dry_run);
    out.key("rules");
    out.begin_array();
    for (const auto& [rule, outcome] : applied) {
        out.begin_object();
        out.key("setting");
        out.text(rule.setting);
        out.key("keep");
        out.text(format_duration(rule.keep));
        out.key("removed");
        out.integer(outcome.removed);
        out.key("held");
        out.integer(outcome.held);
        out.key("left");
        out.integer(outcome.left);
        out.key("trouble");
        out.known_text(outcome.trouble);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    std::cout << std::move(out).finish();
}

} // namespace

exit_code purge_command(const purge_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    log::configure(config->log, log::log_place::journal);
    // Before it becomes the owner of the folders: who called it is what is worth knowing.
    const log::fields caller{{"uid", ::getuid()}};
    const auto rules = rules_of(config->retention);
    const fs::spool_layout layout(config->folders);
    std::vector<applied_rule> applied;
    auto code = exit_code::done;
    for (const auto& rule : rules) {
        const auto& root = layout.roots();
        const auto& folder = rule.from == fs::spool_root::outbox ? root.outbox : root.failed;
        if (const auto why = become_owner_of(folder); !why.empty())
            return complain("purge: " + why, exit_code::spool_unusable);
        auto outcome = apply(layout, rule, options.dry_run, caller);
        if (!outcome)
            return complain("purge: " + outcome.error().message() + "; run this as kycd's user or as root",
                            exit_code::spool_unusable);
        if (outcome->left != 0) code = exit_code::some_failed;
        applied.push_back({rule, std::move(*outcome)});
    }
    if (options.json) {
        print_json(applied, options.dry_run);
    } else if (applied.empty()) {
        std::cout << "every case is kept: retention.outbox and retention.failed are off\n";
    } else {
        for (const auto& [rule, outcome] : applied)
            std::cout << (options.dry_run ? "would be: " : "") << describe(rule, outcome) << "\n";
    }
    std::cout.flush();
    for (const auto& [rule, outcome] : applied)
        if (outcome.left != 0)
            std::cerr << "kycd: purge: " << count_words(outcome.left, "case", "cases") << " could not be removed ("
                      << rule.setting << "): " << printable(outcome.trouble) << "; see to it and call this again\n";
    return code;
}

} // namespace kyc
