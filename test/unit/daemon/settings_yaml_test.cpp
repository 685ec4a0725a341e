#include "config/settings_yaml.hpp"
#include "support/timezone.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace files = std::filesystem;
using namespace std::chrono_literals;
using kyc::parse_settings;
using kyc::secret_ref;

const std::string minimal = "spool: /s\n"
                            "api: {credentials: {username: u, password: env:P}}\n";

/// The smallest good file, then `rest` from line 3 on.
kyc::settings good(const std::string& rest, const std::string& head = minimal) {
    auto read = parse_settings(head + rest, "k.yaml");
    std::string errors;
    if (!read)
        for (const auto& error : read.error())
            errors += to_string(error) + "\n";
    BOOST_REQUIRE_MESSAGE(read.has_value(), rest << "\n" << errors);
    return *read;
}

struct wrong_file {
    std::string text;
    int line;
    std::string key;
    std::string fragment;
};

/// Exactly one error, there, and saying that.
void check_wrong(const wrong_file& expected, const std::string& head) {
    const auto whole = head + expected.text;
    const auto read = parse_settings(whole, "k.yaml");
    BOOST_TEST_CONTEXT(whole) {
        BOOST_REQUIRE(!read);
        std::string all;
        for (const auto& error : read.error())
            all += to_string(error) + "\n";
        BOOST_TEST_CONTEXT(all) {
            const auto errors = read.error(); // a copy: error() returns by value
            BOOST_REQUIRE(errors.size() == 1u);
            const auto& error = errors.front();
            BOOST_TEST(error.file == "k.yaml");
            BOOST_TEST(error.line == expected.line);
            BOOST_TEST(error.key == expected.key);
            BOOST_TEST(error.message.find(expected.fragment) != std::string::npos);
        }
    }
}

std::string content_of(const files::path& file) {
    std::ifstream stream(file);
    BOOST_REQUIRE(stream.is_open());
    return {std::istreambuf_iterator<char>(stream), {}};
}

files::path example() {
    return files::path(KYC_SOURCE_DIR) / "config" / "kycd.yaml";
}

/// The example with every `# key: value` turned into a line of its own; the sentences stay comments.
std::string uncommented(const std::string& text) {
    static const std::regex setting("^( *)# ( *[a-z_]+:( [^ ].*)?)$");
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        // A sentence with a colon has a capital or a blank before it, or more words than a value.
        const auto is_setting = std::regex_match(line, found, setting) && !line.ends_with('.') && !line.ends_with(',');
        result += (is_setting ? found[1].str() + found[2].str() : line) + "\n";
    }
    return result;
}

void check_defaults(const kyc::settings& read) {
    const kyc::settings plain;
    BOOST_TEST(read.ledger == plain.ledger);
    BOOST_TEST(read.api.base_url == plain.api.base_url);
    BOOST_TEST(read.api.extend_data == plain.api.extend_data);
    BOOST_CHECK(read.api.timeouts == plain.api.timeouts);
    BOOST_CHECK(read.intake == plain.intake);
    BOOST_CHECK(read.limits == plain.limits);
    BOOST_CHECK(read.poll == plain.poll);
    BOOST_CHECK(read.retry == plain.retry);
    BOOST_CHECK(read.once == plain.once);
    BOOST_CHECK(read.on_unknown_outcome == plain.on_unknown_outcome);
    BOOST_TEST(read.resubmit_failed_tasks == plain.resubmit_failed_tasks);
    BOOST_TEST(read.threads == plain.threads);
    BOOST_CHECK(read.bulk == plain.bulk);
    BOOST_CHECK(read.admin.listen == plain.admin.listen);
    BOOST_TEST(read.admin.show_case_names == plain.admin.show_case_names);
    BOOST_CHECK(read.log == plain.log);
    BOOST_CHECK(read.retention == plain.retention);
    BOOST_CHECK(read.reports == plain.reports);
    BOOST_TEST(!read.reports.personal_data);
}

} // namespace

BOOST_AUTO_TEST_SUITE(settings_yaml)

BOOST_AUTO_TEST_CASE(the_smallest_file_gives_the_documented_defaults) {
    const auto read = good("");
    check_defaults(read);
    BOOST_TEST(read.spool == "/s");
    BOOST_TEST(read.folders.inbox == "/s/inbox");
    BOOST_TEST(read.folders.work == "/s/work");
    BOOST_TEST(read.folders.outbox == "/s/outbox");
    BOOST_TEST(read.folders.failed == "/s/failed");
    BOOST_CHECK((read.api.username == secret_ref{secret_ref::source::inline_value, "u"}));
    BOOST_CHECK((read.api.password == secret_ref{secret_ref::source::env, "P"}));
    BOOST_TEST(!read.api.ca_file.has_value());
    BOOST_TEST(!read.api.client_certificate.has_value());
    BOOST_TEST(!read.api.proxy.has_value());
    BOOST_TEST(!read.group.has_value());
    BOOST_TEST(read.services.all().size() == kyc::service_table().all().size());
}

