#include "image/content_kind.hpp"

#include <algorithm>
#include <array>

namespace kyc::image {
namespace {

using namespace std::string_view_literals;

struct signature {
    std::size_t offset;
    std::string_view magic;
    content_guess guess;
};

// The first match wins, so a longer mark stands before a shorter one.
constexpr std::array signatures{
    signature{0, "\xFF\xD8\xFF"sv, {content_kind::jpeg, "a JPEG image"}},
    signature{0, "\x89PNG\r\n\x1A\n"sv, {content_kind::png, "a PNG image"}},
    signature{0, "%PDF-"sv, {content_kind::other, "a PDF document"}},
    signature{0, "GIF87a"sv, {content_kind::other, "a GIF image"}},
    signature{0, "GIF89a"sv, {content_kind::other, "a GIF image"}},
    signature{8, "WEBP"sv, {content_kind::other, "a WEBP image"}},
    signature{0, "II*\0"sv, {content_kind::other, "a TIFF image"}},
    signature{0, "MM\0*"sv, {content_kind::other, "a TIFF image"}},
    signature{4, "ftypavif"sv, {content_kind::other, "an AVIF image"}},
    signature{4, "ftypavis"sv, {content_kind::other, "an AVIF image"}},
    signature{4, "ftyphe"sv, {content_kind::other, "a HEIC image"}},
    signature{4, "ftypmif1"sv, {content_kind::other, "a HEIC image"}},
    signature{4, "ftypmsf1"sv, {content_kind::other, "a HEIC image"}},
    signature{4, "ftyp"sv, {content_kind::other, "a video or audio file"}},
    signature{0, "\0\0\0\x0CjP  "sv, {content_kind::other, "a JPEG 2000 image"}},
    signature{0, "\xFF\x4F\xFF\x51"sv, {content_kind::other, "a JPEG 2000 image"}},
    signature{0, "\0\0\0\x0CJXL "sv, {content_kind::other, "a JPEG XL image"}},
    signature{0, "\xFF\x0A"sv, {content_kind::other, "a JPEG XL image"}},
    signature{0, "BM"sv, {content_kind::other, "a BMP image"}},
    signature{0, "8BPS"sv, {content_kind::other, "a Photoshop file"}},
    signature{0, "PK\x03\x04"sv, {content_kind::other, "a ZIP archive or an office document"}},
    signature{0, "\xD0\xCF\x11\xE0"sv, {content_kind::other, "an old office document"}},
    signature{0, "\x1F\x8B"sv, {content_kind::other, "a gzip file"}},
    signature{0, "<svg"sv, {content_kind::other, "an SVG drawing"}},
    signature{0, "<!DOCTYPE html"sv, {content_kind::other, "an HTML page"}},
    signature{0, "<html"sv, {content_kind::other, "an HTML page"}},
    signature{0, "<?xml"sv, {content_kind::other, "an XML document"}},
};

bool has(std::string_view text, const signature& mark) {
    return text.size() >= mark.offset && text.substr(mark.offset).substr(0, mark.magic.size()) == mark.magic;
}

bool is_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte < 0x7F) || c == '\n' || c == '\r' || c == '\t';
    });
}

} // namespace

content_guess guess_content(std::span<const std::byte> bytes) {
    constexpr std::size_t looked_at = 65536;
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), looked_at)};
    for (const auto& mark : signatures)
        if (has(text, mark)) return mark.guess;
    // What a transfer leaves that reserved the space and never wrote it.
    if (std::ranges::all_of(text, [](char c) { return c == '\0'; }))
        return {content_kind::other, "a file that begins with nothing but zero bytes"};
    if (is_text(text)) return {content_kind::other, "a text file"};
    return {content_kind::other, "not a picture in a known format"};
}

} // namespace kyc::image
