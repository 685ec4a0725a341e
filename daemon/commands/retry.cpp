#include "commands/retry.hpp"

#include "commands/as_owner.hpp"
#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/retry_choice.hpp"
#include "commands/spool_view.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_writer.hpp"
#include "fs/retry.hpp"
#include "start/spool_access.hpp"
#include "text/words.hpp"

#include <iostream>
#include <optional>
#include <string>
#include <unistd.h>

namespace kyc {

namespace {

/// Whether the case was dropped flat is in the ledger; the names tell it nearly always too.
void ask_ledger(spool_view& view, failed_choice& one) {
    for (const auto& row : view.history_of({one.which.place.folder, one.which.name}))
        if (row.end.place == one.path) one.which.flat = row.about.flat;
}

/// Before anything moves: whether it may. Cases that nobody named, nor their code, go only when somebody has seen how
/// many they are.
std::optional<exit_code> ask_first(const retry_options& options, const retry_choice& chosen) {
    const auto cases = chosen.cases.size();
    if (options.at_most && cases > *options.at_most)
        return complain("retry: " + count_words(cases, "case is", "cases are") + " chosen, more than --at-most " +
                            std::to_string(*options.at_most) +
                            "; nothing was moved, --dry-run without --at-most lists them",
                        exit_code::usage);
    if (options.dry_run) return std::nullopt;
    const bool knowingly = !options.names.empty() || !options.codes.empty();
    if (options.yes || knowingly || cases == 0) return std::nullopt;
    const std::string what = count_words(cases, "case goes", "cases go") + " back into the inbox, and " +
                             count_words(cases, "call", "calls") + " may be paid for";
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0)
        return complain("retry: " + what + ": nothing was moved; look with --dry-run, then say --yes",
                        exit_code::usage);
    std::cerr << what << ". Type yes to go on: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return std::nullopt;
    return complain("retry: nothing was moved", exit_code::some_failed);
}

void move(spool_view& view, failed_choice& one, const fs::access_rules& access, bool dry_run) {
    const auto* target = view.config().services.find(one.which.place.folder);
    if (target == nullptr) {
        one.outcome.why_not = "there is no service " + one.which.place.folder +
                              ", so it would fail again; add it to the settings, or move the case by hand";
        return;
    }
    ask_ledger(view, one);
    if (dry_run) return;
    auto done = fs::retry_case(view.layout(), one.which, target, access);
    if (done) {
        one.outcome = std::move(*done);
    } else {
        one.outcome.why_not = done.error().message();
    }
}

/// What a person should know before, or after.
std::string warning_for(const failed_choice& one) {
    return why_to_be_named(one.code, one.curable).value_or(std::string());
}

std::filesystem::path goes_to(const spool_view& view, const failed_choice& one) {
    const auto folder = view.layout().inbox_service(one.which.place.folder);
    return one.which.flat ? folder : folder / one.which.name;
}

void print_text(const spool_view& view, const retry_choice& chosen, bool dry_run, const painter& paint) {
    std::size_t moved = 0;
    for (const auto& one : chosen.cases) {
        const bool good = one.outcome.why_not.empty();
        moved += good ? 1 : 0;
        std::cout << printable(one.words()) << (one.code.empty() ? "" : " (" + printable(one.code) + ")") << ": ";
        if (good) {
            std::cout << (dry_run ? "would go back to " : "back to ") << printable(goes_to(view, one).string());
        } else {
            std::cout << paint(tone::bad, "not moved: ") << printable(one.outcome.why_not);
        }
        const auto warning = warning_for(one);
        std::cout << (warning.empty() ? "" : "; " + paint(tone::notice, printable(warning))) << "\n";
    }
    std::cout << count_words(moved, "case", "cases") << (dry_run ? " would be moved" : " moved");
    if (moved < chosen.cases.size()) std::cout << ", " << chosen.cases.size() - moved << " not";
    if (dry_run && moved > 0) std::cout << ", and " << count_words(moved, "call", "calls") << " may be paid for";
    std::cout << "\n";
    for (const auto& [code, cases] : chosen.left)
        std::cout << count_words(cases, "case", "cases")
                  << " left in failed/: " << printable(why_to_be_named(code, false).value_or(std::string())) << "; "
                  << (code.empty() ? "named, " : "--code " + printable(code) + " takes ")
                  << (code.empty() ? (cases == 1 ? "it goes" : "they go") : (cases == 1 ? "it" : "them"))
                  << " all the same\n";
}

void print_json(const spool_view& view, const retry_choice& chosen, bool dry_run) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.retry/1");
    out.key("dry_run");
    out.boolean(dry_run);
    out.key("cases");
    out.begin_array();
    for (const auto& one : chosen.cases) {
        const bool good = one.outcome.why_not.empty();
        out.begin_object();
        out.key("case");
        out.text(one.which.name);
        out.key("folder");
        out.text(one.which.place.folder);
        out.key("from");
        out.text(one.path.string());
        out.key("code");
        out.known_text(one.code);
        out.key("failed_at");
        out.text(to_iso8601(one.failed_at));
        out.key("flat");
        out.boolean(one.which.flat);
        out.key("moved");
        out.boolean(good && !dry_run);
        out.key("to");
        out.known_text(good ? goes_to(view, one).string() : std::string());
        out.key("why_not");
        out.known_text(one.outcome.why_not);
        out.key("warning");
        out.known_text(warning_for(one));
        out.end_object();
    }
    out.end_array();
    out.key("left");
    out.begin_array();
    for (const auto& [code, cases] : chosen.left) {
        out.begin_object();
        out.key("code");
        out.known_text(code);
        out.key("cases");
        out.integer(cases);
        out.end_object();
    }
    out.end_array();
    out.key("unknown");
    out.begin_array();
    for (const auto& each : chosen.unknown)
        out.text(each);
    out.end_array();
    out.end_object();
    std::cout << std::move(out).finish();
}

} // namespace

