#include "fs/ticket_strays.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace kyc;
using namespace std::chrono_literals;
namespace stdfs = std::filesystem;
using test::put;
using test::spool;

namespace {

constexpr fs::stray_patience at_once{0ms, 0ms};

/// Why each is told, by its name, as of this long after now.
std::map<std::string, std::string> strays(const spool& box, const fs::stray_patience& patience = at_once,
                                          std::chrono::milliseconds later = 1min) {
    const auto found = fs::list_strays(box.layout, std::chrono::system_clock::now() + later, patience);
    BOOST_REQUIRE_MESSAGE(found.has_value(), (found.has_value() ? "" : found.error().message()));
    std::map<std::string, std::string> by_name;
    for (const auto& each : *found)
        by_name[each.file] = each.why;
    return by_name;
}

std::vector<std::string> names_of(const std::map<std::string, std::string>& all) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const auto& [name, why] : all)
        names.push_back(name);
    return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_strays)

BOOST_FIXTURE_TEST_CASE(what_is_no_ticket_is_told_with_what_to_do, spool) {
    BOOST_TEST(strays(*this).empty());
    const auto tickets = inbox() / "reverify";
    const std::map<std::string, std::string> wrong{
        {"note.yaml.txt", "call it note.yaml if it is meant as one"},
        {"night.json", "call it night.yaml if it is meant as one"},
        {"night", "call it night.yaml if it is meant as one"},
        {"~$night.yaml", "office program"},
        {"night.yaml~", "an editor's copy"},
        {"night.yaml.part", "a copy which has not ended"},
        {"old.csv", "no ticket here names this CSV"},
    };
    for (const auto& [name, why] : wrong)
        put(tickets / name, "window: always\n");
    put(tickets / "folder.yaml" / "night.yaml", "{}");
    // Tickets, whatever they ask for and however they come, the CSV that one names, and what lies in every folder.
    for (const auto* name :
         {"a.yaml", "B.YML", "d.yaml.cancelled", ".hidden.yaml", ".kycd-x", "Thumbs.db", "desktop.ini", "x.status.txt"})
        put(tickets / name, "{}");
    put(tickets / "c.yaml.paused", "names: {csv: Customers.CSV}\n");
    put(tickets / "Customers.CSV", "name\nA-1\n");
    stdfs::create_symlink("/etc/hostname", tickets / "link.yaml"); // is refused as a ticket
    stdfs::create_directory(tickets / "@eaDir");

    const auto found = strays(*this);
    auto expected = names_of(wrong);
    expected.insert(std::find(expected.begin(), expected.end(), "night"), "folder.yaml");
    BOOST_TEST(names_of(found) == expected, boost::test_tools::per_element());
    for (const auto& [name, why] : wrong)
        BOOST_TEST(found.at(name).find(why) != std::string::npos, name << ": " << found.at(name));
    BOOST_TEST(found.at("folder.yaml").find("a folder is no ticket") != std::string::npos);

    stdfs::remove(tickets / "c.yaml.paused");
    BOOST_TEST(strays(*this).contains("Customers.CSV"));
}

BOOST_FIXTURE_TEST_CASE(what_may_be_on_its_way_is_given_more_time, spool) {
    const auto tickets = inbox() / "reverify";
    for (const auto* name : {"night.yaml.part", "customers.csv", "note.yaml.txt"})
        put(tickets / name, "name\nA-1\n");
    // A file that is renamed in is new there, however old it is.
    stdfs::last_write_time(tickets / "customers.csv", stdfs::file_time_type::clock::now() - 24h);
    const fs::stray_patience patience{10min, 2h};
    BOOST_TEST(names_of(strays(*this, patience, 0ms)).empty());
    BOOST_TEST(names_of(strays(*this, patience, 30min)) == std::vector<std::string>{"note.yaml.txt"},
               boost::test_tools::per_element());
    BOOST_TEST(strays(*this, patience, 3h).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
