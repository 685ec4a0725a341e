#include "config/options.hpp"

#include "core/failure.hpp"
#include "core/units.hpp"
#include "text/words.hpp"
#include "told/standing.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>

namespace kyc {

namespace {

constexpr const char* default_config = "/etc/kycd/kycd.yaml";

void add_config(CLI::App& to, std::filesystem::path& target) {
    target = default_config;
    to.add_option("--config", target, "The configuration file")->type_name("FILE")->capture_default_str();
}

void add_color(CLI::App& to, std::string& target) {
    to.add_option("--color", target, "auto (on a terminal, unless NO_COLOR is set), always, never")
        ->type_name("WHEN")
        ->capture_default_str()
        ->check(CLI::IsMember({"auto", "always", "never"}));
}

constexpr const char* case_help = "A case's name, or SERVICE/CASE";

/// The commands that look at the spool or change it for a person.
struct operator_commands {
    status_options status;
    list_options list;
    show_options show;
    why_options why;
    retry_options retry;
    report_options report;
    purge_options purge;
    import_options import;
    reverify_options reverify;
    CLI::App* status_command = nullptr;
    CLI::App* list_command = nullptr;
    CLI::App* show_command = nullptr;
    CLI::App* why_command = nullptr;
    CLI::App* retry_command = nullptr;
    CLI::App* report_command = nullptr;
    CLI::App* purge_command = nullptr;
    CLI::App* import_command = nullptr;
    CLI::App* reverify_command = nullptr;

    void add_to(CLI::App& program);
    void add_list(CLI::App& program);
    void add_retry(CLI::App& program);
    void add_report(CLI::App& program);
    void add_import(CLI::App& program);
    void add_reverify(CLI::App& program);
    void add_ticket_flags();
    void add_ticket_action(const char* name, const char* what, reverify_action action);

