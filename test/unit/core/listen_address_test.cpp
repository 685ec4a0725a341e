#include "core/listen_address.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(listen_address_test)

BOOST_AUTO_TEST_CASE(what_is_read_is_written_again) {
    for (const std::string text : {"127.0.0.1:9464", "[::1]:0", "[fe80::1]:65535", "localhost:80",
                                   "unix:/run/kycd/admin", "kyc.example.com:9464"}) {
        const auto read = parse_listen_address(text);
        BOOST_REQUIRE(read.has_value());
        BOOST_TEST(to_string(*read) == text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_none) {
    for (const std::string text : {"", ":", ":80", "localhost", "localhost:", "localhost:x", "localhost:65536",
                                   "localhost:-1", "localhost:80 ", "::1:80", "unix:", "unix:run", "[]:80"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!parse_listen_address(text).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(only_this_machine_gets_to_the_loopback_and_to_files) {
    for (const std::string text : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "localhost:1",
                                   "LOCALHOST:1", "unix:/run/x"})
        BOOST_TEST(is_private(parse_listen_address(text).value()));
    for (const std::string text :
         {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1", "[::ffff:127.0.0.1]:1", "[::2]:1", "localhost.example:1",
          "localhost.:1", "127.1:1", "0x7f000001:1", "kyc:1"})
        BOOST_TEST(!is_private(parse_listen_address(text).value()));
}

BOOST_AUTO_TEST_SUITE_END()
