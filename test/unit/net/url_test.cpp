#include "net/url.hpp"

#include <boost/test/unit_test.hpp>

namespace kyc::net {
namespace {

BOOST_AUTO_TEST_SUITE(url_parsing)

BOOST_AUTO_TEST_CASE(an_https_url_is_taken_apart) {
    struct row {
        const char* text;
        const char* host;
        int port;
        const char* path;
    };

    for (const auto& expected : {
             row{"https://be.progeny.tech/api/v3", "be.progeny.tech", 443, "/api/v3"},
             row{"https://be.progeny.tech/api/v3///", "be.progeny.tech", 443, "/api/v3"},
             row{"HTTPS://BE.Progeny.Tech:8443/API", "be.progeny.tech", 8443, "/API"},
             row{"https://localhost", "localhost", 443, ""},
             row{"https://localhost/", "localhost", 443, ""},
             row{"https://127.0.0.1:1/x", "127.0.0.1", 1, "/x"},
             row{"https://[::1]:65535/x", "::1", 65535, "/x"},
             row{"https://[2001:DB8::1]", "2001:db8::1", 443, ""},
         }) {
        BOOST_TEST_CONTEXT(expected.text) {
            const auto found = parse_https_url(expected.text);
            BOOST_REQUIRE(found.has_value());
            BOOST_TEST(found->host == expected.host);
            BOOST_TEST(found->port == expected.port);
            BOOST_TEST(found->path == expected.path);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_plain_https_url_is_refused_with_the_reason) {
    struct row {
        const char* text;
        const char* reason;
    };

    for (const auto& expected : {
             row{"", "not a URL"},
             row{"be.progeny.tech/api", "not a URL"},
             row{"http://be.progeny.tech", "in the clear"},
             row{"ftp://be.progeny.tech", "only https"},
             row{"https://", "host is missing"},
             row{"https:///api", "host is missing"},
             row{"https://:443", "host is missing"},
             row{"https://user@host/", "user name"},
             row{"https://user:hunter2@host/", "user name"},
             row{"https://host/?a=b", "query"},
             row{"https://host?a=b", "query"},
             row{"https://host/#top", "fragment"},
             row{"https://host:/", "port"},
             row{"https://host:0", "port"},
             row{"https://host:65536", "port"},
             row{"https://host:44x", "port"},
             row{"https://ho st/", "character"},
             row{"https://h\xc3\xb6st/", "character"},
             row{"https://host%41/", "character"},
             row{"https://host/a b", "percent-encode"},
             row{"https://host/a\r\nX: y", "percent-encode"},
             row{"https://[::1", "not closed"},
             row{"https://[host]/", "IPv6"},
             row{"https://[127.0.0.1]/", "IPv6"},
             row{"https://[::1]443/", "port"},
             row{"https://::1/", "host is missing"},
         }) {
        BOOST_TEST_CONTEXT(expected.text) {
            const auto found = parse_https_url(expected.text);
            BOOST_REQUIRE(found.has_error());
            BOOST_TEST(found.error().find(expected.reason) != std::string::npos, found.error());
            BOOST_TEST(found.error().find("hunter2") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_authority_leaves_the_usual_port_out_and_brackets_ipv6) {
    BOOST_TEST(to_authority("host", 443, 443) == "host");
    BOOST_TEST(to_authority("host", 8443, 443) == "host:8443");
    BOOST_TEST(to_authority("::1", 443, 443) == "[::1]");
    BOOST_TEST(to_authority("::1", 443) == "[::1]:443");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
