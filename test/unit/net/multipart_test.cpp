#include "net/multipart.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <stdexcept>

namespace kyc::net {
namespace {

std::string joined(const multipart_form& form) {
    std::string text;
    for (const auto& buffer : form.buffers())
        text.append(static_cast<const char*>(buffer.data()), buffer.size());
    return text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

BOOST_AUTO_TEST_SUITE(multipart)

BOOST_AUTO_TEST_CASE(a_form_reads_as_rfc_7578_says) {
    const std::string image = "\xff\xd8 bytes\r\n";
    multipart_form form("BOUNDARY");
    form.add_file("front_id", "front_id.jpg", "image/jpeg", bytes_of(image));
    form.add_text("extend_data", "true");
    const std::string expected = "--BOUNDARY\r\n"
                                 "Content-Disposition: form-data; name=\"front_id\"; filename=\"front_id.jpg\"\r\n"
                                 "Content-Type: image/jpeg\r\n"
                                 "\r\n"
                                 "\xff\xd8 bytes\r\n"
                                 "\r\n"
                                 "--BOUNDARY\r\n"
                                 "Content-Disposition: form-data; name=\"extend_data\"\r\n"
                                 "\r\n"
                                 "true\r\n"
                                 "--BOUNDARY--\r\n";
    BOOST_TEST(joined(form) == expected);
    BOOST_TEST(form.size() == expected.size());
    BOOST_TEST(form.content_type() == "multipart/form-data; boundary=BOUNDARY");
}

BOOST_AUTO_TEST_CASE(an_empty_form_is_its_last_delimiter) {
    BOOST_TEST(joined(multipart_form("B")) == "--B--\r\n");
}

BOOST_AUTO_TEST_CASE(file_bytes_are_referred_to_and_not_copied) {
    const std::string image(1 << 20, 'x');
    multipart_form form("B");
    form.add_text("a", "b");
    form.add_file("image", "image.png", "image/png", bytes_of(image));
    bool referred = false;
    for (const auto& buffer : form.buffers())
        referred |= buffer.data() == image.data() && buffer.size() == image.size();
    BOOST_TEST(referred);
}

BOOST_AUTO_TEST_CASE(buffers_stay_valid_while_many_parts_are_added) {
    multipart_form form("B");
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        const auto n = std::to_string(i);
        form.add_text("n" + n, n);
        expected += "--B\r\nContent-Disposition: form-data; name=\"n" + n + "\"\r\n\r\n" + n + "\r\n";
    }
    BOOST_TEST(joined(form) == expected + "--B--\r\n");
}

BOOST_AUTO_TEST_CASE(names_cannot_break_out_of_their_quotes) {
    multipart_form form("B");
    form.add_file("a\"b", "c\r\nX: y\"; q=\"\xc3\xa4.png", "image/png", {});
    form.add_text("x\ny", "v");
    const auto text = joined(form);
    BOOST_TEST(text.find("name=\"a%22b\"; filename=\"c%0D%0AX: y%22; q=%22\xc3\xa4.png\"\r\n") != std::string::npos);
    BOOST_TEST(text.find("name=\"x%0Ay\"\r\n") != std::string::npos);
    BOOST_CHECK_THROW(form.add_file("a", "b", "image/png\r\nX: y", {}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_header_block_that_django_would_refuse_is_never_made) {
    multipart_form form("B");
    form.add_text(std::string(900, 'n'), "v");
    BOOST_CHECK_THROW(form.add_text(std::string(1000, 'n'), "v"), std::length_error);
    BOOST_CHECK_THROW(form.add_file("f", std::string(1000, '"'), "image/png", {}), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_boundary_has_to_be_one) {
    for (const auto& bad :
         {std::string(), std::string("a b"), std::string("a\r\nb"), std::string("a\"b"), std::string(71, 'a')})
        BOOST_CHECK_THROW(multipart_form{bad}, std::logic_error);
    BOOST_TEST(multipart_form("a:b").content_type() == "multipart/form-data; boundary=\"a:b\"");
}

BOOST_AUTO_TEST_CASE(random_boundaries_differ_and_are_usable) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto boundary = random_boundary();
        BOOST_REQUIRE_EQUAL(boundary.size(), 37u);
        BOOST_REQUIRE_NO_THROW(multipart_form{boundary});
        seen.insert(boundary);
    }
    BOOST_TEST(seen.size() == 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
