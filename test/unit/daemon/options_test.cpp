#include "config/options.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace kyc;

namespace {

command parse(std::vector<const char*> words) {
    words.insert(words.begin(), "kycd");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

} // namespace

BOOST_AUTO_TEST_SUITE(options_suite)

BOOST_AUTO_TEST_CASE(run_without_options_is_the_daemon_with_the_default_config) {
    const auto parsed = parse({"run"});
    const auto* run = std::get_if<run_options>(&parsed);
    BOOST_REQUIRE(run != nullptr);
    BOOST_TEST(run->config == "/etc/kycd/kycd.yaml");
    BOOST_TEST(!run->once);
    BOOST_TEST(!run->json);
}

BOOST_AUTO_TEST_CASE(times_between_which_nothing_lies_are_refused) {
    const auto said = [](const std::vector<const char*>& words) {
        const auto parsed = parse(words);
        const auto* text = std::get_if<text_only>(&parsed);
        if (text == nullptr) return std::string();
        BOOST_TEST(static_cast<int>(text->code) == 64);
        return text->err;
    };
    for (const char* command : {"report", "list", "retry"}) {
        BOOST_TEST_CONTEXT(command) {
            BOOST_TEST(said({command, "--since", "2h", "--before", "3h"}) ==
                       std::string("kycd: command line: no time is after --since 2h and before --before 3h; --since is "
                                   "the earlier one; see 'kycd ") +
                           command + " --help'\n");
            BOOST_TEST(said({command, "--since", "2026-11-20", "--before", "2026-11-20"}) != "");
            BOOST_TEST(said({command, "--since", "3h", "--before", "2h"}) == "");
            BOOST_TEST(said({command, "--since", "2026-11-19", "--before", "2026-11-20"}) == "");
        }
    }
    // The report begins seven days ago unless it is told.
    BOOST_TEST(said({"report", "--before", "30d"}).find("--since 7d") != std::string::npos);
    BOOST_TEST(said({"report", "--before", "6d"}) == "");
    BOOST_TEST(said({"list", "--before", "30d"}) == "");
    // And it ends now.
    BOOST_TEST(said({"report", "--since", "2099-01-01"}) ==
               "kycd: command line: --since 2099-01-01 lies ahead: no case has ended after it; see 'kycd report "
               "--help'\n");
    BOOST_TEST(said({"report", "--since", "0s"}) == "");
    BOOST_TEST(said({"report", "--since", "2099-01-01", "--before", "2099-01-02"}) == "");
}

BOOST_AUTO_TEST_CASE(a_report_has_one_format) {
    for (const char* format : {"csv", "html", "text"}) {
        const auto parsed = parse({"report", "--json", "--format", format});
        const auto* text = std::get_if<text_only>(&parsed);
        BOOST_REQUIRE(text != nullptr);
        BOOST_TEST(static_cast<int>(text->code) == 64);
        BOOST_TEST(text->err.find(std::string("--json and --format ") + format) != std::string::npos);
    }
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"report", "--json", "--format", "json"}, {"report", "--json"}, {"report", "--format", "csv"}})
        BOOST_TEST(std::holds_alternative<report_options>(parse(words)));
}

BOOST_AUTO_TEST_CASE(an_import_needs_a_file_and_a_root) {
    const auto parsed = parse({"import", "cases.csv", "--root", "/scans", "--report", "bad.csv", "--check-images",
                               "--again", "--dry-run", "--json"});
    const auto* import = std::get_if<import_options>(&parsed);
    BOOST_REQUIRE(import != nullptr);
    BOOST_TEST(import->file == "cases.csv");
    BOOST_TEST(import->root == "/scans");
    BOOST_TEST(import->report == "bad.csv");
    BOOST_TEST(import->check_images);
    BOOST_TEST(import->again);
    BOOST_TEST(import->dry_run);
    BOOST_TEST(import->json);
    const auto plain = parse({"import", "cases.csv", "--root", "."});
    const auto* without = std::get_if<import_options>(&plain);
    BOOST_REQUIRE(without != nullptr);
    BOOST_TEST((!without->check_images && !without->again && !without->dry_run && !without->json));
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"import", "cases.csv"}, {"import", "--root", "."}, {"import", "one.csv", "two.csv", "--root", "."}}) {
        const auto wrong = parse(words);
        const auto* text = std::get_if<text_only>(&wrong);
        BOOST_REQUIRE(text != nullptr);
        BOOST_TEST(static_cast<int>(text->code) == 64);
    }
}

