#include "image/gate.hpp"

#include "image/content_kind.hpp"
#include "image/decode.hpp"

#include <stdexcept>
#include <utility>

namespace kyc::image {
namespace {

/// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}

std::string type_rule() {
    return "the API takes JPEG and PNG images";
}

std::string size_rule() {
    return "each side must have " + std::to_string(min_pixels) + " to " + std::to_string(max_pixels) + " pixels";
}

refusal not_an_image(std::string_view name) {
    return {failure_code::not_an_image, "this is " + std::string{name}, type_rule()};
}

refusal wrong_size(const decode_outcome& outcome) {
    const bool large = outcome.width > max_pixels || outcome.height > max_pixels;
    return {large ? failure_code::image_too_large : failure_code::image_too_small,
            "the picture has " + std::to_string(outcome.width) + "x" + std::to_string(outcome.height) + " pixels",
            size_rule()};
}

} // namespace

std::string_view extension(image_type type) {
    return type == image_type::jpeg ? "jpg" : "png";
}

std::string_view media_type(image_type type) {
    return type == image_type::jpeg ? "image/jpeg" : "image/png";
}

bool size_allowed(std::uint32_t width, std::uint32_t height) {
    const auto allowed = [](std::uint32_t side) { return side >= min_pixels && side <= max_pixels; };
    return allowed(width) && allowed(height);
}

void throw_exception_from_error(const refusal& error, const boost::source_location&) {
    throw std::logic_error("unchecked refusal: " + error.finding);
}

boost::system::result<image_facts, refusal> check_image(std::span<const std::byte> bytes) {
    if (bytes.empty()) return refusal{failure_code::not_an_image, "the file is empty", type_rule()};
    if (bytes.size() > max_bytes)
        return refusal{failure_code::file_too_large, "the file has " + grouped(bytes.size()) + " bytes",
                       "at most " + grouped(max_bytes) + " bytes (2 MB) are allowed"};

    const auto guess = guess_content(bytes);
    if (guess.kind == content_kind::other) return not_an_image(guess.name);

    const bool jpeg = guess.kind == content_kind::jpeg;
    auto outcome = jpeg ? decode_jpeg(bytes) : decode_png(bytes);
    switch (outcome.end) {
    case decode_end::whole:
        break;
    case decode_end::wrong_size:
        return wrong_size(outcome);
    case decode_end::damaged:
        return refusal{failure_code::image_damaged, std::move(outcome.reason),
                       "the picture must be whole and decode to its last row"};
    }
    return image_facts{jpeg ? image_type::jpeg : image_type::png, outcome.width, outcome.height};
}

} // namespace kyc::image
