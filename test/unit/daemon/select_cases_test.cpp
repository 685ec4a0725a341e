#include "reverify/select_cases.hpp"
#include "reverify/ticket_yaml.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace kyc;
using namespace std::chrono_literals;
namespace files = std::filesystem;
using words = std::vector<std::string>;

namespace {

const utc_time now = *from_iso8601("2026-11-20T12:00:00.000Z");

struct outbox {
    test::temporary_folder root;
    fs::spool_layout layout{
        folder_settings{root.path() / "inbox", root.path() / "work", root.path() / "outbox", root.path() / "failed"}};
    service_table services;

    outbox() {
        for (const auto* name : {"inbox", "work", "outbox", "failed"})
            files::create_directory(root.path() / name);
    }

    files::path put(const std::string& where, const std::string& text) {
        auto file = root.path() / "outbox" / where;
        files::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

    /// A case as kycd delivers it.
    void deliver(const std::string& folder, const std::string& place, const std::string& verdict = "pass",
                 std::chrono::hours age = 24h, const std::string& expires = "null", const std::string& name = {}) {
        const auto* known = services.find(folder);
        put(folder + "/" + place + "/result.json",
            R"({"schema":"kycd.result/1","case":")" + (name.empty() ? place : name) + R"(","service":")" +
                (known ? known->name : folder) + R"(","lane":"live","verdict":")" + verdict +
                R"(","checks":{"document_expired":false},"document":{"expires_on":)" + expires +
                R"(},"task":{"id":"x","answered_at":")" + to_iso8601(now - age) + R"("},"response":{}})");
    }

    reverify::selected_cases select(const ticket& asked) {
        auto found = reverify::select_cases(layout, services, asked, now, [] { return true; });
        BOOST_REQUIRE_MESSAGE(found.has_value(), (found.has_value() ? "" : found.error().message()));
        return std::move(*found);
    }

    words places(const ticket& asked) {
        words names;
        for (const auto& each : select(asked).cases)
            names.push_back((each.canary ? "!" : "") + each.which.folder + "/" + each.which.place);
        return names;
    }
};

ticket all() {
    ticket asked;
    asked.which.order = ticket_order::name;
    return asked;
}

} // namespace

BOOST_AUTO_TEST_SUITE(select_cases_suite)

BOOST_AUTO_TEST_CASE(delivered_cases_are_read_as_they_stand) {
    outbox box;
    box.deliver("kyc_card", "A-1", "fail", 48h, "\"2031-02-28\"");
    box.deliver("kyc_card", "A-1~2", "pass", 24h, "null", "A-1");
    box.deliver("liveness", "B", "inconclusive");
    const auto found = box.select(all());
    BOOST_REQUIRE(found.cases.size() == 3u);
    BOOST_TEST(found.looked_at == 3u);
    const auto& first = found.cases[0].which;
    BOOST_TEST(first.folder == "kyc_card");
    BOOST_TEST(first.case_name == "A-1");
    BOOST_CHECK(first.verdict == verdict::fail);
    BOOST_CHECK(first.answered_at == now - 48h);
    BOOST_CHECK(first.expires_on == std::chrono::sys_days(std::chrono::year(2031) / 2 / 28));
    BOOST_CHECK(first.said_expired == false);
    BOOST_TEST(found.cases[1].which.place == "A-1~2");
    BOOST_TEST(found.cases[1].which.case_name == "A-1");
    BOOST_TEST(!found.cases[1].which.expires_on.has_value());
    BOOST_TEST(found.cases[2].which.service == "face_liveness");
}

