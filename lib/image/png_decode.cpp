#include "image/decode.hpp"
#include "image/gate.hpp"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

namespace kyc::image {
namespace {

constexpr const char* ends_early = "the file ends before the picture does";

/// Everything a longjmp may pass over is in here, so no frame between the jump and its target owns anything.
struct png_reader {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf escape{};
    std::span<const std::byte> rest;
    char reason[256] = {};

    explicit png_reader(std::span<const std::byte> bytes) : rest(bytes) {}

    png_reader(const png_reader&) = delete;
    png_reader& operator=(const png_reader&) = delete;

    ~png_reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto& reader = *static_cast<png_reader*>(png_get_error_ptr(png));
    if (reader.reason[0] == '\0')
        std::snprintf(reader.reason, sizeof reader.reason, "the PNG cannot be decoded (%s)", message);
    std::longjmp(reader.escape, 1);
}

void on_warning(png_structp, png_const_charp) {
    // About labels that are not looked at; what touches the picture is an error.
}

void on_read(png_structp png, png_bytep to, std::size_t count) {
    auto& reader = *static_cast<png_reader*>(png_get_io_ptr(png));
    if (count > reader.rest.size()) {
        std::snprintf(reader.reason, sizeof reader.reason, "%s", ends_early);
        png_error(png, ends_early);
    }
    std::memcpy(to, reader.rest.data(), count);
    reader.rest = reader.rest.subspan(count);
}

void read_header(png_reader& reader) {
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    if (reader.png) reader.info = png_create_info_struct(reader.png);
    if (!reader.info) {
        std::snprintf(reader.reason, sizeof reader.reason, "there was no memory to decode it");
        std::longjmp(reader.escape, 1);
    }
    png_set_read_fn(reader.png, &reader, on_read);
    png_set_user_limits(reader.png, max_pixels, max_pixels);
    png_set_chunk_cache_max(reader.png, 16);
    png_set_chunk_malloc_max(reader.png, 1024 * 1024);
    // Texts and colour profiles may unpack to gigabytes: every chunk that is not the picture is passed over unopened.
    png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    // A wrong checksum in the picture ends it; in a label nobody reads it does not matter.
    png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
    png_read_info(reader.png, reader.info);
}

void read_rows(png_reader& reader) {
    const auto height = png_get_image_height(reader.png, reader.info);
    // Without png_set_interlace_handling each pass comes as the small picture it is: one row in memory, none kept.
    const bool interlaced = png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
    const int passes = interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1;
    for (int pass = 0; pass < passes; ++pass) {
        const png_uint_32 rows = interlaced ? PNG_PASS_ROWS(height, pass) : height;
        for (png_uint_32 row = 0; row < rows; ++row)
            png_read_row(reader.png, nullptr, nullptr); // too little data is an error
    }
    png_read_end(reader.png, nullptr); // checks the data's last checksum and demands IEND
}

/// False when the step gave up. The steps and what they call own nothing, so jumping out of them skips no destructor.
bool completed(void (*step)(png_reader&), png_reader& reader) {
    if (setjmp(reader.escape) != 0) return false;
    step(reader);
    return true;
}

} // namespace

decode_outcome decode_png(std::span<const std::byte> bytes) {
    png_reader reader{bytes};
    const bool header_read = completed(read_header, reader);
    decode_outcome outcome;
    if (reader.info) {
        // Set from the header before libpng refuses it for its size.
        outcome.width = png_get_image_width(reader.png, reader.info);
        outcome.height = png_get_image_height(reader.png, reader.info);
    }
    const bool size_known = outcome.width > 0 && outcome.height > 0;
    if (size_known && !size_allowed(outcome.width, outcome.height)) {
        outcome.end = decode_end::wrong_size;
        return outcome;
    }
    const bool whole = header_read && completed(read_rows, reader);
    outcome.end = whole ? decode_end::whole : decode_end::damaged;
    outcome.reason = reader.reason;
    return outcome;
}

} // namespace kyc::image
