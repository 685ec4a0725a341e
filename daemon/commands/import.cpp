#include "commands/import.hpp"

#include "commands/as_owner.hpp"
#include "commands/complain.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_writer.hpp"
#include "core/units.hpp"
#include "import/import_report.hpp"
#include "import/import_run.hpp"
#include "start/spool_access.hpp"

#include <csignal>
#include <fstream>
#include <iostream>
#include <optional>
#include <pwd.h>
#include <unistd.h>

namespace kyc {

namespace {

/// Bad rows that the JSON document names; --report has all of them.
constexpr std::size_t most_told = 1000;

volatile std::sig_atomic_t told_to_stop = 0;

/// The first such signal is obeyed between two rows, the second ends the process at once.
void obey_signals() {
    struct sigaction action {};

    action.sa_handler = [](int) { told_to_stop = 1; };
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    for (const int number : {SIGINT, SIGTERM})
        ::sigaction(number, &action, nullptr);
}

std::string user_name() {
    const auto* user = ::getpwuid(::geteuid());
    return user != nullptr ? user->pw_name : "number " + std::to_string(::geteuid());
}

/// A row that was not imported, as it is told.
struct told_row {
    std::size_t line = 0;
    std::string service;
    std::string name;
    std::string_view problem;
    std::string reason;
};

/// On stderr, a few times a second, if that is a terminal.
class row_progress {
  public:
    explicit row_progress(bool quiet) : on_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

    void begin(const char* what, std::uint64_t of) {
        what_ = what;
        of_ = of;
    }

    void draw(const import_tally& now) {
        const auto time = std::chrono::steady_clock::now();
        if (!on_ || time - drawn_ < std::chrono::milliseconds(100)) return;
        drawn_ = time;
        std::cerr << "\r\033[K" << what_ << ": " << count_words(now.rows, "row", "rows");
        if (of_ != 0) std::cerr << " of " << of_;
        std::cerr << ", " << now.imported << " good, " << now.already_there << " already there, " << now.bad << " bad"
                  << std::flush;
    }

    void wipe() const {
        if (on_) std::cerr << "\r\033[K" << std::flush;
    }

  private:
    bool on_;
    const char* what_ = "";
    std::uint64_t of_ = 0; ///< 0: nobody knows yet
    std::chrono::steady_clock::time_point drawn_{};
};

/// What happens to bad rows.
class bad_rows {
  public:
    bad_rows(const import_options& options, const import_columns& columns, std::optional<import_report> report)
        : options_(options), columns_(columns), report_(std::move(report)) {}

    void add(const csv_row& row, const bad_row& why) {
        if (report_) report_->add(row, why);
        told_row told{row.line, std::string(columns_.service_in(row)), std::string(columns_.name_in(row)), why.word,
                      why.why};
        if (!options_.json) {
            std::cout << "line " << told.line << ": ";
            if (!row.cells.empty()) std::cout << printable(told.service) << "/" << printable(told.name) << ": ";
            std::cout << told.reason << "\n";
        } else if (told_.size() < most_told) {
            told_.push_back(std::move(told));
        } else {
            ++left_out_;
        }
    }

    /// Whether the report is whole.
    [[nodiscard]] bool finish() { return !report_ || report_->finish(); }

    void write(json_writer& out) const {
        out.key("problems");
        out.begin_array();
        for (const auto& each : told_) {
            out.begin_object();
            out.key("line");
            out.integer(std::uint64_t{each.line});
            out.key("service");
            out.text(each.service);
            out.key("name");
            out.text(each.name);
            out.key("problem");
            out.text(each.problem);
            out.key("reason");
            out.text(each.reason);
            out.end_object();
        }
        out.end_array();
        out.key("problems_left_out");
        out.integer(left_out_);
    }

