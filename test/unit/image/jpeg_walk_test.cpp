// Which JPEGs are found whole without being decoded, and that no other is. See damage_test.cpp for random damage.

#include "image/decode.hpp"
#include "pictures.hpp"

#include <boost/test/unit_test.hpp>

using kyc::image::decode_end;
using kyc::image::decode_jpeg;
using kyc::test::bytes;
using kyc::test::find_last_marker;
using kyc::test::jpeg_options;
using kyc::test::make_jpeg;

namespace {

constexpr std::uint8_t end_mark = 0xD9;

void expect_damaged(const bytes& file, std::string_view reason) {
    const auto outcome = decode_jpeg(file);
    BOOST_TEST(!outcome.walked);
    BOOST_TEST((outcome.end == decode_end::damaged));
    BOOST_TEST(outcome.reason == reason);
}

bytes with_before_the_end(std::string_view more) {
    auto file = make_jpeg();
    const auto piece = kyc::test::to_bytes(more);
    const auto place = file.begin() + static_cast<std::ptrdiff_t>(find_last_marker(file, end_mark));
    file.insert(place, piece.begin(), piece.end());
    return file;
}

} // namespace

BOOST_AUTO_TEST_SUITE(jpeg_walk)

BOOST_AUTO_TEST_CASE(what_cameras_and_scanners_write_is_walked) {
    for (const int channels : {1, 3, 4})
        for (const int quality : {10, 70, 100})
            for (const unsigned restart_interval : {0U, 1U, 61U})
                for (const bool full : {false, true}) {
                    const auto outcome = decode_jpeg(make_jpeg({.width = 641,
                                                                .height = 487,
                                                                .channels = channels,
                                                                .quality = quality,
                                                                .restart_interval = restart_interval,
                                                                .every_colour_pixel = full,
                                                                .fitted_codes = full}));
                    BOOST_TEST_CONTEXT(channels << " channels, quality " << quality << ", restart " << restart_interval
                                                << ", full " << full) {
                        BOOST_TEST(outcome.walked);
                        BOOST_TEST((outcome.end == decode_end::whole));
                        BOOST_TEST(outcome.width == 641U);
                        BOOST_TEST(outcome.height == 487U);
                    }
                }
}

BOOST_AUTO_TEST_CASE(what_is_rare_is_left_to_libjpeg) {
    for (const auto& options : {jpeg_options{.progressive = true}, jpeg_options{.arithmetic = true}}) {
        const auto outcome = decode_jpeg(make_jpeg(options));
        BOOST_TEST(!outcome.walked);
        BOOST_TEST((outcome.end == decode_end::whole));
    }
}

BOOST_AUTO_TEST_CASE(a_picture_that_goes_on_or_ends_too_soon_is_left_to_libjpeg) {
    auto cut = make_jpeg();
    cut.resize(find_last_marker(cut, end_mark) - 3);
    expect_damaged(cut, "the file ends before the picture does");
    cut.push_back(std::byte{0xFF}); // and half a marker
    expect_damaged(cut, "the file ends before the picture does");
    // libjpeg overlooks a few bytes, and other segments may stand between the picture and its end.
    for (const std::string_view more : {std::string_view{"more"}, std::string_view{"\xFF\xFE\0\4ok", 6}}) {
        const auto outcome = decode_jpeg(with_before_the_end(more));
        BOOST_TEST(!outcome.walked);
        BOOST_TEST((outcome.end == decode_end::whole));
    }
}

BOOST_AUTO_TEST_CASE(a_restart_mark_out_of_turn_is_damage) {
    auto file = make_jpeg({.restart_interval = 61});
    file[find_last_marker(file, 0xD3) + 1] = std::byte{0xD5};
    const auto outcome = decode_jpeg(file);
    BOOST_TEST(!outcome.walked);
    BOOST_TEST((outcome.end == decode_end::damaged));
}

BOOST_AUTO_TEST_SUITE_END()
