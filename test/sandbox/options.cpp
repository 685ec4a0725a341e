#include "sandbox/options.hpp"

#include "core/units.hpp"
#include "sandbox/answers.hpp"
#include "sandbox/scenario_yaml.hpp"

#include <CLI/CLI.hpp>
#include <tuple>

namespace kyc::sandbox {

namespace {

constexpr int usage_error = 64;

std::string explanation() {
    return "Answers\n"
           "  A task passes, unless the bytes of an uploaded image (or a text field) hold\n"
           "    kycd-sandbox:<answer>\n"
           "  with one of: " +
           answer_names() +
           ".\n"
           "  For example:  printf 'kycd-sandbox:spoof' >> selfie_image.jpg\n"
           "  A background_check for the full name SANDBOX MATCH finds a potential match.\n"
           "\n"
           "Control calls (no token; only this server has them)\n"
           "  GET  /sandbox/bill       every accepted submission: task, files with SHA-256, fields\n"
           "  GET  /sandbox/stats      requests, connections, tokens, polls, rules that fired\n"
           "  POST /sandbox/scenario   a scenario as text; replaces the one before\n"
           "  POST /sandbox/settings   some settings as text, e.g. answer_after: 2s\n"
           "  POST /sandbox/reset      forgets everything, back to the command line's settings\n"
           "\n"
           "Files in the state folder\n"
           "  ready.json (written when it listens), ca.pem (for kycd's api.ca_file), ca.key, server.pem,\n"
           "  server.key, bill.jsonl, with --keep-tasks tasks.jsonl\n"
           "\n"
           "docs/sandbox.md has the scenario language and examples.\n";
}

/// Checks and converts in one: the message of a wrong value is the reader's own.
template<class Read, class Use>
void convert(CLI::App& app, const char* name, const char* help, const char* shown, const Read& read, const Use& use) {
    const auto convert_one = [read, use](const std::string& text) {
        const auto value = read(text);
        if (!value) throw CLI::ValidationError(value.error());
        use(*value);
    };
    app.add_option_function<std::string>(name, convert_one, help)->type_name(shown);
}

} // namespace

std::variant<options, int> read_options(int count, const char* const* words) {
    options out;
    CLI::App app(
        "A stand-in for the Progeny KYC API v3 over TLS: for tests, demonstrations, and trying producers without "
        "paying for checks.",
        "kycd-sandbox");
    app.footer(explanation());
    app.set_version_flag("--version", std::string("kycd-sandbox ") + KYCD_VERSION);
    const auto duration = [](const std::string& text) { return parse_duration(text); };
    const auto size = [](const std::string& text) { return parse_size(text); };

    std::string state;
    app.add_option("--state", state, "Folder for certificates, ready.json and the bill; made if missing")
        ->required()
        ->type_name("DIR");
    app.add_option("--listen", out.listen, "Address and port; port 0 takes a free one (see ready.json)")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    app.add_option("--username", out.username, "The account's name")->capture_default_str();
    app.add_option("--password", out.password, "The account's password")->capture_default_str();
    std::string scenario_file;
    app.add_option("--scenario", scenario_file, "Rules that make the API misbehave (YAML)")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    convert(app, "--access-lifetime", "Life of an access token [5m]", "DURATION", duration,
            [&](std::chrono::milliseconds value) { out.rules.lifetimes.access = value; });
    convert(app, "--refresh-lifetime", "Life of a refresh token [14d]", "DURATION", duration,
            [&](std::chrono::milliseconds value) { out.rules.lifetimes.refresh = value; });
    convert(
        app, "--answer-after", "How long a task takes, e.g. 2s or 100ms-2s [200ms]", "DURATION[-DURATION]",
        [](const std::string& text) { return read_duration_range(text); },
        [&](const std::pair<std::chrono::milliseconds, std::chrono::milliseconds>& range) {
            std::tie(out.rules.answer_after_min, out.rules.answer_after_max) = range;
        });
    auto* forms = app.add_option_group("form", "The shape of task replies");
    forms->add_flag_callback(
        "--as-documented", [&] { out.rules.form = reply_form::as_documented; },
        "As the service's own page shows it (default)");
    forms->add_flag_callback(
        "--wrapped", [&] { out.rules.form = reply_form::wrapped; }, "Always {id, status, result}");
    forms->add_flag_callback(
        "--bare", [&] { out.rules.form = reply_form::bare; }, "Always the outcome alone");
    forms->require_option(0, 1);
    convert(app, "--max-body", "Larger bodies get a 413 before they are read [20MB]", "SIZE", size,
            [&](std::uint64_t value) { out.limits.max_body = value; });
    app.add_flag("--strict-extend-data", out.rules.strict_extend_data, "A missing extend_data is an error");
    app.add_option("--max-requests-per-connection", out.limits.max_requests, "Then Connection: close; 0: no limit")
        ->type_name("N")
        ->capture_default_str();
    convert(app, "--keepalive", "How long an idle connection is kept [75s]", "DURATION", duration,
            [&](std::chrono::milliseconds value) { out.limits.keepalive = value; });
    app.add_flag("--keep-tasks", out.keep_tasks, "Tasks and registered faces outlive a restart, as bill and tokens do");
    app.add_flag("--exit-with-parent", out.exit_with_parent, "Ends when the process that started it ends");

    try {
        app.parse(count, words);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : usage_error;
    }
    out.state = state;
    if (!scenario_file.empty()) out.scenario = scenario_file;
    return out;
}

} // namespace kyc::sandbox
