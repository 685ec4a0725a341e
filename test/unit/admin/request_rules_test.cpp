#include "admin/request_rules.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::admin;

namespace {

constexpr const char* token = "correct-horse-battery";

access_rules on_loopback() {
    return {true, {}};
}

access_rules with_token() {
    return {false, secret(std::string(token))};
}

request_head asking(const std::string& method, const std::string& target, const std::string& host = "localhost:9464") {
    request_head head;
    head.method = method;
    head.target = target;
    head.hosts = {host};
    return head;
}

int status_of(const request_head& head, const access_rules& rules) {
    const auto no = refuse(head, rules);
    return no ? no->status : 200;
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_rules_test)

BOOST_AUTO_TEST_CASE(looking_is_allowed_and_nothing_else) {
    for (const std::string method : {"GET", "HEAD"})
        BOOST_TEST(status_of(asking(method, "/"), on_loopback()) == 200);
    for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "PRI"}) {
        BOOST_TEST_CONTEXT(method) {
            const auto no = refuse(asking(method, "/"), on_loopback());
            BOOST_REQUIRE(no.has_value());
            BOOST_TEST(no->status == 405);
            BOOST_TEST(no->headers.at(0) == "Allow: GET, HEAD");
        }
    }
}

BOOST_AUTO_TEST_CASE(on_the_loopback_only_names_of_this_machine_are_answered) {
    for (const std::string host : {"localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:9464", "127.8.8.8:80", "[::1]",
                                   "[::1]:9464", " localhost "}) {
        BOOST_TEST_CONTEXT(host) {
            BOOST_TEST(status_of(asking("GET", "/", host), on_loopback()) == 200);
        }
    }
    for (const std::string host : {"kyc.example", "localhost.evil.example", "localhost.", "127.0.0.1.evil.example",
                                   "127.0.0.1@evil.example", "evil.example:9464", "0.0.0.0", "[::]", "10.0.0.1", "",
                                   ":9464", "[::1", "2130706433", "[::ffff:127.0.0.1]"}) {
        BOOST_TEST_CONTEXT(host) {
            BOOST_TEST(status_of(asking("GET", "/", host), on_loopback()) == 421);
            BOOST_TEST(status_of(asking("GET", "/", host), {false, {}}) == 200); // a unix socket
        }
    }
}

BOOST_AUTO_TEST_CASE(a_request_has_one_host) {
    auto two = asking("GET", "/");
    two.hosts.emplace_back("localhost");
    BOOST_TEST(status_of(two, on_loopback()) == 400);
    auto none = asking("GET", "/");
    none.hosts.clear();
    BOOST_TEST(status_of(none, on_loopback()) == 400);
    none.version = 10; // had no such header
    BOOST_TEST(status_of(none, on_loopback()) == 200);
}

BOOST_AUTO_TEST_CASE(the_token_is_asked_for_before_anything_is_told) {
    for (const auto& head : {asking("GET", "/metrics"), asking("POST", "/"), asking("GET", "nonsense")}) {
        const auto no = refuse(head, with_token());
        BOOST_REQUIRE(no.has_value());
        BOOST_TEST(no->status == 401);
        BOOST_TEST(no->headers.at(0).starts_with("WWW-Authenticate: Basic realm=\"kycd\""));
        BOOST_TEST(no->why.find(token) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_bearer_or_the_password_of_any_user_shows_the_token) {
    const secret right{std::string(token)};
    // base64 of ":t", "admin:t", "a:b:t" with t the token, and with a wrong one
    for (const std::string shown :
         {"Bearer correct-horse-battery", "bearer   correct-horse-battery ",
          "Basic OmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==", "basic YWRtaW46Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}) {
        BOOST_TEST_CONTEXT(shown) {
            BOOST_TEST(shows_token(shown, right));
            auto head = asking("GET", "/", "anything.example");
            head.authorizations = {shown};
            BOOST_TEST(status_of(head, with_token()) == 200);
            head.authorizations.push_back(shown);
            BOOST_TEST(status_of(head, with_token()) == 401); // two are none
        }
    }
    for (const std::string shown :
         {"", " ", "Bearer", "Bearer ", "Bearer correct-horse-batterx", "Bearer correct-horse-battery2",
          "Bearer correct", "Token correct-horse-battery", "correct-horse-battery", "Basic", "Basic ***",
          "Basic Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", "Basic YWRtaW46",
          "Basic YTpiOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==", "Digest correct-horse-battery"}) {
        BOOST_TEST_CONTEXT(shown) {
            BOOST_TEST(!shows_token(shown, right));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_body_is_not_taken) {
    auto head = asking("GET", "/");
    head.has_body = true;
    BOOST_TEST(status_of(head, on_loopback()) == 400);
}

BOOST_AUTO_TEST_CASE(the_path_is_what_stands_before_the_query) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"/", "/"},
        {"/status.json?since=1#x", "/status.json"},
        {"/a?b/c", "/a"},
        {"http://localhost:9464/metrics?x", "/metrics"},
        {"http://localhost", "/"},
        {"https://localhost/metrics", "https://localhost/metrics"},
        {"*", "*"},
        {"", ""},
    };
    for (const auto& [target, path] : table)
        BOOST_TEST(path_of(target) == path);
    for (const std::string target : {"*", "", "metrics", "localhost:80", "ftp://localhost/"})
        BOOST_TEST(status_of(asking("GET", target), on_loopback()) == 400);
}

BOOST_AUTO_TEST_CASE(if_none_match_may_be_a_list) {
    for (const std::string list : {"\"a\"", "W/\"a\"", "\"x\", \"a\"", "\"x\" ,W/\"a\" , \"y\"", "*"})
        BOOST_TEST(names_tag(list, "\"a\""));
    for (const std::string list : {"", "a", "\"A\"", "\"x\"", ",", "W/\"\""})
        BOOST_TEST(!names_tag(list, "\"a\""));
}

BOOST_AUTO_TEST_SUITE_END()
