#include "options.hpp"

#include "version.hpp"

#include <CLI/CLI.hpp>

namespace kyc {

namespace {

constexpr const char* default_config = "/etc/kycd/kycd.yaml";

void add_config(CLI::App& to, std::filesystem::path& target) {
    target = default_config;
    to.add_option("--config", target, "The configuration file")->type_name("FILE")->capture_default_str();
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
        "64 usage; 69 API unreachable; 70 internal error; 73 spool unusable; 77 credentials refused; 78 config wrong.");

    run_options run;
    auto* run_command = program.add_subcommand("run", "The daemon, until SIGTERM or SIGINT");
    add_config(*run_command, run.config);
    run_command->add_flag("--once", run.once,
                          "Take what is in the inbox now, wait for every answer, print a summary, exit");
    run_command->add_flag("--json", run.json, "With --once: the summary as JSON")->needs("--once");

    check_options check;
    auto* check_command = program.add_subcommand("check", "Check config, folders, TLS and credentials, a line each");
    add_config(*check_command, check.config);
    check_command->add_flag("--json", check.json, "As JSON");

    inspect_options inspect;
    auto* inspect_command = program.add_subcommand("inspect", "Check image files as kycd does before it uploads them");
    inspect_command->add_option("FILE", inspect.files, "Image files")->required();
    inspect_command->add_flag("--json", inspect.json, "As JSON");

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
    return inspect;
}

} // namespace kyc