exit_code retry_command(const retry_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    std::vector<case_words> names;
    for (const auto& text : options.names) {
        const auto words = parse_case_words(text);
        if (!words)
            return complain("retry: " + printable(text) + " is no case; write its name or SERVICE/CASE",
                            exit_code::usage);
        names.push_back(as_kept(*words)); // as it is called in failed/
    }
    if (const auto why = become_owner_of(config->folders.failed); !why.empty())
        return complain("retry: " + why, exit_code::spool_unusable);
    const auto access = resolve_access(*config);
    if (!access) return complain(access.error(), exit_code::config_wrong);
    spool_view view(*config);
    if (!options.service.empty() && config->services.find(options.service) == nullptr)
        std::cerr << "kycd: there is no service " << printable(options.service)
                  << " in the settings; folders of that name are looked for\n";
    auto chosen = choose_failed(view, options, names);
    if (const auto stopped = ask_first(options, chosen)) return *stopped;
    bool all_moved = chosen.unknown.empty();
    for (auto& one : chosen.cases) {
        move(view, one, *access, options.dry_run);
        all_moved = all_moved && one.outcome.why_not.empty();
    }
    if (options.json) {
        print_json(view, chosen, options.dry_run);
    } else {
        print_text(view, chosen, options.dry_run, painter(options.color));
    }
    std::cout.flush();
    for (const auto& each : chosen.unknown)
        std::cerr << "kycd: retry: there is no failed case " << printable(each) << " in "
                  << config->folders.failed.string() << "\n";
    // A ledger that cannot be read, or a daemon that does not answer, keeps no case from its way back.
    static_cast<void>(complain_of_troubles(view));
    return all_moved && (view.troubles().empty() || !chosen.cases.empty()) ? exit_code::done : exit_code::some_failed;
}

} // namespace kyc
