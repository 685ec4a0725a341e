#include "commands/retry.hpp"

#include "commands/as_owner.hpp"
#include "commands/complain.hpp"
#include "commands/spool_view.hpp"
#include "commands/words.hpp"
#include "core/json_writer.hpp"
#include "fs/retry.hpp"
#include "settings_yaml.hpp"
#include "spool_access.hpp"

#include <algorithm>
#include <iostream>

namespace kyc {

namespace {

/// A case in failed/ and what became of it.
struct candidate {
    fs::failed_case which;
    std::filesystem::path path;
    std::string code; ///< empty when its error.json cannot be read
    bool retryable = true;
    fs::retried outcome;

    [[nodiscard]] std::string words() const { return which.place.folder + "/" + which.place.name; }
};

candidate make_candidate(const spool_view& view, const case_folder_entry& entry) {
    candidate one;
    one.which.place = entry.key;
    one.which.name = entry.key.name;
    one.path = entry.path;
    if (const auto folder = fs::open_folder(entry.path)) {
        auto paper = read_case_paper_file(*folder, "error.json");
        if (!paper) paper = read_case_paper_file(*folder, fs::retried_mark);
        if (paper) {
            one.code = paper->word;
            one.retryable = paper->retryable;
            // What delivery numbered gets its own name back.
            if (is_numbered(entry.key.name, paper->about.name)) one.which.name = paper->about.name;
        }
    }
    one.which.flat = fs::looks_flat(entry.path, one.which.name, view.config().services.find(entry.key.folder));
    return one;
}

/// Whether the case was dropped flat is in the ledger; the names tell it nearly always too.
void ask_ledger(spool_view& view, candidate& one) {
    for (const auto& row : view.history_of({one.which.place.folder, one.which.name}))
        if (row.end.place == one.path) one.which.flat = row.about.flat;
}

/// All that are asked for; words that name nothing are in `unknown`.
std::vector<candidate> choose(spool_view& view, const retry_options& options, const std::vector<case_words>& names,
                              std::vector<std::string>& unknown) {
    std::vector<candidate> chosen;
    std::vector<bool> met(names.size(), false);
    const auto read = for_each_case_folder(view.layout().roots().failed, [&](const case_folder_entry& entry) {
        bool named = names.empty();
        for (std::size_t i = 0; i < names.size(); ++i) {
            const bool service = names[i].service.empty() || view.is_of(entry.key.folder, names[i].service);
            if (!service || !is_numbered(entry.key.name, names[i].name)) continue;
            named = true;
            met[i] = true;
        }
        if (!named) return true;
        auto one = make_candidate(view, entry);
        if (!options.code.empty() && one.code != options.code) return true;
        chosen.push_back(std::move(one));
        return true;
    });
    if (!read) view.add_trouble(read.error().message() + "; run this as kycd's user or as root");
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!met[i]) unknown.push_back(options.names[i]);
    return chosen;
}

void move(spool_view& view, candidate& one, const fs::access_rules& access, bool dry_run) {
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
std::string warning_for(const candidate& one) {
    if (one.code == to_string(failure_code::unknown_outcome))
        return "the API may have billed it already: this may be paid again";
    if (!one.retryable) return one.code + " is not cured by a retry: it fails again unless its files were changed";
    return {};
}

std::filesystem::path goes_to(const spool_view& view, const candidate& one) {
    const auto folder = view.layout().inbox_service(one.which.place.folder);
    return one.which.flat ? folder : folder / one.which.name;
}

void print_text(const spool_view& view, const std::vector<candidate>& all, bool dry_run) {
    std::size_t moved = 0;
    for (const auto& one : all) {
        const bool good = one.outcome.why_not.empty();
        moved += good ? 1 : 0;
        std::cout << printable(one.words()) << (one.code.empty() ? "" : " (" + printable(one.code) + ")") << ": ";
        if (good) {
            std::cout << (dry_run ? "would go back to " : "back to ") << printable(goes_to(view, one).string());
        } else {
            std::cout << "not moved: " << printable(one.outcome.why_not);
        }
        const auto warning = warning_for(one);
        std::cout << (warning.empty() ? "" : "; " + warning) << "\n";
    }
    std::cout << count_words(moved, "case", "cases") << (dry_run ? " would be moved" : " moved");
    if (moved < all.size()) std::cout << ", " << all.size() - moved << " not";
    std::cout << "\n";
}

void print_json(const spool_view& view, const std::vector<candidate>& all, const std::vector<std::string>& unknown,
                bool dry_run) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.retry/1");
    out.key("dry_run");
    out.boolean(dry_run);
    out.key("cases");
    out.begin_array();
    for (const auto& one : all) {
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
    out.key("unknown");
    out.begin_array();
    for (const auto& each : unknown)
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
        names.push_back(*words);
    }
    if (const auto why = become_owner_of(config->folders.failed); !why.empty())
        return complain("retry: " + why, exit_code::spool_unusable);
    const auto access = resolve_access(*config);
    if (!access) return complain(access.error(), exit_code::config_wrong);
    spool_view view(*config);
    std::vector<std::string> unknown;
    auto all = choose(view, options, names, unknown);
    bool all_moved = unknown.empty();
    for (auto& one : all) {
        move(view, one, *access, options.dry_run);
        all_moved = all_moved && one.outcome.why_not.empty();
    }
    if (options.json) {
        print_json(view, all, unknown, options.dry_run);
    } else {
        print_text(view, all, options.dry_run);
    }
    std::cout.flush();
    for (const auto& each : unknown)
        std::cerr << "kycd: retry: there is no failed case " << printable(each) << " in "
                  << config->folders.failed.string() << "\n";
    // A ledger that cannot be read, or a daemon that does not answer, keeps no case from its way back.
    static_cast<void>(complain_of_troubles(view));
    return all_moved && (view.troubles().empty() || !all.empty()) ? exit_code::done : exit_code::some_failed;
}

} // namespace kyc
