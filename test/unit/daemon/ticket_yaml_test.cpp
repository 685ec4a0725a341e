#include "reverify/ticket_yaml.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace kyc;
using namespace std::chrono_literals;
using kyc::reverify::parse_ticket;
using kyc::reverify::ticket_text;

namespace {

namespace files = std::filesystem;
using words = std::vector<std::string>;

result<std::string> beside(const std::string& file) {
    if (file == "customers.csv") return std::string("\xEF\xBB\xBFno;Name\r\n1;A-1\r\n2;\r\n3;A[2]*\r\n4;A-1\r\n");
    if (file == "empty.csv") return std::string("name\n");
    if (file == "wrong.csv") return std::string("name\nA-1\nA/2\n");
    if (file == "long.csv") return std::string("customer,name\nJones,A-1\nSmith, John,A-2\n");
    if (file == "spaced.csv") return std::string("name\n\" A-1\"\n A-2 \n\"A-3 \"\n");
    if (file == "broken.csv") return std::string("name\n\"A-1\n");
    return last_fault(ENOENT, file);
}

boost::system::result<ticket, std::vector<config_error>> parse(const std::string& text) {
    static const service_table services;
    return parse_ticket("nightly", "nightly.yaml", text, services, beside);
}

std::string all_of(const std::vector<config_error>& errors) {
    std::string text;
    for (const auto& error : errors)
        text += to_string(error) + "\n";
    return text;
}

ticket good(const std::string& text) {
    auto read = parse(text);
    BOOST_REQUIRE_MESSAGE(read.has_value(), text << "\n" << (read ? "" : all_of(read.error())));
    return std::move(*read);
}

struct wrong_ticket {
    std::string text;
    int line;
    std::string key;
    std::string fragment;
};

std::string content_of(const files::path& file) {
    std::ifstream stream(file);
    BOOST_REQUIRE(stream.is_open());
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// The example with every `# key: value` as a line of its own.
std::string uncommented(const std::string& text) {
    static const std::regex setting("^( *)# ( *[a-z_]+:( [^ ].*)?)$");
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        const bool is_setting = std::regex_match(line, found, setting) && line.back() != '.' && line.back() != ',';
        result += (is_setting ? found[1].str() + found[2].str() : line) + "\n";
    }
    return result;
}

files::path example() {
    return files::path(KYC_SOURCE_DIR) / "config" / "reverify.yaml";
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_yaml)

BOOST_AUTO_TEST_CASE(nothing_given_is_every_delivered_case) {
    for (const auto* text : {"{}", "{}\n", "# every one\n--- {}\n"}) {
        const auto read = good(text);
        BOOST_TEST(read.name == "nightly");
        BOOST_TEST(read.which.services.empty());
        BOOST_TEST(read.which.names.empty());
        BOOST_TEST(!read.which.sample.has_value());
        BOOST_TEST(!read.window.has_value());
        BOOST_TEST(read.rate == 0);
        BOOST_TEST(read.next_night);
        BOOST_CHECK(read.which.order == ticket_order::oldest);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_says_nothing_is_not_every_delivered_case) {
    // What a full disk, or a copy that was cut short behind the comments, leaves.
    for (const auto* text : {"", "\n", "# nothing\n", "---\n", "--- # nothing\n...\n", "null\n", "~", "\xEF\xBB\xBF"}) {
        const auto read = parse(text);
        BOOST_TEST_CONTEXT('"' << text << '"') {
            BOOST_REQUIRE(!read.has_value());
            BOOST_REQUIRE(read.error().size() == 1u);
            BOOST_TEST(read.error().front().message.find("write {} if every case is meant") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
    const auto read = good("service: [kyc_card, liveness]\n"
                           "verdict: [pass, inconclusive]\n"
                           "delivered_before: 2026-11-01T06:30Z\n"
                           "older_than: 30d\n"
                           "document_expired: false\n"
                           "document_expires_within: 90d\n"
                           "names: [A-*, B-7]\n"
                           "labels: {branch: north, 'year': 2025}\n"
                           "sample: 12.5%\n"
                           "seed: 7\n"
                           "limit: 500\n"
                           "order: expiry\n"
                           "window: always\n"
                           "rate: 2.5\n"
                           "budget: {calls: 600}\n"
                           "canary: [C-1, 'C 2']\n"
                           "stop_if: {failed: 20%, changed: 30}\n"
                           "unfinished: end\n");
    const auto& which = read.which;
    BOOST_TEST(which.services == (words{"kyc_card", "face_liveness"}), boost::test_tools::per_element());
    BOOST_TEST(which.verdicts.size() == 2u);
    BOOST_CHECK(which.verdicts[1] == verdict::inconclusive);
    BOOST_CHECK(which.delivered_before == from_iso8601("2026-11-01T06:30:00.000Z"));
    BOOST_CHECK(which.older_than == 24h * 30);
    BOOST_CHECK(which.document_expired == false);
    BOOST_CHECK(which.document_expires_within == 24h * 90);
    BOOST_TEST(which.names == (words{"A-*", "B-7"}), boost::test_tools::per_element());
    BOOST_REQUIRE(which.labels.size() == 2u);
    BOOST_CHECK(which.labels[1] == (std::pair<std::string, std::string>("year", "2025")));
    BOOST_TEST(which.sample->share == 0.125);
    BOOST_TEST(which.sample->seed == 7u);
    BOOST_TEST(!which.sample->count.has_value());
    BOOST_TEST(*which.limit == 500u);
    BOOST_CHECK(which.order == ticket_order::expiry);
    BOOST_TEST(read.window->is_always());
    BOOST_TEST(read.rate == 2.5);
    BOOST_TEST(*read.calls == 600u);
    BOOST_TEST(read.canary == (words{"C-1", "C 2"}), boost::test_tools::per_element());
    BOOST_TEST(*read.stop_if_failed->share == 0.2);
    BOOST_TEST(!read.stop_if_failed->count.has_value());
    BOOST_TEST(*read.stop_if_changed->count == 30u);
    BOOST_TEST(!read.next_night);
}

BOOST_AUTO_TEST_CASE(one_word_stands_for_a_list_of_one) {
    const auto read =
        good("service: kyc_card\nverdict: fail\nnames: A-1\ncanary: C-1\nsample: 100\nwindow: 22:00-06:00\n");
    BOOST_TEST(read.which.services == words{"kyc_card"}, boost::test_tools::per_element());
    BOOST_TEST(read.which.names == words{"A-1"}, boost::test_tools::per_element());
    BOOST_TEST(read.canary == words{"C-1"}, boost::test_tools::per_element());
    BOOST_TEST(*read.which.sample->count == 100u);
    BOOST_TEST(!read.window->is_always());
    // Names differ by the case of their letters.
    BOOST_TEST(good("names: [a-1, A-1]\n").which.names.size() == 2u);
}

BOOST_AUTO_TEST_CASE(names_come_from_a_column_beside_the_ticket) {
    // Each once, what looks like a pattern as the name that it is.
    BOOST_TEST(good("names: {csv: customers.csv}\n").which.names == (words{"A-1", "A\\[2]\\*"}),
               boost::test_tools::per_element());
    BOOST_TEST(good("names:\n  csv: customers.csv\n  column: NO\n").which.names == (words{"1", "2", "3", "4"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_space_at_an_end_of_a_name_is_kept_in_quotes) {
    BOOST_TEST(good("names: {csv: spaced.csv}\n").which.names == (words{" A-1", "A-2", "A-3 "}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_seed_alone_is_for_an_order_that_is_shuffled) {
    const auto read = good("order: shuffled\nseed: 9\n");
    BOOST_TEST(read.which.sample->seed == 9u);
    BOOST_TEST(read.which.sample->share == 1);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_with_its_line_and_what_is_allowed) {
    const std::vector<wrong_ticket> wrong{
        {"servce: kyc_card\n", 1, "servce", "did you mean 'service'?"},
        {"nothing_like_it: 1\n", 1, "nothing_like_it", "known here: service, verdict,"},
        {"calls: 5\n", 1, "calls", "did you mean 'budget.calls'?"},
        {"service: kyc_cart\n", 1, "service", "did you mean 'kyc_card'?"},
        {"service: passport\n", 1, "service", "known are: "},
        {"\nservice: [kyc_card, kyc_card]\n", 2, "service", "listed twice"},
        {"service: [liveness, face_liveness]\n", 1, "service", "listed twice"},
        {"service: {a: b}\n", 1, "service", "a single value or a list"},
        {"service:\n", 1, "service", "has no value"},
        {"service: []\n", 1, "service", "empty list"},
        {"service:\n  - kyc_card\n  - ocr\n", 3, "service", "no service"},
        {"verdict: passed\n", 1, "verdict", "did you mean 'pass'?"},
        {"verdict: ok\n", 1, "verdict", "pass, fail, inconclusive"},
        {"verdict: []\n", 1, "verdict", "empty list"},
        {"delivered_before: yesterday\n", 1, "delivered_before", "2026-11-20"},
        {"delivered_before: 2026-02-30\n", 1, "delivered_before", "no time"},
        {"delivered_before: 20.11.2026\n", 1, "delivered_before", "no time"},
        {"older_than: 30\n", 1, "older_than", "not a duration"},
        {"older_than: 1 month\n", 1, "older_than", "not a duration"},
        {"document_expired: yes\n", 1, "document_expired", "true, false"},
        {"document_expires_within: 0\n", 1, "document_expires_within", "out of range"},
        {"document_expired: true\ndocument_expires_within: 90d\n", 2, "document_expires_within", "not expired yet"},
        {"names: [A-1, A-1]\n", 1, "names", "listed twice"},
        {"names: kyc_card/A-1\n", 1, "names", "the service is chosen by 'service'"},
        {"names: \"\"\n", 1, "names", "empty name"},
        {"names: \"a\\nb\"\n", 1, "names", "control character"},
        {"names: [[A]]\n", 1, "names", "single value"},
        {"names: []\n", 1, "names", "empty list"},
        {"names: {}\n", 1, "names.csv", "missing"},
        {"names: {column: x}\n", 1, "names.csv", "missing"},
        {"names: {csv: customers.csv, colum: x}\n", 1, "names.colum", "did you mean 'column'?"},
        {"names: {csv: customers.csv, column: id}\n", 1, "names.csv", "its columns are: no, Name"},
        {"names: {csv: ../customers.csv}\n", 1, "names.csv", "beside the ticket"},
        {"names: {csv: /etc/passwd}\n", 1, "names.csv", "beside the ticket"},
        {"names: {csv: .hidden.csv}\n", 1, "names.csv", "beside the ticket"},
        {"names: {csv: missing.csv}\n", 1, "names.csv", "cannot be read: No such file"},
        {"names: {csv: empty.csv}\n", 1, "names.csv", "has no name in its column"},
        {"names: {csv: wrong.csv}\n", 1, "names.csv", "line 3: "},
        {"names: {csv: long.csv}\n", 1, "names.csv", "line 3: it has 3 cells, and the header has 2"},
        {"names: {csv: broken.csv}\n", 1, "names.csv", "never closed"},
        {"labels: north\n", 1, "labels", "must be a map"},
        {"limit: 5\nlabels:\n  # branch: north\n", 2, "labels", "is empty"},
        {"labels: {}\n", 1, "labels", "is empty"},
        {"labels: {branch: [a]}\n", 1, "labels.branch", "single value"},
        {"labels: {branch: }\n", 1, "labels.branch", "has no value"},
        {"sample: 0\n", 1, "sample", "a share such as 5%"},
        {"sample: 0%\n", 1, "sample", "a share such as 5%"},
        {"sample: 101%\n", 1, "sample", "a share such as 5%"},
        {"sample: -5%\n", 1, "sample", "a share such as 5%"},
        {"sample: a tenth\n", 1, "sample", "a share such as 5%"},
        {"sample: 0.1\n", 1, "sample", "a share such as 5%"},
        {"seed: 7\n", 1, "seed", "order: shuffled"},
        {"sample: 5\nseed: -1\n", 2, "seed", "whole number"},
        {"limit: 0\n", 1, "limit", "out of range"},
        {"limit: all\n", 1, "limit", "whole number"},
        {"order: random\n", 1, "order", "oldest, newest, name, expiry, shuffled"},
        {"window: at night\n", 1, "window", ""},
        {"rate: -1\n", 1, "rate", "decimal number"},
        {"rate: 5/s\n", 1, "rate", "decimal number"},
        {"budget: 500\n", 1, "budget", "must be a map"},
        {"budget:\n", 1, "budget", "is empty"},
        {"budget: {}\n", 1, "budget", "is empty"},
        {"budget: {calls: }\n", 1, "budget.calls", "has no value"},
        {"budget: {calls: 0}\n", 1, "budget.calls", "out of range"},
        {"budget: {call: 5}\n", 1, "budget.call", "did you mean 'calls'?"},
        {"canary: []\n", 1, "canary", "empty list"},
        {"canary: [.hidden]\n", 1, "canary", "no case's name"},
        {"stop_if: {failed: 101%}\n", 1, "stop_if.failed", "0% to 100%"},
        {"stop_if: {failed: few}\n", 1, "stop_if.failed", "0% to 100%"},
        {"stop_if: ~\n", 1, "stop_if", "is empty"},
        {"stop_if: {}\n", 1, "stop_if", "is empty"},
        {"stop_if: 20%\n", 1, "stop_if", "must be a map"},
        {"stop_if: {faild: 20%}\n", 1, "stop_if.faild", "did you mean 'failed'?"},
        {"unfinished: later\n", 1, "unfinished", "next_night, end"},
        {"service: kyc_card\nservice: ocr_card\n", 2, "service", "given twice, first in line 1"},
        {"- service\n", 0, "", "must be a map"},
        {"service: [\n", 2, "", "not valid YAML"},
        {"service: kyc_card\n---\nservice: ocr_card\n", 2, "", "several YAML documents"},
        {"service: kyc_card\nnames: M\xFCller\n", 2, "", "not UTF-8; save the file as UTF-8"},
    };
    for (const auto& expected : wrong) {
        const auto read = parse(expected.text);
        BOOST_TEST_CONTEXT(expected.text) {
            BOOST_REQUIRE(!read.has_value());
            const auto errors = read.error();
            BOOST_TEST_CONTEXT(all_of(errors)) {
                BOOST_REQUIRE(errors.size() == 1u);
                BOOST_TEST(errors.front().file == "nightly.yaml");
                BOOST_TEST(errors.front().line == expected.line);
                BOOST_TEST(errors.front().key == expected.key);
                BOOST_TEST(errors.front().message.find(expected.fragment) != std::string::npos);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_pattern_that_yaml_reads_otherwise_is_said_to_need_quotes) {
    const std::string hint = "a pattern with * ? [ ] is written in quotes";
    for (const auto* text : {"names: [A-1?]\n", "names: *\n", "names: *-1\n", "limit: 5\nnames: [A-[12]]\n"}) {
        const auto read = parse(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(!read.has_value());
            const auto message = read.error().front().message;
            BOOST_TEST(message.starts_with("is not valid YAML: "));
            BOOST_TEST(message.find(hint) != std::string::npos);
        }
    }
    BOOST_TEST(good("names: ['A-1?', '*', 'A-[12]']\n").which.names.size() == 3u);
    // Nothing there is one.
    BOOST_TEST(all_of(parse("service: [kyc_card\n").error()).find(hint) == std::string::npos);
    BOOST_TEST(all_of(parse("names: A-*\nwindow: \"22:00\n").error()).find(hint) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_errors_are_told_at_once_in_the_order_of_their_lines) {
    const auto read = parse("verdict: ok\nunfinished: x\nlimt: 5\nservice: kyc\n");
    BOOST_REQUIRE(!read.has_value());
    std::vector<int> lines;
    for (const auto& error : read.error())
        lines.push_back(error.line);
    BOOST_TEST(lines == (std::vector<int>{1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_ticket_whose_name_can_be_no_folder_is_none) {
    const service_table services;
    for (const std::string name : {"", ".x", "a\nb", "\xff"}) {
        const auto read = parse_ticket(name, "x.yaml", "", services, beside);
        BOOST_REQUIRE(!read.has_value());
        BOOST_TEST(read.error().front().message.find("ticket's name") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_written_ticket_reads_as_the_same) {
    for (const auto* text :
         {"{}\n", "older_than: 36h\n", "sample: 7%\n", "sample: 0.1%\nseed: 18446744073709551615\n",
          "sample: 33.333%\n", "order: shuffled\nseed: 3\n", "sample: 100%\n",
          "names: ['*', \"q\\\"uote\", 'A[1]', \"ü 漢\", ' x ']\n",
          "labels: {\"a: b\": \"#c\", 'null': 'true', y: ~x}\n", "rate: 0.001\nbudget: {calls: 1}\n",
          "stop_if: {failed: 0%}\n", "stop_if: {changed: 0, failed: 12.5%}\n", "window: \"always\"\nunfinished: end\n",
          "window: \"22:00-06:00\"\n", "delivered_before: 2026-11-20\n", "names: {csv: customers.csv}\n",
          "service: [liveness]\nverdict: [fail]\norder: newest\nlimit: 3\n",
          "document_expired: true\ncanary: [A, 'B, C']\n"}) {
        const auto first = good(text);
        const auto written = ticket_text(first);
        BOOST_TEST_CONTEXT(text << "\n" << written) {
            const auto second = good(written);
            BOOST_TEST(ticket_text(second) == written);
            BOOST_TEST(second.which.names == first.which.names, boost::test_tools::per_element());
            BOOST_CHECK(second.which.labels == first.which.labels);
            BOOST_CHECK(second.which.older_than == first.which.older_than);
            BOOST_CHECK(second.which.delivered_before == first.which.delivered_before);
            BOOST_TEST(second.which.sample.has_value() == first.which.sample.has_value());
            if (first.which.sample) {
                BOOST_TEST(second.which.sample->share == first.which.sample->share);
                BOOST_TEST(second.which.sample->seed == first.which.sample->seed);
            }
            BOOST_CHECK(second.which.services == first.which.services);
            BOOST_CHECK(second.canary == first.canary);
            BOOST_TEST(second.rate == first.rate);
            if (first.stop_if_failed) BOOST_CHECK(second.stop_if_failed->share == first.stop_if_failed->share);
            if (first.stop_if_changed) BOOST_CHECK(second.stop_if_changed->count == first.stop_if_changed->count);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_example_is_right_as_it_is_and_with_every_key) {
    const auto as_it_is = good(content_of(example()));
    BOOST_TEST(!as_it_is.which.services.empty());
    const auto shown = uncommented(content_of(example()));
    const auto all = good(shown);
    BOOST_TEST(all.calls.has_value());
    const auto manual = content_of(files::path(KYC_SOURCE_DIR) / "docs" / "reverification.md");
    for (const auto& key : kyc::reverify::ticket_keys()) {
        BOOST_TEST_CONTEXT(key) {
            const auto last = key.substr(key.rfind('.') + 1);
            if (!key.starts_with("names.")) // a ticket has names in one way only
                BOOST_TEST(std::regex_search(shown, std::regex("(^|\\n|\\{) *" + last + ":")));
            BOOST_TEST(manual.find("| `" + key + "` |") != std::string::npos);
        }
    }
    BOOST_TEST(kyc::reverify::ticket_keys().size() == 21u);
}

BOOST_AUTO_TEST_SUITE_END()