    template<class Options>
    CLI::App* add(CLI::App& program, const char* name, const char* what, Options& target) {
        auto* made = program.add_subcommand(name, what);
        add_config(*made, target.config);
        made->add_flag("--json", target.json, "As JSON");
        if constexpr (requires { target.color; }) add_color(*made, target.color);
        return made;
    }
};

void operator_commands::add_to(CLI::App& program) {
    status_command =
        add(program, "status", "How many cases stand where, what is paused and why, and how fast it goes", status);
    add_list(program);
    show_command = add(program, "show", "Everything that is known of one case", show);
    show_command->add_option("CASE", show.name, case_help)->required();
    why_command = add(program, "why", "Why a file or case is where it is, and what happens next", why);
    why_command->add_option("PATH", why.path, "A file or folder in the spool, or a case")->required();
    add_retry(program);
    add_import(program);
    add_reverify(program);
    add_report(program);
    purge_command = add(program, "purge", "Removes the cases whose time is over, as 'retention' says", purge);
    purge_command->add_flag("--dry-run", purge.dry_run, "Only say how many would be removed");
}

/// For options that parse_since() reads.
CLI::Validator is_time() {
    const auto check = [](const std::string& text) {
        const auto read = parse_since(text, std::chrono::system_clock::now());
        return read ? std::string() : read.error();
    };
    return {check, ""};
}

/// For options that are a count: CLI11 takes -1 for the largest number that there is.
CLI::Validator is_count() {
    const auto check = [](const std::string& text) {
        std::size_t number = 0;
        const auto* const end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, number);
        if (read.ec == std::errc() && read.ptr == end) return std::string();
        return quote_text(text) + " is no number of cases; write it in digits, e.g. 100";
    };
    return {check, ""};
}

/// An empty value is a shell's variable that was not set, and would select more than somebody meant.
void refuse_empty_values(const CLI::App& given) {
    for (const auto* flag : given.get_options())
        for (const auto& value : flag->results())
            if (value.empty())
                throw CLI::ValidationError(flag->get_name() + " has an empty value", CLI::ExitCodes::ValidationError);
}

/// For options that take a word of failure_code. A slip of the pen must not look like a code that no case has.
CLI::Validator is_code() {
    const auto check = [](const std::string& text) {
        if (failure_code_from(text)) return std::string();
        return "there is no code " + quote_text(text) + "; 'kycd list --state failed' shows those there are";
    };
    return {check, ""};
}

void add_times(CLI::App& to, std::string& since, std::string& before, const std::string& what) {
    to.add_option("--since", since, what + " after this time: 2h, 3d (back from now), 2026-11-20, 2026-11-20T01:02Z")
        ->type_name("TIME")
        ->check(is_time());
    to.add_option("--before", before, what + " before this time, written likewise")
        ->type_name("TIME")
        ->check(is_time());
}

/// No time lies after the one and before the other: an empty answer would look as if nothing had happened.
void refuse_empty_time(const std::string& since, const std::string& before) {
    if (since.empty() || before.empty()) return;
    const auto now = std::chrono::system_clock::now();
    if (*parse_since(since, now) >= *parse_since(before, now))
        throw CLI::ValidationError("no time is after --since " + since + " and before --before " + before +
                                       "; --since is the earlier one",
                                   CLI::ExitCodes::ValidationError);
}

/// A report ends now unless it is told, so it would end before it begins.
void refuse_time_ahead(const std::string& since, const std::string& before) {
    if (!before.empty()) return;
    const auto now = std::chrono::system_clock::now();
    if (*parse_since(since, now) > now)
        throw CLI::ValidationError("--since " + since + " lies ahead: no case has ended after it",
                                   CLI::ExitCodes::ValidationError);
}

void operator_commands::add_list(CLI::App& program) {
    list_command = add(program, "list", "The cases, a line each", list);
    list_command->add_option("--state", list.state, "Only cases in this state")->check(CLI::IsMember(standing_words()));
    list_command->add_option("--service", list.service, "Only cases of this service")->type_name("SERVICE");
    list_command->add_option("--code", list.code, "Only cases that failed with this code")
        ->type_name("CODE")
        ->check(is_code());
    add_times(*list_command, list.since, list.before, "Only what came to stand where it is");
    list_command->callback([this]() {
        refuse_empty_values(*list_command);
        refuse_empty_time(list.since, list.before);
    });
}

void operator_commands::add_report(CLI::App& program) {
    report_command =
        add(program, "report", "What came of the cases that ended, what it cost, how long it took", report);
    add_times(*report_command, report.since, report.before, "Cases that ended");
    report_command->get_option("--since")->capture_default_str();
    report_command->add_option("--format", report.format, "text, csv (a line for each day and service), json, html")
        ->capture_default_str()
        ->check(CLI::IsMember({"text", "csv", "json", "html"}));
    report_command->callback([this]() {
        refuse_empty_time(report.since, report.before);
        refuse_time_ahead(report.since, report.before);
        const bool said = report_command->count("--format") != 0;
        if (report.json && said && report.format != "json")
            throw CLI::ValidationError("--json and --format " + report.format + " are two formats; give one of them",
                                       CLI::ExitCodes::ValidationError);
    });
}

void operator_commands::add_retry(CLI::App& program) {
    retry_command = add(program, "retry", "Failed cases back into the inbox", retry);
    auto* names = retry_command->add_option("CASE", retry.names, case_help);
    auto* codes =
        retry_command
            ->add_option("--code", retry.codes,
                         "Only cases that failed with this code, e.g. TASK_FAILED; may be given more than once")
            ->type_name("CODE")
            ->delimiter(',')
            ->allow_extra_args(false)
            ->check(is_code());
    auto* service =
        retry_command->add_option("--service", retry.service, "Only cases of this service")->type_name("SERVICE");
    add_times(*retry_command, retry.since, retry.before, "Only cases that failed");
    retry_command->add_flag("--all", retry.all, "Every failed case that a retry may cure")
        ->excludes(names)
        ->excludes(codes)
        ->excludes(service)
        ->excludes("--since")
        ->excludes("--before");
    retry_command->add_flag("--yes", retry.yes, "Do not ask before cases go back that were not named, nor their code");
    retry_command->add_option("--at-most", retry.at_most, "Move nothing when more cases than this are chosen")
        ->type_name("N")
        ->check(is_count());
    retry_command->add_flag("--dry-run", retry.dry_run, "Only say what would be moved");
    retry_command->callback([this]() {
        refuse_empty_values(*retry_command);
        if (!retry.all && retry.names.empty() && retry.codes.empty() && retry.service.empty() && retry.since.empty() &&
            retry.before.empty())
            throw CLI::ValidationError("say which cases: CASE, --code, --service, --since, --before or --all",
                                       CLI::ExitCodes::ValidationError);
        refuse_empty_time(retry.since, retry.before);
    });
}

void operator_commands::add_import(CLI::App& program) {
    import_command = add(program, "import", "Cases from a CSV file and a folder of images into the inbox", import);
    import_command->add_option("FILE", import.file, "A CSV file with a row for each case")->required();
    import_command->add_option("--root", import.root, "The folder that holds the images; nothing outside it is read")
        ->type_name("DIR")
        ->required();
    import_command
        ->add_option("--report", import.report, "Write the rows that were not imported, and why, to this CSV file")
        ->type_name("FILE");
    import_command->add_flag("--check-images", import.check_images,
                             "Look into each image as kycd does before an upload");
    import_command->add_flag("--again", import.again,
                             "Also cases of a name that kycd has had before, which may be paid again");
    import_command->add_flag("--dry-run", import.dry_run, "Look at every row, and only say what would happen");
}

void operator_commands::add_ticket_flags() {
    auto& to = *reverify_command;
    const auto one = [&to](const char* flag, std::string& target, const char* what, const char* type) {
        return to.add_option(flag, target, what)->type_name(type);
    };
    // Each of these may be given more than once, or with commas where no name can hold one.
    const auto several = [&to](const char* flag, std::vector<std::string>& target, const char* what, const char* type) {
        return to.add_option(flag, target, what)->type_name(type)->allow_extra_args(false);
    };
    several("--service", reverify.services, "Only cases of this service", "SERVICE")->delimiter(',');
    several("--verdict", reverify.verdicts, "Only with this verdict: pass, fail, inconclusive", "VERDICT")
        ->delimiter(',');
    one("--older-than", reverify.older_than, "Answered last longer ago than this, e.g. 180d", "TIME");
    one("--delivered-before", reverify.delivered_before, "Answered last before then, in UTC, e.g. 2026-06-01", "TIME");
    one("--document-expired", reverify.document_expired, "The document has expired: true; or has not: false", "BOOL");
    one("--expires-within", reverify.expires_within, "The document expires within this time, e.g. 90d", "TIME");
    several("--name", reverify.names, "Only cases of this name, or pattern with * ? [ ]", "NAME");
    one("--column", reverify.column, "The CSV's column of names; default: name", "NAME")
        ->needs(to.add_option("--names-from", reverify.names_from,
                              "Only cases named in this file: a .csv with a column of names, else a name on each line")
                    ->type_name("FILE")
                    ->excludes("--name"));
    several("--label", reverify.labels, "Only with this label in the case.json", "NAME=VALUE");
    one("--sample", reverify.sample, "Draw so many of what matches, or a share such as 5%", "N");
    one("--seed", reverify.seed, "Another number draws others, the same one the same", "N");
    one("--limit", reverify.limit, "At most so many, the first in their order", "N");
    one("--order", reverify.order, "oldest, newest, name, expiry, shuffled", "ORDER");
    one("--window", reverify.window, "When: \"22:00-06:00 Europe/Berlin\", always; default: lanes.bulk.window",
        "WINDOW");
    one("--rate", reverify.rate, "Submissions per second at most", "N");
    one("--budget", reverify.budget, "Paid calls at most", "N");
    several("--canary", reverify.canary, "This case runs first; if its verdict differs from before, the ticket pauses",
            "NAME");
    one("--stop-if-failed", reverify.stop_if_failed, "End when more fail: a number, or a share such as 20%", "N");
    one("--stop-if-changed", reverify.stop_if_changed, "End when more come out changed, likewise", "N");
    one("--unfinished", reverify.unfinished, "What a night leaves undone: next_night, end", "WORD");
}

void operator_commands::add_ticket_action(const char* name, const char* what, reverify_action action) {
    auto* made = add(*reverify_command, name, what, reverify);
    if (action != reverify_action::list) made->add_option("NAME", reverify.name, "The ticket's name")->required();
    made->callback([this, action] { reverify.action = action; });
}

void operator_commands::add_reverify(CLI::App& program) {
    reverify_command = add(program, "reverify",
                           "Delivered cases to be verified again: drops a ticket into the inbox, or looks after those "
                           "that are there",
                           reverify);
    const auto common = reverify_command->get_options().size();
    add_ticket_flags();
    auto flags = std::as_const(*reverify_command).get_options();
    flags.erase(flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(common));
    reverify_command->add_option("--ticket", reverify.ticket_file, "A written ticket instead of the flags above")
        ->type_name("FILE");
    reverify_command->add_option("--as", reverify.as, "The ticket's name, and that of its report's folder")
        ->type_name("NAME");
    reverify_command->add_flag("--plan", reverify.plan,
                               "Only tell what it would select, how long it takes, what it costs");
    reverify_command->add_flag("--all", reverify.all, "Every delivered case is meant");
    // Not by excludes(): the help would name a dozen flags behind each.
    reverify_command->callback([this, flags = std::move(flags)]() {
        refuse_empty_values(*reverify_command);
        for (const auto* flag : flags)
            if (flag->count() != 0 && reverify_command->count("--ticket") != 0)
                throw CLI::ValidationError("--ticket says it all: " + flag->get_name() + " cannot stand beside it",
                                           CLI::ExitCodes::ValidationError);
    });
    add_ticket_action("list", "The tickets, and how far each is", reverify_action::list);
    add_ticket_action("pause", "Pauses a ticket", reverify_action::pause);
    add_ticket_action("resume", "Lets a paused ticket go on", reverify_action::resume);
    add_ticket_action("cancel", "Ends a ticket; what was not done stays as it is", reverify_action::cancel);
}

text_only usage_error(const CLI::App& program, const CLI::ParseError& error) {
    std::string name = "kycd";
    for (const auto* chosen : program.get_subcommands())
        name += " " + chosen->get_name();
    return {{}, "kycd: command line: " + std::string(error.what()) + "; see '" + name + " --help'\n", exit_code::usage};
}

} // namespace

