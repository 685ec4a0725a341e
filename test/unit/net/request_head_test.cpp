#include "net/request_head.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace kyc::net {
namespace {

BOOST_AUTO_TEST_SUITE(request_heads)

BOOST_AUTO_TEST_CASE(a_get_has_the_usual_headers_and_no_length) {
    http_request request("GET", "/api/v3/services/task/?id=7");
    request.headers.emplace_back("Authorization", "Bearer x.y");
    BOOST_TEST(request_head(request, "host:8443", "kycd/1", 0) == "GET /api/v3/services/task/?id=7 HTTP/1.1\r\n"
                                                                  "Host: host:8443\r\n"
                                                                  "User-Agent: kycd/1\r\n"
                                                                  "Accept: application/json\r\n"
                                                                  "Accept-Encoding: identity\r\n"
                                                                  "Accept-Language: en\r\n"
                                                                  "Authorization: Bearer x.y\r\n"
                                                                  "\r\n");
}

BOOST_AUTO_TEST_CASE(a_post_always_has_a_length) {
    const auto head = request_head(http_request("POST", "/"), "host", "kycd/1", 0);
    BOOST_TEST(head.find("\r\nContent-Length: 0\r\n") != std::string::npos);
    const auto long_head = request_head(http_request("POST", "/"), "host", "kycd/1", 5'000'000'000);
    BOOST_TEST(long_head.find("\r\nContent-Length: 5000000000\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_could_inject_a_header_is_refused_without_repeating_the_value) {
    struct row {
        const char* method;
        std::string target;
        std::string name;
        std::string value;
    };

    using namespace std::string_literals;
    for (const auto& [method, target, name, value] : {
             row{"PUT", "/", "A", "hunter2"},
             row{"GET /x", "/", "A", "hunter2"},
             row{"GET", "", "A", "hunter2"},
             row{"GET", "x", "A", "hunter2"},
             row{"GET", "/a b", "A", "hunter2"},
             row{"GET", "/a\r\nB: c", "A", "hunter2"},
             row{"GET", "/a\0b"s, "A", "hunter2"},
             row{"GET", "/\xc3\xa4", "A", "hunter2"},
             row{"GET", "/", "", "hunter2"},
             row{"GET", "/", "A b", "hunter2"},
             row{"GET", "/", "A:", "hunter2"},
             row{"GET", "/", "A\r\nB", "hunter2"},
             row{"GET", "/", "A", "hunter2\r\nB: c"},
             row{"GET", "/", "A", "hunter2\n"},
             row{"GET", "/", "A", "hunter2\0"s},
             row{"GET", "/", "Host", "hunter2"},
             row{"GET", "/", "content-LENGTH", "1"},
             row{"GET", "/", "Transfer-Encoding", "chunked"},
             row{"GET", "/", "Expect", "100-continue"},
         }) {
        BOOST_TEST_CONTEXT(method << " " << target << " " << name) {
            http_request request(method, target);
            request.headers.emplace_back(name, value);
            const auto silent = [](const std::logic_error& error) {
                return std::string(error.what()).find("hunter2") == std::string::npos;
            };
            BOOST_CHECK_EXCEPTION((void)request_head(request, "host", "kycd/1", 0), std::logic_error, silent);
        }
    }
    BOOST_CHECK_THROW((void)request_head(http_request("GET", "/"), "host", "kycd/1", 1), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
