// The small forms: dates, times, durations, sizes, Retry-After.

#include "core/date.hpp"
#include "core/http_date.hpp"
#include "core/report_json.hpp"
#include "core/units.hpp"
#include "fuzz.hpp"

using kyc::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = kyc::fuzz::text_of(data, size);
    if (const auto date = kyc::normalise_date(text)) {
        require(date->size() == 10 && kyc::normalise_date(*date) == date, "a plain date stays as it is", *date);
        require(kyc::from_iso8601(*date + "T00:00:00.000Z").has_value() || *date < "1678" || *date > "2261-12-31",
                "and is a day of the calendar", *date);
    }
    if (const auto time = kyc::from_iso8601(text))
        require(kyc::to_iso8601(*time) == text, "a time is written as it was read", text);

    const auto moment = kyc::parse_http_date(text);
    require(!moment || text.find_first_not_of(" ,-") != std::string_view::npos, "a date says something", text);
    for (const auto& now :
         {moment, std::optional<std::chrono::sys_seconds>{}, std::optional{std::chrono::sys_seconds{}}}) {
        const auto wait = kyc::read_retry_after(text, now);
        require(!wait || (*wait >= std::chrono::seconds(0) && *wait <= std::chrono::days(365)), "a wait is bounded",
                text);
        require(!wait || !moment || now, "a date without now asks for nothing", text);
    }

    if (const auto duration = kyc::parse_duration(text)) {
        require(*duration >= std::chrono::seconds(0) && *duration <= kyc::longest_duration, "in range", text);
        const auto again = kyc::parse_duration(kyc::format_duration(*duration));
        require(again && *again == *duration, "a duration comes back", text);
    } else {
        require(kyc::fuzz::is_one_line(duration.error()) && duration.error().size() < 400, "one line",
                duration.error());
    }
    if (const auto bytes = kyc::parse_size(text)) {
        const auto shown = kyc::format_size(*bytes);
        require(!shown.empty() && shown.ends_with('B'), "a size is shown", shown);
        const auto again = kyc::parse_size(shown);
        require(shown.find('.') != std::string::npos || (again && *again == *bytes), "a round size comes back", shown);
    } else {
        require(kyc::fuzz::is_one_line(bytes.error()) && bytes.error().size() < 400, "one line", bytes.error());
    }
    return 0;
}
