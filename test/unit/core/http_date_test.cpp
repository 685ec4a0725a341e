#include "core/http_date.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_AUTO_TEST_CASE(all_three_forms_of_a_date_name_the_same_second) {
    for (const std::string text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        BOOST_TEST_CONTEXT(text) {
            const auto got = parse_http_date(text);
            BOOST_REQUIRE(got.has_value());
            BOOST_TEST(got->time_since_epoch().count() == 784111777);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_date_is_written_in_the_first_form) {
    for (const std::string text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2024 00:00:00 GMT",
                                   "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 05:06:07 GMT"})
        BOOST_TEST(to_http_date(parse_http_date(text).value()) == text);
}

BOOST_AUTO_TEST_CASE(what_is_no_date_is_none) {
    for (const std::string text : {"", " ", "GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                                   "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nox 1994 08:49:37 GMT",
                                   "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "---,,,   "}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!parse_http_date(text).has_value());
        }
    }
    BOOST_TEST(!parse_http_date(std::string(100'000, ' ')).has_value());
}

BOOST_AUTO_TEST_CASE(retry_after_is_seconds_or_a_date_seen_from_the_replys_own_clock) {
    const auto now = parse_http_date("Sun, 06 Nov 1994 08:49:00 GMT");
    BOOST_TEST((read_retry_after("60", {}) == 60s));
    BOOST_TEST((read_retry_after(" 0 ", {}) == 0s));
    BOOST_TEST((read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 37s));
    BOOST_TEST((read_retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now) == 0s));
    BOOST_TEST((read_retry_after("99999999999999999999", {}) == std::chrono::days{365}));
    BOOST_TEST(!read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", {}).has_value());
    for (const std::string text : {"", "soon", "-5", "1.5", "60s"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!read_retry_after(text, now).has_value());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
