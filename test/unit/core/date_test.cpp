#include "core/date.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

struct row {
    std::string given;
    std::string iso; ///< empty: none
};

const std::vector<row> dates{
    // as the API prints them
    {"1983-08-12", "1983-08-12"},
    {"1991-9-24", "1991-09-24"},
    {"2023-9-5", "2023-09-05"},
    {"2023-12-05", "2023-12-05"},
    {" 1991-9-24\n", "1991-09-24"},
    // nothing, or a part of it missing
    {"", ""},
    {"   ", ""},
    {"None", ""},
    {"None-None-None", ""},
    {"1991-None-None", ""},
    {"1991-9-None", ""},
    {"None-9-24", ""},
    {"1991-9", ""},
    {"1991-9-", ""},
    {"-9-24", ""},
    {"--", ""},
    // the calendar
    {"1991-02-30", ""},
    {"1900-02-29", ""},
    {"2000-02-29", "2000-02-29"},
    {"2024-2-29", "2024-02-29"},
    {"2023-2-29", ""},
    {"2023-04-31", ""},
    {"2023-13-01", ""},
    {"2023-0-1", ""},
    {"2023-1-0", ""},
    {"0000-01-01", ""},
    {"0001-01-01", "0001-01-01"},
    {"9999-12-31", "9999-12-31"},
    // other forms
    {"91-09-24", ""},
    {"19991-09-24", ""},
    {"1991-009-24", ""},
    {"1991-9-24-1", ""},
    {"1991/09/24", ""},
    {"24.09.1991", ""},
    {"1991-+9-24", ""},
    {"1991--9-24", ""},
    {"1991-9-24T00:00:00", ""},
    {"1991- 9-24", ""},
    {"99999999999999999999-1-1", ""},
    {"1991-9-2x", ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(date)

BOOST_AUTO_TEST_CASE(a_date_becomes_iso_8601_or_absent) {
    for (const auto& [given, iso] : dates) {
        const auto normal = kyc::normalise_date(given);
        BOOST_TEST(normal.value_or("") == iso, '\'' << given << "' gave '" << normal.value_or("") << '\'');
    }
}

BOOST_AUTO_TEST_CASE(a_normal_date_stays_what_it_is) {
    for (const auto& [given, iso] : dates) {
        if (!iso.empty()) {
            BOOST_TEST(kyc::normalise_date(iso).value_or("") == iso);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
