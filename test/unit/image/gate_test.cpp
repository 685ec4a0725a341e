#include "image/gate.hpp"
#include "pictures.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using kyc::failure_code;
using kyc::image::check_image;
using kyc::image::image_type;
using kyc::test::bytes;
using kyc::test::jpeg_options;
using kyc::test::make_jpeg;
using kyc::test::make_png;
using kyc::test::png_options;

namespace {

void expect_accepted(const bytes& file, image_type type, std::uint32_t width, std::uint32_t height) {
    const auto checked = check_image(file);
    if (checked.has_error()) BOOST_ERROR(checked.error().finding);
    BOOST_TEST_REQUIRE(checked.has_value());
    BOOST_TEST((checked->type == type));
    BOOST_TEST(checked->width == width);
    BOOST_TEST(checked->height == height);
}

void expect_refused(const bytes& file, failure_code code, std::string_view finding, std::string_view rule) {
    const auto checked = check_image(file);
    BOOST_TEST_REQUIRE(checked.has_error());
    BOOST_TEST(kyc::to_string(checked.error().code) == kyc::to_string(code));
    BOOST_TEST(checked.error().finding == finding);
    BOOST_TEST(checked.error().rule == rule);
}

constexpr std::string_view size_rule = "each side must have 480 to 4096 pixels";
constexpr std::string_view whole_rule = "the picture must be whole and decode to its last row";

} // namespace

BOOST_AUTO_TEST_SUITE(gate)

BOOST_AUTO_TEST_CASE(every_kind_of_jpeg_passes) {
    for (const int channels : {1, 3, 4})
        for (const bool progressive : {false, true})
            for (const bool arithmetic : {false, true}) {
                const jpeg_options options{.width = 641,
                                           .height = 487,
                                           .channels = channels,
                                           .progressive = progressive,
                                           .arithmetic = arithmetic};
                BOOST_TEST_CONTEXT(channels << " channels, progressive " << progressive << ", arithmetic "
                                            << arithmetic)
                expect_accepted(make_jpeg(options), image_type::jpeg, 641, 487);
            }
}

