// The image gate: what passes is within the API's limits, what does not says why.

#include "core/failure.hpp"
#include "fuzz.hpp"
#include "image/content_kind.hpp"
#include "image/decode.hpp"
#include "image/gate.hpp"
#include "png_checksums.hpp"

#include <functional>
#include <iterator>

using kyc::failure_code;
using kyc::fuzz::require;

#ifdef KYC_FUZZ
/// libjpeg and libpng are not instrumented, so each new sentence of theirs counts as new ground.
__attribute__((section("__libfuzzer_extra_counters"))) std::uint8_t sentences[4096];
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes{reinterpret_cast<const std::byte*>(data), size};
    const auto text = kyc::fuzz::text_of(data, size);
    const auto checked = kyc::image::check_image(bytes);
    if (text.starts_with("\xFF\xD8\xFF") && kyc::image::decode_jpeg(bytes).walked)
        require(kyc::image::decode_jpeg_fully(bytes).end == kyc::image::decode_end::whole,
                "what the quick reader finds whole, libjpeg does");
    if (checked) {
        const auto in_range = [](std::uint32_t side) {
            return side >= kyc::image::min_pixels && side <= kyc::image::max_pixels;
        };
        require(in_range(checked->width) && in_range(checked->height), "both sides are within the API's limits");
        require(text.starts_with(checked->type == kyc::image::image_type::jpeg ? "\xFF\xD8\xFF" : "\x89PNG\r\n\x1A\n"),
                "the type is what the bytes say");
        require(size <= kyc::image::max_bytes, "no more bytes than the API takes");
        return 0;
    }
    const auto& why = checked.error();
    require(!why.finding.empty() && !why.rule.empty(), "a refusal says what was found and what is demanded");
    require(kyc::fuzz::is_one_line(why.finding) && why.finding.size() < 400, "in one line", why.finding);
#ifdef KYC_FUZZ
    sentences[std::hash<std::string>{}(why.finding) % std::size(sentences)] = 1;
#endif
    const bool known = kyc::image::guess_content(bytes).kind != kyc::image::content_kind::other;
    const bool as_picture = why.code == failure_code::image_damaged || why.code == failure_code::image_too_small ||
                            why.code == failure_code::image_too_large;
    require(known ? as_picture : why.code == failure_code::not_an_image, "the code fits the kind of file", why.finding);
    return 0;
}

#ifdef KYC_FUZZ
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// A changed PNG would nearly always end at its first checksum: three in four are given right ones.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 4 != 0) kyc::fuzz::mend_png_checksums({data, size});
    return size;
}
#endif