command parse_command_line(int argc, const char* const* argv) {
    CLI::App program(
        "kycd uploads ID-check cases from a drop folder to the Progeny KYC API and leaves the answers in an outbox.",
        "kycd");
    program.require_subcommand(1);
    program.set_version_flag("--version", std::string("kycd ") + version);
    program.footer(
        "Exit codes: 0 done, all answered; 1 done, some cases failed; 2 stopped early, some cases still open;\n"
        "64 usage; 69 API unreachable; 70 internal error; 73 spool unusable; 74 output not written; 77 credentials "
        "refused;\n"
        "78 config wrong.");

    run_options run;
    auto* run_command = program.add_subcommand("run", "The daemon, until SIGTERM or SIGINT");
    add_config(*run_command, run.config);
    run_command->add_flag("--once", run.once,
                          "Take what is in the inbox now, wait for every answer, print a summary, exit");
    run_command->add_flag("--json", run.json, "With --once: the summary as JSON")->needs("--once");

    check_options check;
    auto* check_command =
        program.add_subcommand("check", "Check config, folders, ledger, TLS and credentials, a line each");
    add_config(*check_command, check.config);
    check_command->add_flag("--json", check.json, "As JSON");
    add_color(*check_command, check.color);

    inspect_options inspect;
    auto* inspect_command = program.add_subcommand("inspect", "Check image files as kycd does before it uploads them");
    inspect_command->add_option("FILE", inspect.files, "Image files")->required();
    inspect_command->add_flag("--json", inspect.json, "As JSON");
    add_color(*inspect_command, inspect.color);

    operator_commands looking;
    looking.add_to(program);

    // CLI11 would only say that a command is required.
    const std::string first = argc > 1 ? argv[1] : "-";
    const auto named_first = [&first](const CLI::App* each) { return each->get_name() == first; };
    if (first[0] != '-' && program.get_subcommands(named_first).empty())
        return text_only{{},
                         "kycd: command line: there is no command '" + std::string(argv[1]) + "'; see 'kycd --help'\n",
                         exit_code::usage};
    try {
        program.parse(argc, argv);
    } catch (const CLI::CallForAllHelp&) {
        return text_only{program.help("", CLI::AppFormatMode::All), {}, exit_code::done};
    } catch (const CLI::CallForHelp&) {
        const auto chosen = program.get_subcommands();
        return text_only{chosen.empty() ? program.help() : chosen.front()->help("kycd"), {}, exit_code::done};
    } catch (const CLI::CallForVersion&) {
        return text_only{std::string("kycd ") + version + "\n", {}, exit_code::done};
    } catch (const CLI::ParseError& error) {
        return usage_error(program, error);
    }
    if (*run_command) return run;
    if (*check_command) return check;
    if (*inspect_command) return inspect;
    if (*looking.status_command) return looking.status;
    if (*looking.list_command) return looking.list;
    if (*looking.show_command) return looking.show;
    if (*looking.why_command) return looking.why;
    if (*looking.report_command) return looking.report;
    if (*looking.purge_command) return looking.purge;
    if (*looking.import_command) return looking.import;
    if (*looking.reverify_command) return looking.reverify;
    return looking.retry;
}

} // namespace kyc