BOOST_AUTO_TEST_CASE(every_kind_of_png_passes) {
    struct row {
        int colour;
        int depth;
    };

    constexpr row rows[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                            {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
    for (const auto& row : rows)
        for (const bool interlaced : {false, true}) {
            const png_options options{
                .width = 487, .height = 501, .colour = row.colour, .depth = row.depth, .interlaced = interlaced};
            BOOST_TEST_CONTEXT("colour " << row.colour << ", depth " << row.depth << ", interlaced " << interlaced)
            expect_accepted(make_png(options), image_type::png, 487, 501);
        }
}

BOOST_AUTO_TEST_CASE(the_smallest_and_the_largest_picture_pass) {
    expect_accepted(make_jpeg({.width = 480, .height = 480}), image_type::jpeg, 480, 480);
    expect_accepted(make_jpeg({.width = 4096, .height = 480, .quality = 30}), image_type::jpeg, 4096, 480);
    expect_accepted(make_jpeg({.width = 480, .height = 4096, .progressive = true, .quality = 30}), image_type::jpeg,
                    480, 4096);
    expect_accepted(make_png({.width = 4096, .height = 480, .colour = 0, .depth = 1}), image_type::png, 4096, 480);
}

BOOST_AUTO_TEST_CASE(one_pixel_beyond_a_limit_is_refused_with_the_numbers) {
    using enum failure_code;
    expect_refused(make_jpeg({.width = 479, .height = 480}), image_too_small, "the picture has 479x480 pixels",
                   size_rule);
    expect_refused(make_jpeg({.width = 480, .height = 479, .progressive = true}), image_too_small,
                   "the picture has 480x479 pixels", size_rule);
    expect_refused(make_jpeg({.width = 480, .height = 4097, .quality = 20}), image_too_large,
                   "the picture has 480x4097 pixels", size_rule);
    expect_refused(make_png({.width = 300, .height = 300}), image_too_small, "the picture has 300x300 pixels",
                   size_rule);
    expect_refused(make_png({.width = 4097, .height = 480, .colour = 0, .depth = 1}), image_too_large,
                   "the picture has 4097x480 pixels", size_rule);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_named_as_such) {
    expect_refused({}, failure_code::not_an_image, "the file is empty", "the API takes JPEG and PNG images");
}

BOOST_AUTO_TEST_CASE(the_byte_limit_comes_first_and_is_exact) {
    // Bytes after the picture count too: they would be sent.
    auto file = make_jpeg();
    file.resize(2'000'000, std::byte{0});
    expect_accepted(file, image_type::jpeg, 480, 480);
    file.push_back(std::byte{0});
    expect_refused(file, failure_code::file_too_large, "the file has 2,000,001 bytes",
                   "at most 2,000,000 bytes (2 MB) are allowed");
    const bytes unknown(3'000'000, std::byte{0x55});
    expect_refused(unknown, failure_code::file_too_large, "the file has 3,000,000 bytes",
                   "at most 2,000,000 bytes (2 MB) are allowed");
}

BOOST_AUTO_TEST_CASE(a_jpeg_cut_at_ninety_percent_is_damaged) {
    for (const bool progressive : {false, true}) {
        auto file = make_jpeg({.width = 1440, .height = 1080, .progressive = progressive});
        file.resize(file.size() * 9 / 10);
        expect_refused(file, failure_code::image_damaged, "the file ends before the picture does", whole_rule);
    }
}

BOOST_AUTO_TEST_CASE(a_jpeg_without_its_end_mark_is_damaged) {
    for (const bool progressive : {false, true}) {
        auto file = make_jpeg({.progressive = progressive});
        file.resize(file.size() - 2);
        expect_refused(file, failure_code::image_damaged, "the file ends before the picture does", whole_rule);
    }
}

BOOST_AUTO_TEST_CASE(a_jpeg_whose_tail_was_never_written_is_damaged) {
    for (const bool progressive : {false, true}) {
        auto file = make_jpeg({.progressive = progressive});
        std::fill(file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2), file.end(), std::byte{0});
        const auto checked = check_image(file);
        BOOST_TEST_REQUIRE(checked.has_error());
        BOOST_TEST((checked.error().code == failure_code::image_damaged));
    }
}

BOOST_AUTO_TEST_CASE(what_a_camera_appends_after_the_end_mark_is_fine) {
    auto file = make_jpeg();
    kyc::test::append(file, make_jpeg({.width = 500}));
    kyc::test::append(file, kyc::test::to_bytes("maker's notes"));
    expect_accepted(file, image_type::jpeg, 480, 480);
    auto png = make_png();
    kyc::test::append(png, kyc::test::to_bytes("notes"));
    expect_accepted(png, image_type::png, 480, 480);
}

BOOST_AUTO_TEST_CASE(a_jpeg_that_lacks_a_colour_channel_is_damaged) {
    // Scan by scan a progressive file begins with the three channels' DC together; what follows are single channels.
    // Take a file whose frame says three channels and whose only scan is of one.
    auto grey = make_jpeg({.channels = 1});
    const auto sof = kyc::test::find_last_marker(grey, 0xC0);
    const std::byte more[] = {std::byte{2}, std::byte{0x11}, std::byte{0}, std::byte{3}, std::byte{0x11}, std::byte{0}};
    grey[sof + 3] = std::byte{17};
    grey[sof + 9] = std::byte{3};
    grey.insert(grey.begin() + static_cast<std::ptrdiff_t>(sof + 13), std::begin(more), std::end(more));
    expect_refused(grey, failure_code::image_damaged, "colour channel 2 of the JPEG has no data", whole_rule);
}

BOOST_AUTO_TEST_CASE(a_png_without_its_last_chunk_is_damaged) {
    auto file = make_png();
    file.resize(kyc::test::find_chunk(file, "IEND"));
    expect_refused(file, failure_code::image_damaged, "the file ends before the picture does", whole_rule);
}

BOOST_AUTO_TEST_CASE(a_png_with_a_wrong_checksum_is_damaged) {
    for (const std::string_view chunk : {"IHDR", "IDAT", "IEND"}) {
        auto file = make_png();
        const auto at = kyc::test::find_chunk(file, chunk);
        const auto length =
            (std::to_integer<std::size_t>(file[at + 2]) << 8U) + std::to_integer<std::size_t>(file[at + 3]);
        file[at + 8 + length] ^= std::byte{1};
        const auto checked = check_image(file);
        BOOST_TEST_CONTEXT(chunk) {
            BOOST_TEST_REQUIRE(checked.has_error());
            BOOST_TEST((checked.error().code == failure_code::image_damaged));
            BOOST_TEST(checked.error().finding.find("CRC") != std::string::npos, checked.error().finding);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_png_with_too_few_rows_is_damaged) {
    // The data of 480 rows under a header that promises 600; the checksums are right.
    const auto shorter = make_png({.height = 480});
    const auto taller = make_png({.height = 600});
    const auto data = static_cast<std::ptrdiff_t>(kyc::test::find_chunk(shorter, "IDAT"));
    bytes file(taller.begin(), taller.begin() + static_cast<std::ptrdiff_t>(kyc::test::find_chunk(taller, "IDAT")));
    file.insert(file.end(), shorter.begin() + data, shorter.end());
    const auto checked = check_image(file);
    BOOST_TEST_REQUIRE(checked.has_error());
    BOOST_TEST((checked.error().code == failure_code::image_damaged));
    BOOST_TEST(checked.error().finding == "the PNG cannot be decoded (Not enough image data)");
}

BOOST_AUTO_TEST_CASE(an_animated_png_passes_by_its_first_picture) {
    auto file = make_png();
    bytes control;
    kyc::test::put_number(control, 1, 4);
    kyc::test::put_number(control, 0, 4);
    const auto chunk = kyc::test::png_chunk("acTL", control);
    const auto at = static_cast<std::ptrdiff_t>(kyc::test::find_chunk(file, "IDAT"));
    file.insert(file.begin() + at, chunk.begin(), chunk.end());
    expect_accepted(file, image_type::png, 480, 480);
}

BOOST_AUTO_TEST_CASE(types_have_an_extension_and_a_media_type) {
    BOOST_TEST(kyc::image::extension(image_type::jpeg) == "jpg");
    BOOST_TEST(kyc::image::extension(image_type::png) == "png");
    BOOST_TEST(kyc::image::media_type(image_type::jpeg) == "image/jpeg");
    BOOST_TEST(kyc::image::media_type(image_type::png) == "image/png");
}

BOOST_AUTO_TEST_SUITE_END()
