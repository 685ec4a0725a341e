#include "net/proxy.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace kyc::net {
namespace {

using variables = std::map<std::string, std::string>;

std::string chosen(const variables& environment, std::string_view host, std::uint16_t port = 443) {
    const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    };
    return proxy_from_environment(host, lookup, port).value_or("direct");
}

BOOST_AUTO_TEST_SUITE(proxy_choice)

BOOST_AUTO_TEST_CASE(the_environment_names_the_proxy_and_lower_case_goes_first) {
    BOOST_TEST(chosen({}, "host") == "direct");
    BOOST_TEST(chosen({{"HTTPS_PROXY", "http://p:1"}}, "host") == "http://p:1");
    BOOST_TEST(chosen({{"https_proxy", " http://q:2 "}, {"HTTPS_PROXY", "http://p:1"}}, "host") == "http://q:2");
    BOOST_TEST(chosen({{"https_proxy", ""}, {"HTTPS_PROXY", "http://p:1"}}, "host") == "direct");
    BOOST_TEST(chosen({{"http_proxy", "http://p:1"}}, "host") == "direct");
    BOOST_TEST(chosen({{"https_proxy", "p"}, {"NO_PROXY", "host"}}, "host") == "direct");
    BOOST_TEST(chosen({{"https_proxy", "p"}, {"no_proxy", "other"}, {"NO_PROXY", "host"}}, "host") == "p");
}

BOOST_AUTO_TEST_CASE(no_proxy_lists_what_goes_directly) {
    struct row {
        const char* list;
        const char* host;
        std::uint16_t port;
        bool direct;
    };

    for (const auto& expected : {
             row{"*", "anything", 443, true},
             row{"progeny.tech", "progeny.tech", 443, true},
             row{"progeny.tech", "be.progeny.tech", 443, true},
             row{"progeny.tech", "notprogeny.tech", 443, false},
             row{".progeny.tech", "be.progeny.tech", 443, true},
             row{".progeny.tech", "progeny.tech", 443, true},
             row{"*.progeny.tech", "be.progeny.tech", 443, true},
             row{"be.progeny.tech", "progeny.tech", 443, false},
             row{"a.example, , PROGENY.Tech", "Be.Progeny.tech", 443, true},
             row{"progeny.tech", "progeny.tech.", 443, true},
             row{"progeny.tech:443", "progeny.tech", 443, true},
             row{"progeny.tech:8443", "progeny.tech", 443, false},
             row{"progeny.tech:8443", "progeny.tech", 8443, true},
             row{"127.0.0.1", "127.0.0.1", 443, true},
             row{"0.0.1", "127.0.0.1", 443, false},
             row{"::1", "::1", 443, true},
             row{"[::1]:443", "::1", 443, true},
             row{"[::1]:444", "::1", 443, false},
             row{"0:0:0:0:0:0:0:1", "::1", 443, true},
             row{"", "host", 443, false},
             row{",,", "host", 443, false},
         }) {
        BOOST_TEST_CONTEXT(expected.list << " for " << expected.host << ":" << expected.port) {
            const variables environment{{"https_proxy", "p"}, {"no_proxy", expected.list}};
            BOOST_TEST((chosen(environment, expected.host, expected.port) == "direct") == expected.direct);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_is_taken_apart) {
    struct row {
        const char* text;
        const char* host;
        int port;
        const char* authorization;
    };

    for (const auto& expected : {
             row{"http://proxy.example:3128", "proxy.example", 3128, ""},
             row{"proxy.example:3128/", "proxy.example", 3128, ""},
             row{"HTTP://[::1]:8", "::1", 8, ""},
             row{"http://proxy", "proxy", 80, ""},
             row{"http://Aladdin:open%20sesame@proxy:1", "proxy", 1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
             row{"http://user:p%40ss@proxy:1", "proxy", 1, "Basic dXNlcjpwQHNz"},
             row{"http://user:p@ss@proxy:1", "proxy", 1, "Basic dXNlcjpwQHNz"},
             row{"http://user@proxy:1", "proxy", 1, "Basic dXNlcjo="},
         }) {
        BOOST_TEST_CONTEXT(expected.text) {
            const auto found = parse_proxy(expected.text);
            BOOST_REQUIRE(found.has_value());
            BOOST_TEST(found->host == expected.host);
            BOOST_TEST(found->port == expected.port);
            BOOST_TEST(found->authorization.reveal() == expected.authorization);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_bad_proxy_is_refused_without_repeating_its_password) {
    for (const auto* text :
         {"https://user:hunter2@proxy:1", "socks5://user:hunter2@proxy:1", "http://user:hunter2%zz@proxy:1",
          "http://user:hunter2@:1", "http://user:hunter2@proxy:hunter2", "http://us%3Aer:hunter2@proxy",
          "http://user:hunter2%4@proxy", "", "http://", "http://proxy:1/path"}) {
        BOOST_TEST_CONTEXT(text) {
            const auto found = parse_proxy(text);
            BOOST_REQUIRE(found.has_error());
            BOOST_TEST(!found.error().empty());
            BOOST_TEST(found.error().find("hunter2") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