BOOST_AUTO_TEST_CASE(every_key_reaches_its_setting) {
    const auto read = good(R"(
folders: {inbox: /a/in, work: /b/work/, outbox: /c//out, failed: /d/./bad}
ledger: /l/l.db
api:
  base_url: https://api.example:8443/v9/
  credentials: {username: credential:user, password: file:/etc/p}
  ca_file: /ca.pem
  client_certificate: {certificate: file:/c.crt, key: credential:c.key}
  proxy: http://proxy.example:3128/
  extend_data: true
  timeouts: {connect: 1s, handshake: 2s, idle: 3s, request: 4s}
intake: {ready: marker, settle: 0, incomplete_after: 1h, rescan: 2m, poll: 7s, watch: inotify, dedupe: 30d}
limits: {uploads: 3, polls: 4, pending: 5, memory: 8MB, rate: 2.5}
poll: {first: 2s, min: 100ms, max: 9s, factor: 2, jitter: 0, deadline: 1h}
retry: {attempts: 1, base: 50ms, max: 50ms, budget: 7, retry_after_max: 8s}
once: {patience: 1s}
on_unknown_outcome: hold
resubmit_failed_tasks: 0
threads: 64
lanes: {bulk: {window: 01:00-24:00, share: 1}}
admin: {listen: "unix:/run/kycd/admin", token: "file:/etc/t", show_case_names: true}
log: {level: trace, format: json}
retention: {outbox: 90d, failed: 1h}
reports: {personal_data: true}
group: kyc-readers
services: {my_service: {path: other/place/, images: [b_side, a], fields: [x], extend_data: false}}
)",
                           "");
    BOOST_CHECK((read.folders == kyc::folder_settings{"/a/in", "/b/work", "/c/out", "/d/bad"}));
    BOOST_TEST(read.spool.empty());
    BOOST_TEST(read.ledger == "/l/l.db");
    BOOST_TEST(read.api.base_url == "https://api.example:8443/v9");
    BOOST_CHECK((read.api.username == secret_ref{secret_ref::source::credential, "user"}));
    BOOST_CHECK((read.api.password == secret_ref{secret_ref::source::file, "/etc/p"}));
    BOOST_TEST(read.api.ca_file.value() == "/ca.pem");
    BOOST_REQUIRE(read.api.client_certificate.has_value());
    BOOST_CHECK((read.api.client_certificate->certificate == secret_ref{secret_ref::source::file, "/c.crt"}));
    BOOST_CHECK((read.api.client_certificate->key == secret_ref{secret_ref::source::credential, "c.key"}));
    BOOST_TEST(read.api.proxy.value() == "http://proxy.example:3128");
    BOOST_TEST(read.api.extend_data);
    BOOST_CHECK((read.api.timeouts == kyc::timeout_settings{1s, 2s, 3s, 4s}));
    BOOST_CHECK((read.intake ==
                 kyc::intake_settings{kyc::ready_rule::marker, 0ms, 1h, 2min, 7s, kyc::watch_mode::inotify, 24h * 30}));
    BOOST_CHECK((read.limits == kyc::limit_settings{3, 4, 5, 8'000'000, 2.5}));
    BOOST_CHECK((read.poll == kyc::poll_settings{2s, 100ms, 9s, 2, 0, 1h}));
    BOOST_CHECK((read.retry == kyc::retry_settings{1, 50ms, 50ms, 7, 8s}));
    BOOST_CHECK(read.once.patience == 1s);
    BOOST_CHECK(read.on_unknown_outcome == kyc::unknown_outcome_rule::hold);
    BOOST_TEST(read.resubmit_failed_tasks == 0u);
    BOOST_TEST(read.threads == 64u);
    BOOST_CHECK((read.bulk == kyc::bulk_lane_settings{*kyc::time_window::parse("01:00-24:00"), 1}));
    BOOST_CHECK(
        (read.admin == kyc::admin_settings{"unix:/run/kycd/admin", {secret_ref::source::file, "/etc/t"}, true}));
    BOOST_CHECK((read.log == kyc::log_settings{kyc::log_level::trace, kyc::log_format::json}));
    BOOST_CHECK((read.retention == kyc::retention_settings{24h * 90, 1h}));
    BOOST_TEST(read.reports.personal_data);
    BOOST_TEST(read.group.value() == "kyc-readers");
    const auto* const added = read.services.find("my_service");
    BOOST_REQUIRE(added != nullptr);
    BOOST_TEST(added->path == "other/place/");
    BOOST_TEST(added->images == (std::vector<std::string>{"b_side", "a"}), boost::test_tools::per_element());
    BOOST_TEST(added->fields == std::vector<std::string>{"x"}, boost::test_tools::per_element());
    BOOST_TEST(!added->extend_data);
}

