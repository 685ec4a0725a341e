#include "image/content_kind.hpp"
#include "image/gate.hpp"
#include "pictures.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(content_kind)

BOOST_AUTO_TEST_CASE(what_is_not_an_image_is_named) {
    struct row {
        std::string_view start;
        std::string_view finding;
    };

    const row rows[] = {
        {"%PDF-1.7\n", "this is a PDF document"},
        {"GIF89a\1\1", "this is a GIF image"},
        {"GIF87a", "this is a GIF image"},
        {"RIFF\x10\0\0\0WEBPVP8 "sv, "this is a WEBP image"},
        {"BM\x36\0\0\0"sv, "this is a BMP image"},
        {"II*\0\x08\0\0\0"sv, "this is a TIFF image"},
        {"MM\0*\0\0\0\x08"sv, "this is a TIFF image"},
        {"\0\0\0\x18"
         "ftypheic\0\0"sv,
         "this is a HEIC image"},
        {"\0\0\0\x18"
         "ftypmif1\0\0"sv,
         "this is a HEIC image"},
        {"\0\0\0\x1c"
         "ftypavif\0\0"sv,
         "this is an AVIF image"},
        {"\0\0\0\x18"
         "ftypmp42\0\0"sv,
         "this is a video or audio file"},
        {"PK\x03\x04\x14"sv, "this is a ZIP archive or an office document"},
        {"<html><body>login", "this is an HTML page"},
        {"front side, see mail", "this is a text file"},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "this is a file that begins with nothing but zero bytes"},
        {"\x01\x02\x03\x99", "this is not a picture in a known format"},
        {"\xFF\xD8", "this is not a picture in a known format"}, // too short to be known as a JPEG
    };
    for (const auto& row : rows) {
        const auto checked = kyc::image::check_image(kyc::test::to_bytes(row.start));
        BOOST_TEST_CONTEXT(row.finding) {
            BOOST_TEST_REQUIRE(checked.has_error());
            BOOST_TEST((checked.error().code == kyc::failure_code::not_an_image));
            BOOST_TEST(checked.error().finding == row.finding);
            BOOST_TEST(checked.error().rule == "the API takes JPEG and PNG images");
        }
    }
}

BOOST_AUTO_TEST_CASE(the_two_good_kinds_are_known_by_their_first_bytes) {
    using kyc::image::guess_content;
    BOOST_TEST((guess_content(kyc::test::make_jpeg()).kind == kyc::image::content_kind::jpeg));
    BOOST_TEST((guess_content(kyc::test::make_png()).kind == kyc::image::content_kind::png));
}

BOOST_AUTO_TEST_CASE(a_format_only_counts_at_its_place) {
    const auto guess = kyc::image::guess_content(kyc::test::to_bytes("see the enclosed %PDF-1.7"));
    BOOST_TEST(guess.name == "a text file");
}

BOOST_AUTO_TEST_SUITE_END()