BOOST_AUTO_TEST_CASE(each_option_arrives) {
    const auto parsed = parse({"run", "--once", "--json", "--config", "/a/b.yaml"});
    const auto* run = std::get_if<run_options>(&parsed);
    BOOST_REQUIRE(run != nullptr);
    BOOST_TEST(run->config == "/a/b.yaml");
    BOOST_TEST(run->once);
    BOOST_TEST(run->json);
    const auto inspected = parse({"inspect", "one.jpg", "two.png", "--json"});
    const auto* inspect = std::get_if<inspect_options>(&inspected);
    BOOST_REQUIRE(inspect != nullptr);
    BOOST_TEST(inspect->files.size() == 2u);
    BOOST_TEST(inspect->json);
    const auto listed = parse({"list", "--state", "failed", "--service", "kyc_card", "--since", "2h", "--before", "1h",
                               "--code", "TASK_FAILED", "--json"});
    const auto* list = std::get_if<list_options>(&listed);
    BOOST_REQUIRE(list != nullptr);
    BOOST_TEST(list->state == "failed");
    BOOST_TEST(list->service == "kyc_card");
    BOOST_TEST(list->since == "2h");
    BOOST_TEST(list->before == "1h");
    BOOST_TEST(list->code == "TASK_FAILED");
    BOOST_TEST(list->json);
    const auto retried = parse({"retry", "A-1", "kyc_card/B-2", "--code", "TASK_FAILED", "--dry-run"});
    const auto* retry = std::get_if<retry_options>(&retried);
    BOOST_REQUIRE(retry != nullptr);
    BOOST_TEST(retry->names.size() == 2u);
    BOOST_TEST(retry->codes == std::vector<std::string>{"TASK_FAILED"});
    BOOST_TEST(retry->dry_run);
    BOOST_TEST(!retry->all);
    BOOST_TEST(!retry->yes);
    BOOST_TEST(!retry->at_most.has_value());
    const auto chosen = parse({"retry", "--code", "TASK_FAILED,TASK_LOST", "--code", "FORBIDDEN", "A-1", "--service",
                               "kyc_card", "--since", "3d", "--before", "1h", "--at-most", "5", "--yes"});
    const auto* some = std::get_if<retry_options>(&chosen);
    BOOST_REQUIRE(some != nullptr);
    BOOST_TEST(some->codes == (std::vector<std::string>{"TASK_FAILED", "TASK_LOST", "FORBIDDEN"}));
    BOOST_TEST(some->names == std::vector<std::string>{"A-1"});
    BOOST_TEST(some->service == "kyc_card");
    BOOST_TEST(some->since == "3d");
    BOOST_TEST(some->before == "1h");
    BOOST_TEST((some->at_most == 5u));
    BOOST_TEST(some->yes);
    const auto shown = parse({"show", "A-1"});
    BOOST_TEST(std::get<show_options>(shown).name == "A-1");
    const auto asked = parse({"why", "inbox/x"});
    BOOST_TEST(std::get<why_options>(asked).path == "inbox/x");
    BOOST_TEST(std::holds_alternative<status_options>(parse({"status"})));
    const auto checked = parse({"check"});
    BOOST_TEST(std::holds_alternative<check_options>(checked));
}