BOOST_AUTO_TEST_CASE(words_that_switch_off_and_empty_sections_are_understood) {
    const auto read =
        good("intake: {dedupe: off}\npoll: {first: adaptive}\nadmin: {listen: off}\nretention: {outbox: off}\n"
             "limits:\nservices: {}\nstatus_files: off\n");
    BOOST_TEST(!read.status_files.has_value());
    BOOST_TEST((good("").status_files == std::chrono::seconds(5)));
    BOOST_TEST(!good("").intake.explain);
    BOOST_TEST(good("intake: {explain: on}\n").intake.explain);
    BOOST_TEST(!good("intake: {explain: off}\n").intake.explain);
    BOOST_TEST(!read.intake.dedupe.has_value());
    BOOST_TEST(!read.poll.first.has_value());
    BOOST_TEST(!read.admin.listen.has_value());
    BOOST_TEST(!read.retention.outbox.has_value());
    BOOST_CHECK(read.limits == kyc::limit_settings());
    for (const auto* const listen : {"127.0.0.1:0", "127.9.9.9:1", "localhost:9464", "\"[::1]:9464\""})
        BOOST_TEST(good("admin: {listen: " + std::string(listen) + "}\n").admin.listen.has_value());
    for (const auto* const listen : {"0.0.0.0:0", "kyc.example:9464", "\"[::]:9464\""})
        BOOST_TEST(good("admin: {listen: " + std::string(listen) + ", token: env:T}\n").admin.listen.has_value());
}

BOOST_AUTO_TEST_CASE(a_window_is_by_the_clock_of_its_zone) {
    const kyc::test::timezone here("Asia/Tokyo");
    BOOST_TEST(good("").bulk.window.describe() == "22:00-06:00 Asia/Tokyo");
    const auto window = [](const std::string& text) {
        return good("lanes: {bulk: {window: " + text + "}}\n").bulk.window.describe();
    };
    BOOST_TEST(window("01:00-05:30") == "01:00-05:30 Asia/Tokyo");
    BOOST_TEST(window("\"01:00-05:30 Europe/Berlin\"") == "01:00-05:30 Europe/Berlin");
    BOOST_TEST(window("01:00-05:30 UTC") == "01:00-05:30 UTC");
    BOOST_TEST(window("always") == "always");
    BOOST_TEST(window("00:00-24:00") == "always");
}

