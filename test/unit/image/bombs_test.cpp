// Small files that ask for much. What is asserted is counted (scans, refusal before decoding), not measured in seconds.

#include "image/decode.hpp"
#include "image/gate.hpp"
#include "pictures.hpp"

#include <boost/test/unit_test.hpp>

#include <zlib.h>

using kyc::failure_code;
using kyc::image::check_image;
using kyc::image::decode_end;
using kyc::test::bytes;

namespace {

/// The smallest header that names a size: start mark, frame, and nothing after it.
bytes jpeg_header(std::uint16_t width, std::uint16_t height, int channels) {
    bytes file = kyc::test::to_bytes("\xFF\xD8\xFF\xC2");
    kyc::test::put_number(file, static_cast<std::uint64_t>(8 + 3 * channels), 2);
    kyc::test::put_number(file, 8, 1);
    kyc::test::put_number(file, height, 2);
    kyc::test::put_number(file, width, 2);
    kyc::test::put_number(file, static_cast<std::uint64_t>(channels), 1);
    for (int i = 1; i <= channels; ++i)
        kyc::test::put_number(file, static_cast<std::uint64_t>(i) << 16U | 0x1100U, 3);
    return file;
}

/// Zeros, packed by zlib a thousand to one.
bytes packed_zeros(std::size_t size) {
    const bytes zeros(size, std::byte{0});
    uLongf length = compressBound(static_cast<uLong>(size));
    bytes packed(length);
    BOOST_REQUIRE(compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                            reinterpret_cast<const Bytef*>(zeros.data()), static_cast<uLong>(size), 9) == Z_OK);
    packed.resize(length);
    return packed;
}

bytes png_with_chunk(const bytes& chunk) {
    auto file = kyc::test::make_png({.colour = 0, .depth = 1});
    const auto at = static_cast<std::ptrdiff_t>(kyc::test::find_chunk(file, "IDAT"));
    file.insert(file.begin() + at, chunk.begin(), chunk.end());
    return file;
}

/// `file` with its last scan there `count` times more.
bytes repeat_last_scan(const bytes& file, std::size_t count) {
    const auto scan = kyc::test::find_last_marker(file, 0xDA);
    const auto end = file.size() - 2;
    bytes repeated(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(end));
    for (std::size_t i = 0; i < count; ++i)
        kyc::test::append(repeated, std::span{file}.subspan(scan, end - scan));
    kyc::test::append(repeated, std::span{file}.subspan(end));
    return repeated;
}

