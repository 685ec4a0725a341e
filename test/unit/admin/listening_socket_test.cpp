#include "admin/listening_socket.hpp"
#include "http_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sys/stat.h>

using namespace kyc;
using kyc::admin::listening_socket;
using kyc::test::http_client;

namespace {

struct socket_world {
    test::temporary_folder folder;
    listen_address where{parse_listen_address("unix:" + (folder.path() / "admin").string()).value()};

    [[nodiscard]] mode_t mode() const {
        struct stat file {};

        BOOST_REQUIRE(::lstat(where.path.c_str(), &file) == 0);
        BOOST_TEST(S_ISSOCK(file.st_mode));
        return file.st_mode & 07777u;
    }

    [[nodiscard]] bool exists() const { return std::filesystem::exists(std::filesystem::symlink_status(where.path)); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(listening_socket_test, socket_world)

BOOST_AUTO_TEST_CASE(a_socket_file_is_its_owners_and_goes_with_the_socket) {
    {
        auto opened = listening_socket::open(where, {});
        BOOST_REQUIRE(opened.has_value());
        BOOST_TEST(mode() == 0600u);
        const http_client connects(where);
        auto moved = std::move(*opened);
        BOOST_TEST(exists());
    }
    BOOST_TEST(!exists());
}

BOOST_AUTO_TEST_CASE(a_group_may_use_it_if_there_is_one) {
    const auto opened = listening_socket::open(where, ::getegid());
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(mode() == 0660u);
}

BOOST_AUTO_TEST_CASE(what_a_killed_daemon_left_is_replaced) {
    {
        const fs::unique_fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        where.path.copy(address.sun_path, sizeof address.sun_path - 1);
        BOOST_REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    BOOST_REQUIRE(exists());
    const auto opened = listening_socket::open(where, {});
    BOOST_REQUIRE(opened.has_value());
    const http_client connects(where);
}

BOOST_AUTO_TEST_CASE(another_daemons_socket_is_left_alone) {
    const auto first = listening_socket::open(where, {});
    BOOST_REQUIRE(first.has_value());
    const auto second = listening_socket::open(where, {});
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().code.value() == EADDRINUSE);
    BOOST_TEST(exists());
    const http_client connects(where);
}

BOOST_AUTO_TEST_CASE(anything_else_of_that_name_is_refused_and_kept) {
    std::ofstream(where.path) << "precious";
    const auto opened = listening_socket::open(where, {});
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().message().find("does not remove") != std::string::npos);
    BOOST_TEST(std::filesystem::file_size(where.path) == 8u);
    std::filesystem::remove(where.path);
    std::filesystem::create_symlink("/etc/passwd", where.path);
    BOOST_TEST(!listening_socket::open(where, {}).has_value());
    BOOST_TEST(exists());
}

BOOST_AUTO_TEST_CASE(a_file_that_somebody_put_in_its_place_stays) {
    {
        const auto opened = listening_socket::open(where, {});
        BOOST_REQUIRE(opened.has_value());
        std::filesystem::remove(where.path);
        std::ofstream(where.path) << "precious";
    }
    BOOST_TEST(exists());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_missing_is_said) {
    where.path = (folder.path() / "no/such/admin").string();
    const auto opened = listening_socket::open(where, {});
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().code.value() == ENOENT);
}

BOOST_AUTO_TEST_CASE(port_0_is_any_that_is_free) {
    const auto one = listening_socket::open(parse_listen_address("127.0.0.1:0").value(), {});
    const auto two = listening_socket::open(parse_listen_address("localhost:0").value(), {});
    BOOST_REQUIRE((one.has_value() && two.has_value()));
    BOOST_TEST(one->address().port != 0);
    BOOST_TEST(one->address().port != two->address().port);
    BOOST_TEST(to_string(two->address()) == "127.0.0.1:" + std::to_string(two->address().port));
    const http_client connects(two->address());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_a_fault) {
    const auto one = listening_socket::open(parse_listen_address("127.0.0.1:0").value(), {});
    BOOST_REQUIRE(one.has_value());
    const auto two = listening_socket::open(one->address(), {});
    BOOST_REQUIRE(!two.has_value());
    BOOST_TEST(two.error().code.value() == EADDRINUSE);
}

BOOST_AUTO_TEST_CASE(a_name_that_nobody_has_is_a_fault) {
    const auto opened = listening_socket::open(parse_listen_address("no-such-host.invalid:0").value(), {});
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().message().find("no-such-host.invalid") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