  private:
    const import_options& options_;
    const import_columns& columns_;
    std::optional<import_report> report_;
    std::vector<told_row> told_;
    std::uint64_t left_out_ = 0;
};

void print_json(const import_options& options, const import_tally& tally, const import_end& end, const bad_rows& bad) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.import/1");
    out.key("file");
    out.text(options.file.string());
    out.key("dry_run");
    out.boolean(options.dry_run);
    for (const auto& [name, number] : {std::pair("rows", tally.rows),
                                       {"imported", tally.imported},
                                       {"already_there", tally.already_there},
                                       {"bad", tally.bad},
                                       {"bytes", tally.bytes}}) {
        out.key(name);
        out.integer(number);
    }
    out.key("ended_early");
    out.known_text(end.words);
    bad.write(out);
    out.end_object();
    std::cout << std::move(out).finish();
}

void print_sum(const import_options& options, const import_tally& tally) {
    std::cout << count_words(tally.rows, "row", "rows") << ": " << tally.imported
              << (options.dry_run ? " would be imported (" : " imported (") << format_size(tally.bytes) << "), "
              << tally.already_there << " already there, " << tally.bad << " bad\n";
}

/// What ended it, with what to do; and the code for it.
exit_code code_of(const import_options& options, const import_tally& tally, const import_end& end) {
    const auto what = "import: " + printable(options.file.string()) + ": ";
    const std::string resumed =
        options.dry_run || tally.imported == 0
            ? "; nothing was imported"
            : "; what was imported before is in the inbox: call this again, and none of it comes twice";
    switch (end.why) {
    case import_end::finished:
        return tally.bad != 0 ? exit_code::some_failed : exit_code::done;
    case import_end::not_csv:
        return complain(what + end.words + resumed, exit_code::usage);
    case import_end::no_room:
        return complain("import: " + end.words + "; nothing was imported; make room, or import a part of the file",
                        exit_code::spool_unusable);
    case import_end::trouble:
        return complain("import: " + printable(end.words) + resumed, exit_code::spool_unusable);
    case import_end::stopped:
        return complain("import: stopped by a signal" + resumed, exit_code::stopped_early);
    }
    return exit_code::done;
}

/// Null when another import has the inbox.
result<std::unique_ptr<fs::case_import>> begin_import(const settings& config, const fs::access_rules& access) {
    auto begun = fs::case_import::begin(fs::spool_layout(config.folders), access);
    if (!begun) return begun.error();
    if (auto* ours = std::get_if<std::unique_ptr<fs::case_import>>(&*begun)) return std::move(*ours);
    return std::unique_ptr<fs::case_import>();
}

} // namespace

exit_code import_command(const import_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    const auto file_name = printable(options.file.string());
    std::error_code unknown;
    std::ifstream file(options.file, std::ios::binary);
    if (!file || !std::filesystem::is_regular_file(options.file, unknown))
        return complain("import: " + file_name + " is not there, cannot be read, or is no regular file",
                        exit_code::usage);
    csv_stream head([&file](std::span<char> into) {
        file.read(into.data(), static_cast<std::streamsize>(into.size()));
        return static_cast<std::size_t>(file.gcount());
    });
    const auto header = head.read_header();
    if (!header) return complain("import: " + file_name + ": " + header.error(), exit_code::usage);
    const auto columns = import_columns::read(*header, config->services);
    if (!columns) return complain("import: " + file_name + ": " + columns.error(), exit_code::usage);
    const auto access = resolve_access(*config);
    if (!access) return complain(access.error(), exit_code::config_wrong);
    const auto root_path = std::filesystem::absolute(options.root, unknown);
    std::optional<import_report> report;
    if (!options.report.empty()) {
        auto made = import_report::make(options.report, *header);
        if (!made) return complain("import: " + printable(made.error()), exit_code::usage);
        report = std::move(*made);
    }

    // The owner of work/ is whom the daemon runs as. Where it never ran, the inbox tells.
    for (const auto& folder : {config->folders.work, config->folders.inbox})
        if (const auto why = become_owner_of(folder); !why.empty())
            return complain("import: " + why, exit_code::spool_unusable);
    const auto root = fs::open_folder(root_path);
    if (!root) {
        const bool refused = root.error().code == std::errc::permission_denied;
        return complain("import: " + printable(root.error().message()) +
                            (refused ? "; user " + user_name() + ", as whom this works, must be able to read it"
                                     : "; name the folder that holds the images"),
                        exit_code::spool_unusable);
    }
    auto known = known_cases::open(*config);
    if (!known) return complain("import: " + printable(known.error()), exit_code::spool_unusable);

    obey_signals();
    bad_rows bad(options, *columns, std::move(report));
    row_progress progress(options.json);
    import_run run({*config, *columns, file, *root, root_path, **known, options.again, options.check_images,
                    [&](const csv_row& row, const bad_row& why) {
                        progress.wipe();
                        bad.add(row, why);
                    },
                    [&](const import_tally& now) { progress.draw(now); }, [] { return told_to_stop != 0; }});
    progress.begin("checking", 0);
    auto end = run.survey(options.dry_run);
    const bool goes_on = end.why == import_end::finished && !options.dry_run;
    import_tally tally = options.dry_run ? run.tally() : import_tally{};
    if (goes_on) {
        auto into = begin_import(*config, *access);
        if (!into) return complain("import: " + printable(into.error().message()), exit_code::spool_unusable);
        if (!*into)
            return complain("import: another import is at work on this inbox; wait for its end",
                            exit_code::spool_unusable);
        progress.begin("importing", run.tally().rows);
        end = run.carry_out(**into);
        tally = run.tally();
    }
    progress.wipe();
    if (options.json) {
        print_json(options, tally, end, bad);
    } else {
        print_sum(options, tally);
    }
    std::cout.flush();
    const auto code = code_of(options, tally, end);
    if (!bad.finish())
        return complain("import: " + printable(options.report.string()) + " could not be written as a whole",
                        exit_code::spool_unusable);
    return code;
}

} // namespace kyc
