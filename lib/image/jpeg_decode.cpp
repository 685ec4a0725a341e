#include "image/decode.hpp"
#include "image/jpeg_walk.hpp"

#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>
#include <jerror.h>
#include <mutex>
#include <optional>

namespace kyc::image {
namespace {

constexpr const char* ends_early = "the file ends before the picture does";
constexpr std::uint64_t large_coefficients = 32U * 1024 * 1024;

/// Everything a longjmp may pass over is in here, so no frame between the jump and its target owns anything.
struct jpeg_reader {
    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf escape{};
    std::span<const std::byte> bytes;
    char reason[JMSG_LENGTH_MAX + 64] = {};

    explicit jpeg_reader(std::span<const std::byte> input) : bytes(input) {}

    jpeg_reader(const jpeg_reader&) = delete;
    jpeg_reader& operator=(const jpeg_reader&) = delete;

    ~jpeg_reader() { jpeg_destroy_decompress(&info); } // harmless on one that was never created: mem is null
};

jpeg_reader& reader_of(j_common_ptr info) {
    return *static_cast<jpeg_reader*>(info->client_data);
}

template<class... Values>
[[noreturn]] void give_up(jpeg_reader& reader, const char* format, Values... values) {
    std::snprintf(reader.reason, sizeof reader.reason, format, values...);
    std::longjmp(reader.escape, 1);
}

[[noreturn]] void give_up_with_message(j_common_ptr info) {
    auto& reader = reader_of(info);
    if (info->err->msg_code == JWRN_JPEG_EOF) give_up(reader, "%s", ends_early);
    char message[JMSG_LENGTH_MAX];
    info->err->format_message(info, message);
    give_up(reader, "the JPEG cannot be decoded (%s)", message);
}

void on_message(j_common_ptr info, int level) {
    if (level >= 0) return; // a trace message
    // About the file's labels, not about the picture.
    if (info->err->msg_code == JWRN_JFIF_MAJOR || info->err->msg_code == JWRN_ADOBE_XFORM) return;
    // libjpeg would go on and paint the rest grey.
    give_up_with_message(info);
}

void on_progress(j_common_ptr info) {
    if (reader_of(info).info.input_scan_number > max_scans)
        give_up(reader_of(info), "the JPEG has more than %d scans", max_scans);
}

void set_up(jpeg_reader& reader) {
    reader.info.err = jpeg_std_error(&reader.errors);
    reader.errors.error_exit = give_up_with_message;
    reader.errors.emit_message = on_message;
    reader.errors.output_message = [](j_common_ptr) {};
    reader.info.client_data = &reader;
    jpeg_create_decompress(&reader.info); // clears the structure but for err and client_data
    reader.progress.progress_monitor = on_progress;
    reader.info.progress = &reader.progress;
    reader.info.mem->max_memory_to_use = max_coefficient_bytes;
    jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(reader.bytes.data()),
                 static_cast<unsigned long>(reader.bytes.size()));
}

void read_header(jpeg_reader& reader) {
    set_up(reader);
    jpeg_read_header(&reader.info, TRUE);
    const int channels = reader.info.num_components;
    if (channels != 1 && channels != 3 && channels != 4) give_up(reader, "the JPEG has %d colour channels", channels);
}

void read_rows(jpeg_reader& reader) {
    auto& info = reader.info;
    // Nobody looks at the pixels: every bit is decoded, but each block becomes one pixel, without colour conversion.
    info.out_color_space = info.jpeg_color_space;
    info.scale_num = 1;
    info.scale_denom = 8;
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = FALSE;
    jpeg_start_decompress(&info);
    const auto width = info.output_width * static_cast<JDIMENSION>(info.output_components);
    JSAMPARRAY row = info.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE, width, 1);
    while (info.output_scanline < info.output_height)
        if (jpeg_read_scanlines(&info, row, 1) != 1) give_up(reader, "%s", ends_early);
    jpeg_finish_decompress(&info); // reads on to the end mark
}

void read_scans(jpeg_reader& reader) {
    auto& info = reader.info;
    jpeg_read_coefficients(&info); // all scans up to the end mark, without computing a pixel
    // A component's table is set by its first scan. A file may end orderly and still lack its colours.
    for (int i = 0; i < info.num_components; ++i)
        if (!info.comp_info[i].quant_table) give_up(reader, "colour channel %d of the JPEG has no data", i + 1);
    jpeg_finish_decompress(&info);
}

/// False when the step gave up. The steps and what they call own nothing, so jumping out of them skips no destructor.
bool completed(void (*step)(jpeg_reader&), jpeg_reader& reader) {
    if (setjmp(reader.escape) != 0) return false;
    step(reader);
    return true;
}

std::uint64_t coefficient_bytes(const jpeg_decompress_struct& info) {
    std::uint64_t blocks = 0;
    for (int i = 0; i < info.num_components; ++i)
        blocks += std::uint64_t{info.comp_info[i].width_in_blocks} * info.comp_info[i].height_in_blocks;
    return blocks * sizeof(JBLOCK);
}

bool decode_body(jpeg_reader& reader) {
    if (!jpeg_has_multiple_scans(&reader.info)) return completed(read_rows, reader);
    // Several of the largest at once would cost a gigabyte; they are rare, so they take turns.
    static std::mutex one_large_at_a_time;
    std::optional<std::scoped_lock<std::mutex>> turn;
    if (coefficient_bytes(reader.info) > large_coefficients) turn.emplace(one_large_at_a_time);
    const bool whole = completed(read_scans, reader);
    jpeg_abort_decompress(&reader.info); // frees the coefficients before the next one's turn
    return whole;
}

/// Behind the header of the first scan.
std::span<const std::byte> coded(const jpeg_reader& reader) {
    return reader.bytes.last(reader.info.src->bytes_in_buffer);
}

decode_outcome decode(std::span<const std::byte> bytes, bool walk) {
    jpeg_reader reader{bytes};
    const bool header_read = completed(read_header, reader);
    decode_outcome outcome;
    // libjpeg knows the size from the frame header on, even when what follows is broken.
    outcome.width = reader.info.image_width;
    outcome.height = reader.info.image_height;
    const bool size_known = outcome.width > 0 && outcome.height > 0;
    if (size_known && !size_allowed(outcome.width, outcome.height)) {
        outcome.end = decode_end::wrong_size;
        return outcome;
    }
    outcome.walked = walk && header_read && is_whole_scan(reader.info, coded(reader));
    const bool whole = outcome.walked || (header_read && decode_body(reader));
    outcome.end = whole ? decode_end::whole : decode_end::damaged;
    outcome.reason = reader.reason;
    outcome.scans = reader.info.input_scan_number;
    return outcome;
}

} // namespace

decode_outcome decode_jpeg(std::span<const std::byte> bytes) {
    return decode(bytes, true);
}

decode_outcome decode_jpeg_fully(std::span<const std::byte> bytes) {
    return decode(bytes, false);
}

} // namespace kyc::image