BOOST_AUTO_TEST_CASE(a_machine_without_a_zone_is_told_of_a_window_that_needs_one) {
    const kyc::test::timezone here("Nowhere");
    BOOST_TEST(good("").bulk.window.describe() == "22:00-06:00 UTC");
    BOOST_TEST(good("lanes: {bulk: {window: 01:00-05:30 UTC}}\n").bulk.window.describe() == "01:00-05:30 UTC");
    const auto refused = parse_settings(minimal + "lanes: {bulk: {window: 01:00-05:30}}\n", "k.yaml");
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().front().key == "lanes.bulk.window");
    BOOST_TEST(refused.error().front().message.find("TZ is 'Nowhere'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_folder_given_by_itself_overrides_the_spool_s) {
    const auto read = good("folders: {inbox: /share/in}\n");
    BOOST_TEST(read.folders.inbox == "/share/in");
    BOOST_TEST(read.folders.work == "/s/work");
}

BOOST_AUTO_TEST_CASE(an_override_of_a_known_service_keeps_what_it_does_not_name) {
    const auto read = good("services: {kyc_card: {path: v4/kyc_card/}, extra: {images: [a]}}\n");
    const auto* const card = read.services.find("kyc_card");
    const auto* const original = kyc::service_table().find("kyc_card");
    BOOST_REQUIRE(card != nullptr);
    BOOST_TEST(card->path == "v4/kyc_card/");
    BOOST_TEST(card->images.size() == 3u);
    BOOST_TEST((original != nullptr));
    const auto* const extra = read.services.find("extra");
    BOOST_REQUIRE(extra != nullptr);
    BOOST_TEST(extra->path == "extra/");
    BOOST_TEST(extra->extend_data);
}

BOOST_AUTO_TEST_CASE(anchors_and_aliases_are_values_like_any_other) {
    const auto read = good("poll: &wait {min: &short 200ms, max: 7s}\nintake: {poll: *short}\nretry: {base: *short}\n");
    BOOST_TEST(read.intake.poll.count() == 200);
    BOOST_TEST(read.retry.base.count() == 200);
}

BOOST_AUTO_TEST_CASE(a_wrong_file_gives_its_line_its_key_and_what_is_allowed) {
    const std::vector<wrong_file> table{
        // keys
        {"intak: {ready: settle}\n", 3, "intak", "did you mean 'intake'?"},
        {"intake:\n  redy: settle\n", 4, "intake.redy", "did you mean 'ready'?"},
        {"settle: 1s\n", 3, "settle", "did you mean 'intake.settle'?"},
        {"limits: {Uploads: 3}\n", 3, "limits.Uploads", "did you mean 'uploads'?"},
        {"log: {colour: red}\n", 3, "log.colour", "known here: level, format"},
        {"lanes: {live: {share: 1}}\n", 3, "lanes.live", "known here: bulk"},
        {"<<: {group: x}\n", 3, "'<<'", "unknown key"},
        {"group: a\ngroup: b\n", 4, "group", "given twice, first in line 3"},
        {"limits:\n  rate: 1\n  polls: 2\n  rate: 3\n", 6, "limits.rate", "given twice, first in line 4"},
        {"limits: {[a]: 3}\n", 3, "limits", "single word"},
        // shapes
        {"limits: 5\n", 3, "limits", "must be a map"},
        {"limits: [1, 2]\n", 3, "limits", "must be a map"},
        {"lanes: {bulk: on}\n", 3, "lanes.bulk", "must be a map"},
        {"group: [a]\n", 3, "group", "single value"},
        {"group: {a: b}\n", 3, "group", "single value"},
        {"group:\n", 3, "group", "has no value"},
        {"ledger: ~\n", 3, "ledger", "has no value"},
        {"group: !!str a\n", 3, "group", "without a tag"},
        // durations
        {"once: {patience: 10}\n", 3, "once.patience", "'10' is not a duration; write e.g. 250ms, 5s, 15m"},
        {"once: {patience: 999ms}\n", 3, "once.patience", "at least 1s"},
        {"once: {patience: 99999d}\n", 3, "once.patience", "too long"},
        {"intake: {settle: -1s}\n", 3, "intake.settle", "not a duration"},
        {"intake: {incomplete_after: 500ms}\n", 3, "intake.incomplete_after", "at least 1s"},
        {"intake: {rescan: 0}\n", 3, "intake.rescan", "at least 1s"},
        {"intake: {poll: 50ms}\n", 3, "intake.poll", "at least 100ms"},
        {"intake: {dedupe: yes}\n", 3, "intake.dedupe", ", or off"},
        {"poll: {min: 99ms}\n", 3, "poll.min", "at least 100ms"},
        {"poll: {first: soon}\n", 3, "poll.first", ", or adaptive"},
        {"poll: {deadline: 0}\n", 3, "poll.deadline", "at least 1s"},
        {"retry: {base: 49ms}\n", 3, "retry.base", "at least 50ms"},
        {"retry: {retry_after_max: 0}\n", 3, "retry.retry_after_max", "at least 1s"},
        {"retention: {outbox: 59m}\n", 3, "retention.outbox", "at least 1h, or off"},
        {"retention: {failed: false}\n", 3, "retention.failed", ", or off"},
        {"reports: {personal_data: on}\n", 3, "reports.personal_data", "allowed: true, false"},
        // numbers, sizes, truth values
        {"limits: {uploads: 0}\n", 3, "limits.uploads", "allowed: 1 to 1024"},
        {"limits: {uploads: 1025}\n", 3, "limits.uploads", "allowed: 1 to 1024"},
        {"limits: {uploads: 010}\n", 3, "limits.uploads", "octal"},
        {"limits: {uploads: 0x10}\n", 3, "limits.uploads", "not a whole number"},
        {"limits: {uploads: -1}\n", 3, "limits.uploads", "not a whole number"},
        {"limits: {uploads: 1.0}\n", 3, "limits.uploads", "not a whole number"},
        {"limits: {uploads: \"16\"}\n", 3, "limits.uploads", "in quotes"},
        {"limits: {polls: 99999999999999999999}\n", 3, "limits.polls", "allowed: 1 to 1024"},
        {"limits: {pending: 1000001}\n", 3, "limits.pending", "allowed: 1 to 1000000"},
        {"limits: {memory: 256}\n", 3, "limits.memory", "not a size"},
        {"limits: {memory: 7999kB}\n", 3, "limits.memory", "at least 8MB"},
        {"limits: {rate: -1}\n", 3, "limits.rate", "not a decimal number"},
        {"limits: {rate: .inf}\n", 3, "limits.rate", "not a decimal number"},
        {"limits: {rate: 1e9}\n", 3, "limits.rate", "not a decimal number"},
        {"poll: {factor: 0.9}\n", 3, "poll.factor", "allowed: 1 to 10"},
        {"poll: {factor: 10.1}\n", 3, "poll.factor", "allowed: 1 to 10"},
        {"poll: {jitter: 1.1}\n", 3, "poll.jitter", "allowed: 0 to 1"},
        {"retry: {attempts: 101}\n", 3, "retry.attempts", "allowed: 1 to 100"},
        {"retry: {budget: 0}\n", 3, "retry.budget", "allowed: 1 to"},
        {"resubmit_failed_tasks: 11\n", 3, "resubmit_failed_tasks", "allowed: 0 to 10"},
        {"intake: {explain: yes}\n", 3, "intake.explain", "allowed: off, on"},
        {"status_files: 500ms\n", 3, "status_files", ", or off"},
        {"status_files: 2m\n", 3, "status_files", ", or off"},
        {"threads: 0\n", 3, "threads", "allowed: 1 to 64"},
        {"threads: 65\n", 3, "threads", "allowed: 1 to 64"},
        {"lanes: {bulk: {share: 2}}\n", 3, "lanes.bulk.share", "allowed: 0 to 1"},
        {"services: {x: {images: [a], extend_data: yes}}\n", 3, "services.x.extend_data", "allowed: true, false"},
        {"services: {x: {images: [a], extend_data: 'true'}}\n", 3, "services.x.extend_data", "in quotes"},
        // words
        {"intake: {ready: done}\n", 3, "intake.ready", "allowed: settle, marker"},
        {"intake: {watch: kqueue}\n", 3, "intake.watch", "allowed: auto, inotify, poll"},
        {"on_unknown_outcome: retry\n", 3, "on_unknown_outcome", "allowed: resubmit, hold"},
        {"log: {level: warn}\n", 3, "log.level", "allowed: trace, debug, info, warning, error"},
        {"log: {format: xml}\n", 3, "log.format", "allowed: text, json"},
        // times, addresses, names
        {"lanes: {bulk: {window: 22-06}}\n", 3, "lanes.bulk.window", "HH:MM-HH:MM"},
        {"lanes: {bulk: {window: 24:00-06:00}}\n", 3, "lanes.bulk.window", "HH:MM-HH:MM"},
        {"lanes: {bulk: {window: 22:60-06:00}}\n", 3, "lanes.bulk.window", "HH:MM-HH:MM"},
        {"lanes: {bulk: {window: 06:00-06:00}}\n", 3, "lanes.bulk.window", "00:00-24:00"},
        {"lanes: {bulk: {window: never}}\n", 3, "lanes.bulk.window", "or always"},
        {"lanes: {bulk: {window: 22:00-06:00 Berlin}}\n", 3, "lanes.bulk.window", "is Europe/Berlin meant?"},
        {"lanes: {bulk: {window: 22:00-06:00 CEST}}\n", 3, "lanes.bulk.window", "write a name such as Europe/Berlin"},
        {"admin: {listen: 9464}\n", 3, "admin.listen", "host:port"},
        {"admin: {listen: localhost}\n", 3, "admin.listen", ", or off"},
        {"admin: {listen: localhost:65536}\n", 3, "admin.listen", "host:port"},
        {"admin: {listen: \"::1:9464\"}\n", 3, "admin.listen", "[v6-address]:port"},
        {"admin: {listen: \"unix:run/a\"}\n", 3, "admin.listen", "not an absolute path"},
        {"admin: {listen: \"unix:/" + std::string(107, 'a') + "\"}\n", 3, "admin.listen", "107 bytes"},
        {"admin: {listen: 0.0.0.0:9464}\n", 3, "admin.listen", "set admin.token to file:/path"},
        {"admin:\n  show_case_names: true\n  listen: \"[::]:9464\"\n", 5, "admin.listen", "other machines"},
        {"admin: {listen: kyc.example:9464}\n", 3, "admin.listen", "or listen on 127.0.0.1"},
        {"admin: {listen: 10.1.2.3:9464}\n", 3, "admin.listen", "has to show a token"},
        {"admin: {token: letmein}\n", 3, "admin.token", "file:/path, credential:NAME or env:NAME"},
        {"admin: {show_case_names: yes}\n", 3, "admin.show_case_names", "allowed: true, false"},
        {"group: 1000\n", 3, "group", "name of a group"},
        {"group: \"a b\"\n", 3, "group", "name of a group"},
        // folders
        {"ledger: l.db\n", 3, "ledger", "not an absolute path"},
        {"ledger: /a/../b\n", 3, "ledger", "'..'"},
        {"ledger: /\n", 3, "ledger", "whole file system"},
        {"ledger: \"/a\\nb\"\n", 3, "ledger", "control character"},
        {"ledger: /s/inbox/l.db\n", 3, "ledger", "lies inside folders.inbox"},
        {"folders: {outbox: /s/inbox}\n", 3, "folders.outbox", "same path as folders.inbox"},
        {"folders:\n  inbox: /x\n  outbox: /x/out\n", 5, "folders.outbox", "'/x/out' lies inside folders.inbox '/x'"},
        {"folders:\n  inbox: /x/in\n  failed: /x\n", 5, "folders.failed", "folders.inbox '/x/in' lies inside"},
        {"folders: {inbox: /s/work/in}\n", 3, "folders.inbox", "lies inside folders.work"},
        {"folders: {inbox: in}\n", 3, "folders.inbox", "not an absolute path"},
        // across keys
        {"poll: {max: 400ms}\n", 3, "poll.max", "must not be smaller than poll.min (500ms)"},
        {"poll:\n  min: 1m\n", 4, "poll.min", "poll.max (30s) must not be smaller"},
        {"retry:\n  base: 2s\n  max: 1s\n", 5, "retry.max", "must not be smaller than retry.base (2s)"},
        {"intake: {settle: 20m}\n", 3, "intake.settle", "intake.incomplete_after (15m)"},
        {"poll: {min: 1m, max: x}\n", 3, "poll.max", "not a duration"},
        // services
        {"services: [a]\n", 3, "services", "must be a map"},
        {"services: {x: 5}\n", 3, "services.x", "must be a map"},
        {"services: {x: {}}\n", 3, "services.x", "at least one of images and fields"},
        {"services: {My-Service: {images: [a]}}\n", 3, "services", "a-z, 0-9 and _"},
        {"services: {reverify: {images: [a]}}\n", 3, "services", "tickets"},
        {"services: {liveness: {images: [a]}}\n", 3, "services", "another name of face_liveness"},
        {"services: {x: {images: a}}\n", 3, "services.x.images", "must be a list"},
        {"services:\n  x:\n    images:\n      - a\n      - b-c\n", 7, "services.x.images",
         "letters, digits and underscores"},
        {"services: {x: {images: [a, A]}}\n", 3, "services.x.images", "listed twice"},
        {"services: {x: {images: [" + std::string(65, 'a') + "]}}\n", 3, "services.x.images", "1 to 64"},
        {"services: {x: {images: [a], fields: [a]}}\n", 3, "services.x", "as an image and as a field"},
        {"services: {x: {fields: [extend_data]}}\n", 3, "services.x.fields", "extend_data: true"},
        {"services: {x: {images: [[a]]}}\n", 3, "services.x.images", "single value"},
        {"services: {x: {images: [a], path: x}}\n", 3, "services.x.path", "slash at its end"},
        {"services: {x: {images: [a], path: /x/}}\n", 3, "services.x.path", "relative"},
        {"services: {x: {images: [a], path: ../x/}}\n", 3, "services.x.path", "relative"},
        {"services: {x: {images: [a], path: x//y/}}\n", 3, "services.x.path", "relative"},
        {"services: {x: {images: [a], path: \"x?y/\"}}\n", 3, "services.x.path", "relative"},
        {"services: {x: {images: [a], pth: x/}}\n", 3, "services.x.pth", "did you mean 'path'?"},
    };
    for (const auto& expected : table)
        check_wrong(expected, minimal);
}

BOOST_AUTO_TEST_CASE(a_wrong_api_section_gives_its_line_its_key_and_what_is_allowed) {
    const std::string head = "spool: /s\napi:\n";
    const std::string account = "  credentials: {username: u, password: env:P}\n";
    const std::vector<wrong_file> table{
        {account + "  base_url: http://x/\n", 4, "api.base_url", "must begin with https://"},
        {account + "  base_url: x.example\n", 4, "api.base_url", "must begin with https://"},
        {account + "  base_url: https://u:p@x/\n", 4, "api.base_url", "user name or password"},
        {account + "  base_url: https://x/?a=b\n", 4, "api.base_url", "query"},
        {account + "  base_url: \"https://x/#a\"\n", 4, "api.base_url", "fragment"},
        {account + "  base_url: https://\n", 4, "api.base_url", "host or port"},
        {account + "  base_url: https:///v3\n", 4, "api.base_url", "host or port"},
        {account + "  base_url: https://x:0\n", 4, "api.base_url", "host or port"},
        {account + "  base_url: https://x:99999\n", 4, "api.base_url", "host or port"},
        {account + "  base_url: https://x y\n", 4, "api.base_url", "a space"},
        {account + "  base_url: https://x/../y\n", 4, "api.base_url", "'..'"},
        {account + "  proxy: https://p:1\n", 4, "api.proxy", "must begin with http://"},
        {account + "  proxy: http://u:p@p:1\n", 4, "api.proxy", "user name or password"},
        {account + "  proxy: http://p:1/path\n", 4, "api.proxy", "has a path"},
        {account + "  ca_file: ca.pem\n", 4, "api.ca_file", "not an absolute path"},
        {account + "  extend_data: on\n", 4, "api.extend_data", "allowed: true, false"},
        {account + "  timeouts: {connect: 10}\n", 4, "api.timeouts.connect", "is not a duration; write e.g."},
        {account + "  timeouts: {idle: 99ms}\n", 4, "api.timeouts.idle", "allowed: 100ms to 1h"},
        {account + "  timeouts: {request: 61m}\n", 4, "api.timeouts.request", "allowed: 100ms to 1h"},
        {account + "  client_certificate: {key: file:/k}\n", 4, "api.client_certificate.certificate", "both"},
        {account + "  client_certificate: {certificate: file:/k}\n", 4, "api.client_certificate.key", "both"},
        {account + "  client_certificate:\n    key: |\n      PRIVATE\n    certificate: env:C\n", 5,
         "api.client_certificate.key", "must not be written here"},
        {"  credentials: {username: u}\n", 3, "api.credentials.password", "missing"},
        {"  credentials: {password: env:P}\n", 3, "api.credentials.username", "missing"},
        {"  credentials: u\n", 3, "api.credentials", "must be a map"},
        {"  credentials: {username: u, password: hunter2}\n", 3, "api.credentials.password",
         "must not be written here"},
        {"  credentials: {username: 'File:/x', password: env:P}\n", 3, "api.credentials.username", "holds a colon"},
        {"  credentials: {username: '', password: env:P}\n", 3, "api.credentials.username", "1 to 256"},
        {"  credentials: {username: u, password: file:p}\n", 3, "api.credentials.password", "not an absolute path"},
        {"  credentials: {username: u, password: credential:../p}\n", 3, "api.credentials.password",
         "systemd credential"},
        {"  credentials: {username: u, password: env:A-B}\n", 3, "api.credentials.password", "environment variable"},
        {"  credentials: {username: u, pasword: env:P, password: env:P}\n", 3, "api.credentials.pasword",
         "did you mean 'password'?"},
    };
    for (const auto& expected : table)
        check_wrong(expected, head);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_one_yaml_map_is_refused_whole) {
    const std::vector<wrong_file> table{
        {"- a\n- b\n", 0, "", "must be a map of keys"},
        {"hello\n", 0, "", "must be a map of keys"},
        {"spool: /a\n---\nspool: /b\n", 2, "", "several YAML documents"},
        {"spool: /a\nlog:\n  # f\xFCr alle\n  level: info\n", 3, "", "not UTF-8; save the file as UTF-8"},
        {std::string("\xFF\xFEs\0p\0", 6), 1, "", "not UTF-8"},
        {"spool: /a\n\tapi: x\n", 2, "", "not valid YAML"},
        {"spool: [/a\n", 2, "", "not valid YAML"},
        {"spool: *nowhere\n", 1, "", "not valid YAML"},
        {", spool: /a\n", 1, "", "no value can begin like this"},
        {"spool: \"\\\x01\"\n", 1, "", "unknown escape character: ?"},
        {std::string(200'000, '['), 1, "", "not valid YAML"},
        {std::string((1u << 20) + 1, '#'), 0, "", "larger than 1MiB"},
    };
    for (const auto& expected : table)
        check_wrong(expected, "");
}

BOOST_AUTO_TEST_CASE(an_empty_file_misses_the_spool_and_the_credentials) {
    for (const auto* const text : {"", "\n", "# nothing\n", "---\n", "{}", "~"}) {
        const auto read = parse_settings(text, "k.yaml");
        BOOST_REQUIRE(!read);
        std::vector<std::string> keys;
        for (const auto& error : read.error()) {
            BOOST_TEST(error.line == 0);
            BOOST_TEST(error.message.starts_with("missing; "));
            keys.push_back(error.key);
        }
        const std::vector<std::string> expected{"api.credentials.username", "api.credentials.password", "spool"};
        BOOST_TEST(keys == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(without_spool_each_missing_folder_is_named) {
    const auto read =
        parse_settings("folders: {inbox: /a, outbox: /b}\napi: {credentials: {username: u, password: env:P}}\n", "k");
    BOOST_REQUIRE(!read);
    BOOST_REQUIRE(read.error().size() == 2u);
    BOOST_TEST(read.error()[0].key == "folders.work");
    BOOST_TEST(read.error()[1].key == "folders.failed");
    BOOST_TEST(read.error()[0].line == 1);
}

BOOST_AUTO_TEST_CASE(all_errors_of_a_file_come_together_in_the_order_of_their_lines) {
    const auto read = parse_settings("limits: {rate: x}\nlogg: {}\nspool: s\napi:\n  timeouts: {idle: 1}\n", "k.yaml");
    BOOST_REQUIRE(!read);
    std::vector<std::string> all;
    for (const auto& error : read.error())
        all.push_back(std::to_string(error.line) + " " + error.key);
    const std::vector<std::string> expected{
        "1 limits.rate",      "2 logg", "3 spool", "4 api.credentials.username", "4 api.credentials.password",
        "5 api.timeouts.idle"};
    BOOST_TEST(all == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_reads_as_compilers_write_them) {
    BOOST_TEST(kyc::to_string({"/etc/kycd/kycd.yaml", 12, "api.timeouts.connect", "'10' is not a duration"}) ==
               "/etc/kycd/kycd.yaml:12: api.timeouts.connect: '10' is not a duration");
    BOOST_TEST(kyc::to_string({"f", 0, "", "does not exist"}) == "f: does not exist");
}

BOOST_AUTO_TEST_CASE(no_error_repeats_a_secret) {
    const std::vector<std::string> accounts{
        "{username: u, password: hunter2}",
        "{username: u, password: [hunter2]}",
        "{username: u, password: {hunter2: x}}",
        "{username: u, passwrd: hunter2}",
        "{username: 'ab:hunter2', password: env:P}",
        "{username: u, password: file:hunter2}",
        "{username: 'file:hunter2', password: env:P}",
        "{username: u, password: 'env:hunter2!'}",
        "{username: u, password: 'credential:hunter2!'}",
        "{username: u, password: !!str hunter2}",
        "hunter2",
        "{username: u, password: env:P}\n  proxy: http://u:hunter2@p:1",
        "{username: u, password: env:P}\n  base_url: https://u:hunter2@p",
    };
    for (const auto& account : accounts) {
        const auto read = parse_settings("spool: /s\napi:\n  credentials: " + account + "\n", "k.yaml");
        BOOST_REQUIRE_MESSAGE(!read, account);
        for (const auto& error : read.error())
            BOOST_TEST(to_string(error).find("hunter2") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(aliases_that_unfold_without_end_are_not_walked) {
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char level = 'b'; level <= 'k'; ++level) {
        const std::string name(1, level);
        const std::string below = std::string("*") + static_cast<char>(level - 1);
        bomb += name + ": &" + name + " [";
        for (int i = 0; i < 10; ++i)
            bomb += (i == 0 ? "" : ", ") + below;
        bomb += "]\n";
    }
    const auto read = parse_settings(minimal + bomb, "k.yaml");
    BOOST_REQUIRE(!read);
    BOOST_TEST(read.error().size() == 11u); // eleven unknown keys, and an answer at all

    const auto circle = parse_settings(minimal + "lanes: &l {bulk: *l}\n", "k.yaml");
    BOOST_REQUIRE(!circle);
    BOOST_TEST(circle.error().front().key == "lanes.bulk.bulk");
}

BOOST_AUTO_TEST_CASE(the_example_loads_as_it_is_and_shows_the_defaults) {
    const auto read = kyc::load_settings(example());
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : to_string(read.error().front())));
    check_defaults(*read);
    BOOST_TEST(read->spool == "/var/spool/kycd");

    const auto full = uncommented(content_of(example()));
    const auto all = parse_settings(full, "full");
    BOOST_REQUIRE_MESSAGE(all.has_value(), (all ? "" : to_string(all.error().front())) << "\n" << full);
    check_defaults(*all);
    BOOST_CHECK(all->folders == read->folders);
    BOOST_TEST(all->group.has_value());
    BOOST_CHECK(!(all->admin.token == kyc::secret_ref()));
    BOOST_TEST(all->api.client_certificate.has_value());
    BOOST_TEST((all->services.find("my_service") != nullptr));
}

BOOST_AUTO_TEST_CASE(the_example_the_schema_and_the_manual_name_every_key) {
    const auto shown = uncommented(content_of(example()));
    const auto manual = content_of(files::path(KYC_SOURCE_DIR) / "docs" / "configuration.md");
    for (const auto& key : kyc::settings_keys()) {
        BOOST_TEST_CONTEXT(key) {
            const auto last = key.substr(key.rfind('.') + 1);
            BOOST_TEST(std::regex_search(shown, std::regex("(^|\\n) *" + last + ": ")));
            auto in_manual = key;
            if (const auto star = in_manual.find('*'); star != std::string::npos) in_manual.replace(star, 1, "NAME");
            BOOST_TEST(manual.find("| `" + in_manual + "` |") != std::string::npos);
        }
    }
    BOOST_TEST(kyc::settings_keys().size() == 62u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_says_why) {
    const auto missing = kyc::load_settings("/nonexistent/kycd.yaml");
    BOOST_REQUIRE(!missing);
    BOOST_TEST(to_string(missing.error().front()) ==
               "/nonexistent/kycd.yaml: does not exist; name another with --config FILE");
    const auto folder = kyc::load_settings(files::temp_directory_path());
    BOOST_REQUIRE(!folder);
    BOOST_TEST(folder.error().front().message == "is not a regular file");
}

BOOST_AUTO_TEST_SUITE_END()