BOOST_AUTO_TEST_CASE(services_names_and_verdicts_choose) {
    outbox box;
    box.deliver("kyc_card", "A-1");
    box.deliver("kyc_card", "A-1~2", "pass", 24h, "null", "A-1");
    box.deliver("kyc_card", "B-1", "fail");
    box.deliver("liveness", "A-1");
    box.deliver("face_liveness", "B-2");
    auto asked = all();
    asked.which.services = {"face_liveness"};
    BOOST_TEST(box.places(asked) == (words{"face_liveness/B-2", "liveness/A-1"}), boost::test_tools::per_element());
    BOOST_TEST(box.select(asked).looked_at == 2u); // the others are not even opened
    asked = all();
    asked.which.names = {"A-1"};
    BOOST_TEST(box.places(asked) == (words{"kyc_card/A-1", "kyc_card/A-1~2", "liveness/A-1"}),
               boost::test_tools::per_element());
    BOOST_TEST(box.select(asked).looked_at == 3u);
    asked.which.names = {"?-2", "none"};
    BOOST_TEST(box.places(asked) == words{"face_liveness/B-2"}, boost::test_tools::per_element());
    asked = all();
    asked.which.verdicts = {verdict::fail};
    BOOST_TEST(box.places(asked) == words{"kyc_card/B-1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(canaries_come_first_selected_or_not_and_missing_ones_are_named) {
    outbox box;
    box.deliver("kyc_card", "A-1");
    box.deliver("kyc_card", "C-1");
    box.deliver("liveness", "C-2", "fail");
    auto asked = all();
    asked.which.services = {"kyc_card"};
    asked.canary = {"C-2", "C-1", "C-3"};
    BOOST_TEST(box.places(asked) == (words{"!liveness/C-2", "!kyc_card/C-1", "kyc_card/A-1"}),
               boost::test_tools::per_element());
    BOOST_TEST(box.select(asked).missing_canaries == words{"C-3"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(labels_are_those_of_the_manifest_in_the_case_or_beside_flat_files) {
    outbox box;
    for (const auto* name : {"A", "B", "C", "D"})
        box.deliver("kyc_card", name);
    box.put("kyc_card/A/case.json", R"({"labels":{"branch":"north","year":"2025"}})");
    box.put("kyc_card/B/B.json", R"({"labels":{"branch":"north"}})");
    box.put("kyc_card/C/case.json", R"({"labels":{"branch":"south"}})");
    box.put("kyc_card/D/case.json", "{");
    auto asked = all();
    asked.which.labels = {{"branch", "north"}};
    BOOST_TEST(box.places(asked) == (words{"kyc_card/A", "kyc_card/B"}), boost::test_tools::per_element());
    asked.which.labels.emplace_back("year", "2025");
    BOOST_TEST(box.places(asked) == words{"kyc_card/A"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_delivered_case_is_none_and_what_cannot_be_read_is_counted) {
    outbox box;
    box.deliver("kyc_card", "A-1");
    box.deliver("reverify", "nightly");
    box.deliver(".kycd", "A-2");
    box.put("kyc_card/empty/image.jpg", "x");
    box.put("kyc_card/broken/result.json", "{\"schema\":");
    box.put("kyc_card/foreign/result.json", "{}");
    box.put("kyc_card/error/result.json", R"({"schema":"kycd.error/1","case":"error"})");
    box.put("kyc_card/file", "x");
    const auto elsewhere = box.root.path() / "elsewhere";
    files::create_directory(elsewhere);
    files::copy(box.root.path() / "outbox/kyc_card/A-1", elsewhere / "B", files::copy_options::recursive);
    files::create_directory_symlink(elsewhere / "B", box.root.path() / "outbox/kyc_card/B");
    files::create_directory_symlink(elsewhere, box.root.path() / "outbox/linked");
    files::create_directory(box.root.path() / "outbox/kyc_card/linked");
    files::create_symlink(elsewhere / "B/result.json", box.root.path() / "outbox/kyc_card/linked/result.json");
    BOOST_TEST(box.places(all()) == words{"kyc_card/A-1"}, boost::test_tools::per_element());
    BOOST_TEST(box.select(all()).left.unreadable == 4u); // with the link to somebody else's result.json
    files::create_directory(box.root.path() / "outbox/kyc_card/pipe");
    BOOST_REQUIRE(::mkfifo((box.root.path() / "outbox/kyc_card/pipe/result.json").c_str(), 0600) == 0);
    BOOST_TEST(box.select(all()).left.unreadable == 5u); // and nobody waits for what may come out of a pipe
}

BOOST_AUTO_TEST_CASE(what_is_meant_and_not_selected_is_named) {
    outbox box;
    box.deliver("kyc_card", "A-1");
    box.deliver("kyc_card", "A-2~3", "fail", 24h, "null", "A-2");
    box.deliver("liveness", "B-1");
    box.put("kyc_card/C-1/result.json", "{");
    box.put("kyc_card/D-1/image.jpg", "x");
    box.deliver("kyc_card", "E[1]");
    auto asked = all();
    asked.which.services = {"kyc_card"};
    asked.which.verdicts = {verdict::pass};
    asked.which.names = {"A-1", "A-2", "B-1", "C-1", "D-1", "E\\[1]", "F\\[1]"};
    for (const bool pattern : {false, true}) {
        if (pattern) asked.which.names.emplace_back("Z*"); // then every name is looked at
        const auto found = box.select(asked);
        BOOST_TEST(found.cases.size() == 2u);
        BOOST_TEST(found.left.not_delivered == 3u);
        BOOST_TEST(found.left.names == (words{"B-1", "D-1", "F[1]"}), boost::test_tools::per_element());
        BOOST_TEST(found.left.unreadable == 1u);
        BOOST_TEST(found.left.folders == words{"kyc_card/C-1"}, boost::test_tools::per_element());
    }
    for (int i = 0; i < 20; ++i)
        asked.which.names.push_back("X-" + std::to_string(i));
    const auto many = box.select(asked).left;
    BOOST_TEST(many.not_delivered == 23u);
    BOOST_TEST(many.names.size() == 10u);
}

BOOST_AUTO_TEST_CASE(what_was_left_out_is_read_back_from_a_comment_of_a_ticket) {
    reverify::left_out left;
    BOOST_TEST(reverify::left_out_comment(left) == "");
    BOOST_TEST(reverify::left_out_in("{}\n").names.empty());
    left.add_name("A \"quoted\" # name\\");
    left.add_name("M\xC3\xBCller");
    left.add_folder("kyc_card/\xFF\n");
    const auto text = "{}\n" + reverify::left_out_comment(left);
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2);
    const auto beside = [](const std::string&) -> result<std::string> { return fault(std::error_code(), "read"); };
    BOOST_TEST(reverify::parse_ticket("night", "night.yaml", text, service_table(), beside).has_value());
    const auto again = reverify::left_out_in(text);
    BOOST_TEST(again.not_delivered == 2u);
    BOOST_TEST(again.names == left.names, boost::test_tools::per_element());
    BOOST_TEST(again.unreadable == 1u);
    BOOST_TEST(again.folders == words{"kyc_card/\\xff\\x0a"}, boost::test_tools::per_element());
    BOOST_TEST(reverify::left_out_in(text.substr(0, text.size() / 2)).not_delivered == 0u);
}

BOOST_AUTO_TEST_CASE(it_can_be_stopped_and_an_outbox_that_is_not_there_is_a_fault) {
    outbox box;
    box.deliver("kyc_card", "A-1");
    const auto stopped = reverify::select_cases(box.layout, box.services, all(), now, [] { return false; });
    BOOST_REQUIRE(!stopped.has_value());
    BOOST_TEST(stopped.error().code.value() == ECANCELED);
    files::remove_all(box.root.path() / "outbox");
    BOOST_TEST(!reverify::select_cases(box.layout, box.services, all(), now, [] { return true; }).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
