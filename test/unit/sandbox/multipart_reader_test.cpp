#include "sandbox/multipart_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc::sandbox;

BOOST_AUTO_TEST_SUITE(multipart_reader)

namespace {

const std::string type = "multipart/form-data; boundary=XyZ";

std::string file(const std::string& name, const std::string& filename, const std::string& bytes) {
    return "--XyZ\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + filename +
           "\"\r\nContent-Type: image/png\r\n\r\n" + bytes + "\r\n";
}

std::string text(const std::string& name, const std::string& value) {
    return "--XyZ\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

} // namespace

BOOST_AUTO_TEST_CASE(files_and_texts_come_apart_with_their_bytes_untouched) {
    const std::string bytes("\r\n--Xy\0\r\n--", 11);
    const auto body = file("front_id", "front.png", bytes) + text("extend_data", "true") + "--XyZ--\r\n";
    const auto read = read_multipart(type, body);
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE_EQUAL(read->parts.size(), 2U);
    BOOST_TEST((read->parts[0].bytes == bytes));
    BOOST_TEST(*read->parts[0].filename == "front.png");
    BOOST_TEST((read->find("extend_data")->bytes == "true"));
    BOOST_TEST(!read->find("extend_data")->filename.has_value());
    BOOST_TEST(read->find("back_id") == nullptr);
}

BOOST_AUTO_TEST_CASE(of_a_repeated_field_the_last_one_counts) {
    const auto body = text("uuid", "first") + text("uuid", "second") + "--XyZ--";
    const auto read = read_multipart(type, body);
    BOOST_TEST((read->find("uuid")->bytes == "second"));
}

BOOST_AUTO_TEST_CASE(an_empty_file_name_makes_a_text_and_directories_are_stripped) {
    const auto body = file("a", "", "x") + file("b", "C:\\\\scans/left\\\\id.jpg", "y") + "--XyZ--";
    const auto read = read_multipart(type, body);
    BOOST_TEST(!read->find("a")->filename.has_value());
    BOOST_TEST(*read->find("b")->filename == "id.jpg");
}

BOOST_AUTO_TEST_CASE(a_body_that_ends_early_leaves_its_last_part_cut) {
    const auto body = text("a", "whole") + "--XyZ\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\ncut he";
    const auto read = read_multipart(type, body);
    BOOST_TEST((read->find("a")->bytes == "whole"));
    BOOST_TEST((read->find("b")->bytes == "cut he"));
}

BOOST_AUTO_TEST_CASE(a_longer_boundary_is_not_ours) {
    const std::string body = "--XyZ2\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--XyZ2--\r\n";
    const auto read = read_multipart(type, body);
    BOOST_TEST(read->parts.empty());
}

BOOST_AUTO_TEST_CASE(empty_parts_and_an_empty_form_are_read) {
    const auto empty_value = text("a", "") + "--XyZ--";
    BOOST_TEST(read_multipart(type, empty_value)->find("a")->bytes.empty());
    BOOST_TEST(read_multipart(type, "--XyZ--\r\n")->parts.empty());
    BOOST_TEST(read_multipart(type, "no delimiter at all")->parts.empty());
}

BOOST_AUTO_TEST_CASE(a_part_with_more_than_1024_bytes_of_headers_is_lost) {
    const auto body = file("a", std::string(1100, 'n') + ".png", "x") + text("b", "kept") + "--XyZ--";
    const auto read = read_multipart(type, body);
    BOOST_TEST(read->find("a") == nullptr);
    BOOST_TEST((read->find("b")->bytes == "kept"));
}

BOOST_AUTO_TEST_CASE(a_missing_or_impossible_boundary_is_a_parse_error) {
    BOOST_TEST(read_multipart("multipart/form-data", "x").error() ==
               "Multipart form parse error - Invalid boundary in multipart: None");
    BOOST_TEST(read_multipart("multipart/form-data; boundary=", "x").has_error());
    BOOST_TEST(read_multipart("multipart/form-data; boundary=\"a\tb\"", "x").has_error());
    const std::string quoted = "multipart/form-data; charset=utf-8; Boundary=\"XyZ\"";
    const auto body = text("a", "1") + "--XyZ--";
    BOOST_TEST((read_multipart(quoted, body)->find("a")->bytes == "1"));
}

BOOST_AUTO_TEST_SUITE_END()
