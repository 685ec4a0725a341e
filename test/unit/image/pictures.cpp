#include "pictures.hpp"

#include <boost/test/unit_test.hpp>
#include <jpeglib.h>
#include <png.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <zlib.h>

namespace kyc::test {
namespace {

/// Soft shapes with a little texture: compresses like a photograph, not like a flat area.
std::uint8_t sample(std::uint32_t x, std::uint32_t y, std::uint32_t channel) {
    const std::uint32_t slope = (x + 2 * y + 40 * channel) / 4;
    const std::uint32_t texture = ((x * 2654435761U) ^ (y * 2246822519U)) >> 29U;
    return static_cast<std::uint8_t>((slope + texture) & 0xFFU);
}

} // namespace

bytes make_jpeg(const jpeg_options& options) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &out, &size);
    info.image_width = options.width;
    info.image_height = options.height;
    info.input_components = options.channels;
    info.in_color_space = options.channels == 1 ? JCS_GRAYSCALE : options.channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, options.quality, TRUE);
    info.arith_code = options.arithmetic ? TRUE : FALSE;
    info.restart_interval = options.restart_interval;
    info.optimize_coding = options.fitted_codes ? TRUE : FALSE;
    if (options.every_colour_pixel) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
    if (options.progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    const auto channels = static_cast<std::uint32_t>(options.channels);
    std::vector<std::uint8_t> row(std::size_t{options.width} * channels);
    for (std::uint32_t y = 0; y < options.height; ++y) {
        for (std::uint32_t x = 0; x < options.width; ++x)
            for (std::uint32_t c = 0; c < channels; ++c)
                row[std::size_t{x} * channels + c] = sample(x, y, c);
        JSAMPROW rows = row.data();
        jpeg_write_scanlines(&info, &rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    const auto* begin = reinterpret_cast<const std::byte*>(out);
    bytes made(begin, begin + size);
    std::free(out);
    return made;
}

bytes make_png(const png_options& options) {
    bytes made;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &made,
        [](png_structp to, png_bytep data, std::size_t size) {
            append(*static_cast<bytes*>(png_get_io_ptr(to)), std::as_bytes(std::span{data, size}));
        },
        nullptr);
    png_set_IHDR(png, info, options.width, options.height, options.depth, options.colour,
                 options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (options.colour == PNG_COLOR_TYPE_PALETTE) {
        std::array<png_color, 256> palette{};
        for (std::size_t i = 0; i < palette.size(); ++i)
            palette[i].red = static_cast<png_byte>(i);
        png_set_PLTE(png, info, palette.data(), 1 << options.depth);
    }
    png_set_compression_level(png, 1);
    png_write_info(png, info);
    const std::size_t row_bytes = png_get_rowbytes(png, info);
    std::vector<std::uint8_t> rows(row_bytes * options.height);
    std::vector<png_bytep> pointers;
    for (std::uint32_t y = 0; y < options.height; ++y) {
        auto* row = rows.data() + row_bytes * y;
        for (std::uint32_t x = 0; x < row_bytes; ++x)
            row[x] = sample(x, y, 0);
        pointers.push_back(row);
    }
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return made;
}

bytes to_bytes(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}

void append(bytes& to, std::span<const std::byte> more) {
    to.reserve(to.size() + more.size());
    for (const auto byte : more)
        to.push_back(byte); // g++ 12 warns falsely about insert() here
}

void put_number(bytes& to, std::uint64_t number, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
        to.push_back(static_cast<std::byte>((number >> static_cast<unsigned>(shift)) & 0xFFU));
}

bytes png_chunk(std::string_view type, std::span<const std::byte> data) {
    bytes body = to_bytes(type);
    append(body, data);
    bytes chunk;
    put_number(chunk, data.size(), 4);
    append(chunk, body);
    put_number(chunk, crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())), 4);
    return chunk;
}

std::size_t find_chunk(std::span<const std::byte> png, std::string_view type) {
    const std::string_view text{reinterpret_cast<const char*>(png.data()), png.size()};
    const auto at = text.find(type);
    BOOST_REQUIRE(at != std::string_view::npos);
    return at - 4;
}

std::size_t find_last_marker(std::span<const std::byte> jpeg, std::uint8_t code) {
    for (std::size_t at = jpeg.size() - 1; at > 0; --at)
        if (jpeg[at - 1] == std::byte{0xFF} && jpeg[at] == std::byte{code}) return at - 1;
    BOOST_FAIL("no such marker");
    return 0;
}

} // namespace kyc::test
