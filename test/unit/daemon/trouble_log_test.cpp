#include "log/trouble_log.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace {

using namespace kyc;
using namespace std::chrono_literals;

/// What the log says while this lives.
class overheard {
  public:
    overheard() : kept_(::dup(STDERR_FILENO)) {
        log::configure({});
        const int file = ::open((folder_.path() / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(file, STDERR_FILENO);
        ::close(file);
    }

    overheard(const overheard&) = delete;
    overheard& operator=(const overheard&) = delete;

    ~overheard() {
        ::dup2(kept_, STDERR_FILENO);
        ::close(kept_);
    }

    /// The lines since the last call, without their time.
    std::vector<std::string> lines() {
        std::ifstream in(folder_.path() / "log");
        std::vector<std::string> all;
        for (std::string line; std::getline(in, line);)
            all.push_back(line.substr(line.find(' ') + 1));
        std::vector<std::string> fresh(all.begin() + static_cast<std::ptrdiff_t>(read_), all.end());
        read_ = all.size();
        return fresh;
    }

  private:
    test::temporary_folder folder_;
    int kept_;
    std::size_t read_ = 0;
};

const trouble_log::clock::time_point start{};

} // namespace

BOOST_AUTO_TEST_SUITE(trouble_log_suite)

BOOST_AUTO_TEST_CASE(a_thousand_cases_are_two_lines) {
    overheard log;
    trouble_log troubles;
    for (int i = 0; i < 1000; ++i)
        troubles.met("HTTP 503", "HTTP 503: later", {{"case", "kyc_card/A-" + std::to_string(i)}}, start + i * 1s);
    auto lines = log.lines();
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    BOOST_TEST(lines[0] == "warning HTTP 503: later case=kyc_card/A-0");
    troubles.look(start + 999s + trouble_log::quiet - 1s);
    BOOST_TEST(log.lines().empty());
    troubles.look(start + 999s + trouble_log::quiet);
    lines = log.lines();
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    BOOST_TEST(lines[0] == "warning met 1000 times within 999s: HTTP 503 times=1000");
    troubles.look(start + 24h);
    BOOST_TEST(log.lines().empty());
}

BOOST_AUTO_TEST_CASE(what_comes_again_later_is_news_again) {
    overheard log;
    trouble_log troubles;
    troubles.met("HTTP 503", "HTTP 503", {}, start);
    troubles.look(start + trouble_log::quiet);
    BOOST_TEST(log.lines().size() == 1U); // met once, it was said already
    troubles.met("HTTP 503", "HTTP 503", {}, start + 1h);
    BOOST_TEST(log.lines().size() == 1U);
}

BOOST_AUTO_TEST_CASE(different_troubles_are_told_apart) {
    overheard log;
    trouble_log troubles;
    troubles.met("HTTP 503", "HTTP 503", {}, start);
    troubles.met("HTTP 502", "HTTP 502", {}, start);
    BOOST_TEST(log.lines().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_stop_tells_what_was_met_so_far) {
    overheard log;
    trouble_log troubles;
    for (int i = 0; i < 3; ++i)
        troubles.met("HTTP 503", "HTTP 503", {}, start + i * 1s);
    BOOST_TEST(log.lines().size() == 1U);
    troubles.end();
    const auto lines = log.lines();
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    BOOST_TEST(lines[0] == "warning met 3 times within 2s: HTTP 503 times=3");
}

BOOST_AUTO_TEST_CASE(troubles_without_end_do_not_fill_the_memory) {
    overheard log;
    trouble_log troubles;
    for (std::size_t i = 0; i < trouble_log::kinds_at_most; ++i)
        troubles.met(std::to_string(i), "words", {}, start);
    log.lines();
    // Said each time rather than not at all.
    troubles.met("one more", "one more", {}, start);
    troubles.met("one more", "one more", {}, start);
    BOOST_TEST(log.lines().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reply_is_the_same_without_its_details) {
    BOOST_TEST(kind_of_reply("submit of kyc_card: HTTP 503: come back in 3 s") == "submit of kyc_card: HTTP 503");
    BOOST_TEST(kind_of_reply("submit of kyc_card: HTTP 503") == "submit of kyc_card: HTTP 503");
    BOOST_TEST(kind_of_reply("submit of kyc_card: timeout after everything was sent: localhost:41: 20s") ==
               "submit of kyc_card: timeout after everything was sent");
    BOOST_TEST(kind_of_reply("no colon") == "no colon");
}

BOOST_AUTO_TEST_SUITE_END()
