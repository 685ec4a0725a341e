// Names in the inbox. Input: a byte for the service, then a name of any bytes.

#include "core/case_name.hpp"
#include "fuzz.hpp"

#include <charconv>
#include <string>

using kyc::fuzz::require;

namespace {

/// The inverse of percent-encoding; none when a % is not followed by two digits.
std::optional<std::string> decoded(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        if (text.front() != '%') {
            bytes += text.front();
            text.remove_prefix(1);
            continue;
        }
        unsigned value = 0;
        if (text.size() < 3) return std::nullopt;
        if (std::from_chars(text.data() + 1, text.data() + 3, value, 16).ptr != text.data() + 3) return std::nullopt;
        bytes += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return bytes;
}

void check_encoding(std::string_view name) {
    const auto encoded = kyc::percent_encode_name(name);
    require(!kyc::case_name_objection(encoded), "an encoded name is acceptable as a case's name", encoded);
    require(encoded.find('/') == std::string::npos && kyc::fuzz::is_one_line(encoded), "and harmless", encoded);
    if (name.empty()) return require(encoded == "%", "nothing has a name of its own", encoded);
    if (decoded(encoded) == name) return;
    // Too long: a start of the name, and a hash of all of it. Three bytes for each of the name's would else have fit.
    constexpr std::size_t tail = 17;
    require(encoded.size() > tail && encoded[encoded.size() - tail] == '~', "a cut name ends in a hash", encoded);
    require(name.size() * 3 > 200, "only a name that does not fit is cut", encoded);
    const auto start = decoded(encoded.substr(0, encoded.size() - tail));
    require(start && name.starts_with(*start), "a cut name begins as the name does", encoded);
}

void check_flat(const kyc::service& target, std::string_view name) {
    const auto read = kyc::read_flat_name(target, name);
    const bool is_image = read.what == kyc::flat_name::kind::image;
    require(is_image == read.field.has_value(), "a field makes an image", name);
    require(name.starts_with(read.case_name), "a flat file's name begins with its case's", name);
    if (read.field)
        require(std::find(target.images.begin(), target.images.end(), *read.field) != target.images.end(),
                "the field is one of the service's", name);
    if (!kyc::is_junk(name))
        require(!read.case_name.empty() && read.case_name.front() != '.', "what is not junk has a case", name);
    if (!kyc::case_name_objection(name) && !kyc::is_junk(name))
        require(!kyc::case_name_objection(read.case_name), "a good file name holds a good case name", name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto name = kyc::fuzz::text_of(data, size);
    const auto& target = kyc::fuzz::take_service(name);
    check_encoding(name);
    check_flat(target, name);
    if (const auto objection = kyc::case_name_objection(name))
        require(!objection->empty() && kyc::fuzz::is_one_line(*objection), "an objection is a sentence", *objection);
    else
        require(name.size() <= 200 && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
                    kyc::fuzz::is_one_line(name),
                "a name without objection is one path component", name);
    return 0;
}