BOOST_AUTO_TEST_CASE(help_and_version_go_to_stdout_and_are_no_error) {
    for (const auto* word : {"--help", "-h", "--version"}) {
        const auto parsed = parse({word});
        const auto* text = std::get_if<text_only>(&parsed);
        BOOST_REQUIRE(text != nullptr);
        BOOST_TEST(!text->out.empty());
        BOOST_TEST(text->err.empty());
        BOOST_TEST((text->code == exit_code::done));
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_on_stderr_with_the_usage_code) {
    const std::vector<std::pair<std::vector<const char*>, std::string>> wrong{
        {{}, "required"},
        {{"bogus"}, "no command 'bogus'"},
        {{"run", "--onec"}, "--onec"},
        {{"run", "--json"}, "--once"},
        {{"inspect"}, "FILE"},
        {{"check", "--config"}, "--config"},
        {{"retry"}, "say which cases"},
        {{"retry", "--dry-run"}, "say which cases"},
        {{"retry", "--all", "A-1"}, "--all"},
        {{"retry", "--all", "--code", "TASK_FAILED"}, "--all"},
        {{"retry", "--all", "--since", "1d"}, "--all"},
        {{"retry", "--code", "TASK_FAILD"}, "no code 'TASK_FAILD'"},
        {{"retry", "--code", "TASK_FAILED,task_lost"}, "no code"},
        {{"retry", "--since", "soon"}, "is no time"},
        {{"retry", "--all", "--at-most", "many"}, "--at-most"},
        {{"retry", "--all", "--at-most", "-1"}, "'-1' is no number"},
        {{"retry", "--all", "--at-most=-1"}, "'-1' is no number"},
        {{"retry", "--all", "--at-most", "0x10"}, "'0x10' is no number"},
        {{"retry", "--all", "--at-most", "1.5"}, "'1.5' is no number"},
        {{"retry", "--all", "--at-most", "99999999999999999999999"}, "is no number"},
        {{"retry", "--code", "TASK_FAILED", "--service", ""}, "--service has an empty value"},
        {{"retry", "--code", "TASK_FAILED", "--at-most", ""}, "--at-most"},
        {{"retry", "A-1", "--since", ""}, "--since"},
        {{"retry", ""}, "CASE has an empty value"},
        {{"list", "--service", ""}, "--service has an empty value"},
        {{"list", "--code", "LOST"}, "no code"},
        {{"list", "--state", "lost"}, "lost"},
        {{"list", "--since", "yesterday"}, "is no time"},
        {{"show"}, "CASE"},
        {{"why"}, "PATH"},
    };
    for (const auto& [words, fragment] : wrong) {
        const auto parsed = parse(words);
        const auto* text = std::get_if<text_only>(&parsed);
        BOOST_REQUIRE(text != nullptr);
        BOOST_TEST((text->code == exit_code::usage));
        BOOST_TEST(text->out.empty());
        BOOST_TEST(text->err.find("kycd: command line: ") == 0u);
        BOOST_TEST(text->err.find(fragment) != std::string::npos, text->err << " lacks " << fragment);
    }
}

BOOST_AUTO_TEST_CASE(a_ticket_comes_from_flags_or_from_a_file_and_each_action_has_its_name) {
    const auto parsed =
        parse({"reverify", "--service", "kyc_card,liveness", "--name", "A,1", "--name", "B", "--older-than", "180d",
               "--label", "a=b", "--sample", "5%", "--plan", "--as", "nightly"});
    const auto* ticket = std::get_if<reverify_options>(&parsed);
    BOOST_REQUIRE(ticket != nullptr);
    BOOST_CHECK(ticket->action == reverify_action::ticket);
    BOOST_TEST(ticket->services == (std::vector<std::string>{"kyc_card", "liveness"}));
    BOOST_TEST(ticket->names == (std::vector<std::string>{"A,1", "B"})); // a case may be called so
    BOOST_TEST(ticket->older_than == "180d");
    BOOST_TEST(ticket->sample == "5%");
    BOOST_TEST(ticket->as == "nightly");
    BOOST_TEST(ticket->plan);
    BOOST_TEST(!ticket->all);
    const std::vector<std::pair<const char*, reverify_action>> actions{
        {"pause", reverify_action::pause}, {"resume", reverify_action::resume}, {"cancel", reverify_action::cancel}};
    for (const auto& [word, action] : actions) {
        const auto acted = parse({"reverify", word, "nightly", "--config", "/a/b.yaml", "--json"});
        const auto* options = std::get_if<reverify_options>(&acted);
        BOOST_REQUIRE_MESSAGE(options != nullptr, word);
        BOOST_CHECK(options->action == action);
        BOOST_TEST(options->name == "nightly");
        BOOST_TEST(options->config == "/a/b.yaml");
        BOOST_TEST(options->json);
        const auto nameless = parse({"reverify", word});
        BOOST_TEST((std::get_if<text_only>(&nameless) != nullptr), word);
    }
    const auto listed = parse({"reverify", "list"});
    BOOST_REQUIRE(std::get_if<reverify_options>(&listed) != nullptr);
    BOOST_CHECK(std::get<reverify_options>(listed).action == reverify_action::list);
    const auto both = parse({"reverify", "--ticket", "x.yaml", "--limit", "5"});
    const auto* refused = std::get_if<text_only>(&both);
    BOOST_REQUIRE(refused != nullptr);
    BOOST_TEST(refused->err.find("--limit cannot stand beside it") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
