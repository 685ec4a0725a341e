#include "sandbox/image_check.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace kyc::sandbox {

namespace {

std::uint8_t byte(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint32_t>(byte(bytes, at)) << 24 | static_cast<std::uint32_t>(byte(bytes, at + 1)) << 16 |
           static_cast<std::uint32_t>(byte(bytes, at + 2)) << 8 | byte(bytes, at + 3);
}

const std::array<std::uint32_t, 256>& crc_table() {
    static const auto table = [] {
        std::array<std::uint32_t, 256> out{};
        for (std::uint32_t n = 0; n < 256; ++n) {
            std::uint32_t c = n;
            for (int k = 0; k < 8; ++k)
                c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
            out[n] = c;
        }
        return out;
    }();
    return table;
}

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t c = 0xffffffffU;
    for (const char b : bytes)
        c = crc_table()[(c ^ static_cast<std::uint8_t>(b)) & 0xff] ^ (c >> 8);
    return c ^ 0xffffffffU;
}

bool good_png(std::string_view bytes) {
    std::size_t at = 8;
    bool first = true;
    bool data = false;
    while (at + 12 <= bytes.size()) {
        const std::size_t length = big_endian(bytes, at);
        if (length > bytes.size() - at - 12) return false;
        const auto type = bytes.substr(at + 4, 4);
        if (first && type != "IHDR") return false;
        if (crc32(bytes.substr(at + 4, 4 + length)) != big_endian(bytes, at + 8 + length)) return false;
        if (type == "IDAT") data = true;
        if (type == "IEND") return data;
        first = false;
        at += 12 + length;
    }
    return false;
}

bool good_jpeg(std::string_view bytes) {
    std::size_t at = 2;
    bool frame = false;
    while (at + 4 <= bytes.size()) {
        if (byte(bytes, at) != 0xff) return false;
        const auto marker = byte(bytes, at + 1);
        if (marker == 0xff) {
            ++at;
            continue;
        }
        if (marker == 0xda) return frame;
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
            at += 2;
            continue;
        }
        if (marker < 0xc0 || marker == 0xd9) return false;
        const std::size_t length = std::size_t{byte(bytes, at + 2)} << 8 | byte(bytes, at + 3);
        if (length < 2) return false;
        if (marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) frame = true;
        at += 2 + length;
    }
    return false;
}

} // namespace

bool looks_like_an_image(std::string_view bytes) {
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return good_png(bytes);
    if (bytes.starts_with("\xff\xd8\xff")) return good_jpeg(bytes);
    if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return bytes.size() > 13;
    if (bytes.starts_with("RIFF") && bytes.size() > 20 && bytes.substr(8, 4) == "WEBP") return true;
    if (bytes.starts_with("BM")) return bytes.size() > 54;
    return bytes.starts_with(std::string_view("II*\0", 4)) || bytes.starts_with(std::string_view("MM\0*", 4));
}

std::string_view picture_extensions() {
    return "bmp, dib, gif, tif, tiff, jfif, jpe, jpg, jpeg, pbm, pgm, ppm, pnm, png, apng, blp, bufr, cur, pcx, dcx, "
           "dds, ps, "
           "eps, fit, fits, fli, flc, ftc, ftu, gbr, grib, h5, hdf, jp2, j2k, jpc, jpf, jpx, j2c, icns, ico, im, iim, "
           "mpg, "
           "mpeg, mpo, msp, palm, pcd, pdf, pxr, psd, bw, rgb, rgba, sgi, ras, tga, icb, vda, vst, webp, wmf, emf, "
           "xbm, xpm";
}

bool is_picture_extension(std::string_view extension) {
    if (extension.empty()) return false;
    const auto all = ", " + std::string(picture_extensions()) + ", ";
    return all.find(", " + std::string(extension) + ", ") != std::string::npos;
}

} // namespace kyc::sandbox
