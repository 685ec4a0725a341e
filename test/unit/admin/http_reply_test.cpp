#include "admin/http_reply.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc::admin;

namespace {

constexpr std::chrono::sys_seconds noon{std::chrono::seconds(784111777)};

bool has(const std::string& head, const std::string& line) {
    return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_reply_test)

BOOST_AUTO_TEST_CASE(every_reply_says_what_browsers_must_not_do) {
    for (const int status : {200, 304, 400, 401, 404, 405, 421, 431, 503, 505}) {
        const auto head = head_of(explanation(status, "why"), true, noon);
        BOOST_TEST_CONTEXT(head) {
            BOOST_TEST(head.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
            BOOST_TEST(head.find("default-src 'none'; script-src 'self'") != std::string::npos);
            BOOST_TEST(has(head, "X-Content-Type-Options: nosniff"));
            BOOST_TEST(has(head, "Referrer-Policy: no-referrer"));
            BOOST_TEST(has(head, "X-Frame-Options: DENY"));
            BOOST_TEST(has(head, "Date: Sun, 06 Nov 1994 08:49:37 GMT"));
            BOOST_TEST(head.ends_with("\r\nConnection: keep-alive\r\n\r\n"));
        }
    }
}

BOOST_AUTO_TEST_CASE(data_is_never_kept_and_files_are_asked_for_again) {
    http_reply data;
    data.made = "12345";
    const auto fresh = head_of(data, false, noon);
    BOOST_TEST(has(fresh, "Cache-Control: no-store"));
    BOOST_TEST(has(fresh, "Content-Length: 5"));
    BOOST_TEST(fresh.ends_with("\r\nConnection: close\r\n\r\n"));
    http_reply file;
    file.fixed = "123";
    file.etag = "\"tag\"";
    const auto kept = head_of(file, true, noon);
    BOOST_TEST(has(kept, "Cache-Control: no-cache"));
    BOOST_TEST(has(kept, "ETag: \"tag\""));
    BOOST_TEST(has(kept, "Content-Length: 3"));
    file.status = 304;
    BOOST_TEST(head_of(file, true, noon).find("Content-Length") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_becomes_one_line_of_an_event) {
    BOOST_TEST(to_event("status", "{\n  \"a\": \"b  c\",\n  \"d\": [\n    1\n  ]\n}\n") ==
               "event: status\ndata: {\"a\": \"b  c\",\"d\": [1]}\n\n");
    BOOST_TEST(to_event("x", "") == "event: x\ndata: \n\n");
}

BOOST_AUTO_TEST_SUITE_END()