/// 4096 x 4096, grey, progressive, with one AC scan of a few dozen bytes at the end: all blocks empty.
bytes wide_progressive() {
    bytes file = jpeg_header(4096, 4096, 1);
    const auto start = kyc::test::to_bytes(std::string_view{"\xFF\xD8", 2});
    bytes table = kyc::test::to_bytes(std::string_view{"\xFF\xDB\x00\x43\x00", 5});
    table.resize(table.size() + 64, std::byte{1});
    // One code of one bit in the DC table (0: no difference) and one in the AC table (EOB for 2^14 blocks and more).
    bytes codes = kyc::test::to_bytes(std::string_view{"\xFF\xC4\x00\x14\x00\x01", 6});
    codes.resize(codes.size() + 15, std::byte{0});
    codes.push_back(std::byte{0x00});
    bytes runs = kyc::test::to_bytes(std::string_view{"\xFF\xC4\x00\x14\x10\x01", 6});
    runs.resize(runs.size() + 15, std::byte{0});
    runs.push_back(std::byte{0xE0});
    bytes scans = kyc::test::to_bytes(std::string_view{"\xFF\xDA\x00\x08\x01\x01\x00\x00\x00\x00", 10});
    scans.resize(scans.size() + 512 * 512 / 8, std::byte{0});
    // Each run is the one-bit code and 14 bits of 1: 32,767 blocks in 15 bits, nine times for 262,144 blocks.
    kyc::test::append(scans, kyc::test::to_bytes(std::string_view{"\xFF\xDA\x00\x08\x01\x01\x00\x01\x3F\x00", 10}));
    std::uint64_t bits = 0;
    int held = 0;
    for (int run = 0; run < 9; ++run) {
        bits = bits << 15U | 0x3FFEU; // 16,384 + 16,382 blocks: no byte of eight ones in the middle
        held += 15;
        while (held >= 8) {
            const auto byte = static_cast<std::uint8_t>(bits >> static_cast<unsigned>(held - 8));
            kyc::test::put_number(scans, byte, 1);
            if (byte == 0xFF) kyc::test::put_number(scans, 0, 1); // as the format escapes it
            held -= 8;
        }
    }
    kyc::test::put_number(
        scans, (bits << static_cast<unsigned>(8 - held) | (0xFFU >> static_cast<unsigned>(held))) & 0xFFU, 1);
    bytes made = start;
    kyc::test::append(made, table);
    kyc::test::append(made, std::span{file}.subspan(2));
    kyc::test::append(made, codes);
    kyc::test::append(made, runs);
    kyc::test::append(made, scans);
    kyc::test::append(made, kyc::test::to_bytes("\xFF\xD9"));
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(bombs)

BOOST_AUTO_TEST_CASE(a_giant_jpeg_header_is_refused_before_anything_is_decoded) {
    auto file = jpeg_header(65500, 65500, 3);
    file.resize(200, std::byte{0});
    const auto checked = check_image(file);
    BOOST_TEST_REQUIRE(checked.has_error());
    BOOST_TEST((checked.error().code == failure_code::image_too_large));
    BOOST_TEST(checked.error().finding == "the picture has 65500x65500 pixels");
    const auto outcome = kyc::image::decode_jpeg(file);
    BOOST_TEST((outcome.end == decode_end::wrong_size));
    BOOST_TEST(outcome.scans == 0);
}

BOOST_AUTO_TEST_CASE(a_giant_png_header_is_refused_before_anything_is_decoded) {
    bytes header;
    kyc::test::put_number(header, 1'000'000'000, 4);
    kyc::test::put_number(header, 1'000'000'000, 4);
    kyc::test::put_number(header, 0x1006000000, 5); // 16 bits, RGBA
    auto file = kyc::test::to_bytes(std::string_view{"\x89PNG\r\n\x1A\n", 8});
    kyc::test::append(file, kyc::test::png_chunk("IHDR", header));
    const auto checked = check_image(file);
    BOOST_TEST_REQUIRE(checked.has_error());
    BOOST_TEST((checked.error().code == failure_code::image_too_large));
    BOOST_TEST(checked.error().finding == "the picture has 1000000000x1000000000 pixels");
}

BOOST_AUTO_TEST_CASE(thousands_of_scans_are_stopped_at_the_limit) {
    const auto one = wide_progressive();
    const auto checked_one = check_image(one);
    if (checked_one.has_error()) BOOST_ERROR(checked_one.error().finding);
    BOOST_TEST_REQUIRE(checked_one.has_value());
    const auto many = repeat_last_scan(one, 5000);
    BOOST_TEST(many.size() < 300'000U);
    const auto outcome = kyc::image::decode_jpeg(many);
    BOOST_TEST((outcome.end == decode_end::damaged));
    BOOST_TEST(outcome.scans == kyc::image::max_scans + 1);
    BOOST_TEST(outcome.reason == "the JPEG has more than 100 scans");
}

BOOST_AUTO_TEST_CASE(as_many_scans_as_allowed_pass) {
    const auto wide = wide_progressive();
    const auto most = kyc::image::decode_jpeg(repeat_last_scan(wide, kyc::image::max_scans - 2));
    BOOST_TEST((most.end == decode_end::whole));
    BOOST_TEST(most.scans == kyc::image::max_scans);
}

BOOST_AUTO_TEST_CASE(a_jpeg_with_ten_channels_is_refused) {
    auto file = jpeg_header(4096, 4096, 10);
    kyc::test::append(file, kyc::test::to_bytes(std::string_view{"\xFF\xDA\x00\x08\x01\x01\x00\x00\x00\x00", 10}));
    const auto checked = check_image(file);
    BOOST_TEST_REQUIRE(checked.has_error());
    BOOST_TEST((checked.error().code == failure_code::image_damaged));
    BOOST_TEST(checked.error().finding == "the JPEG has 10 colour channels");
}

BOOST_AUTO_TEST_CASE(the_largest_jpeg_in_several_scans_fits_into_the_stated_memory) {
    const auto file =
        kyc::test::make_jpeg({.width = 4096, .height = 4096, .channels = 4, .progressive = true, .quality = 1});
    BOOST_TEST_REQUIRE(file.size() <= kyc::image::max_bytes);
    const auto checked = check_image(file);
    if (checked.has_error()) BOOST_ERROR(checked.error().finding);
    BOOST_TEST(checked.has_value());
}

BOOST_AUTO_TEST_CASE(texts_and_profiles_of_a_png_are_never_unpacked) {
    // 200 MB each when unpacked. libpng would refuse or warn if it opened them; they are passed over.
    const auto packed = packed_zeros(200'000'000);
    bytes text = kyc::test::to_bytes(std::string_view{"Comment\0\0", 9});
    kyc::test::append(text, packed);
    bytes international = kyc::test::to_bytes(std::string_view{"Comment\0\1\0\0\0", 12});
    kyc::test::append(international, packed);
    bytes profile = kyc::test::to_bytes(std::string_view{"icc\0\0", 5});
    kyc::test::append(profile, packed);
    BOOST_TEST(check_image(png_with_chunk(kyc::test::png_chunk("zTXt", text))).has_value());
    BOOST_TEST(check_image(png_with_chunk(kyc::test::png_chunk("iTXt", international))).has_value());
    BOOST_TEST(check_image(png_with_chunk(kyc::test::png_chunk("iCCP", profile))).has_value());
}

BOOST_AUTO_TEST_CASE(ten_thousand_small_chunks_are_passed_over) {
    bytes chunks;
    for (int i = 0; i < 10'000; ++i)
        kyc::test::append(chunks, kyc::test::png_chunk("tEXt", kyc::test::to_bytes(std::string_view{"a\0b", 3})));
    BOOST_TEST(check_image(png_with_chunk(chunks)).has_value());
}

BOOST_AUTO_TEST_CASE(image_data_beyond_the_last_row_is_not_kept) {
    // A stream that unpacks to 200 MB under a header of 480 x 480 x 1 bit: only the rows of the header are read.
    auto file = kyc::test::make_png({.colour = 0, .depth = 1});
    const auto data = kyc::test::find_chunk(file, "IDAT");
    file.resize(data);
    kyc::test::append(file, kyc::test::png_chunk("IDAT", packed_zeros(200'000'000)));
    kyc::test::append(file, kyc::test::png_chunk("IEND", {}));
    const auto checked = check_image(file);
    BOOST_TEST(checked.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
