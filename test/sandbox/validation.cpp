#include "sandbox/validation.hpp"

#include "sandbox/digest.hpp"
#include "sandbox/image_check.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace kyc::sandbox {

namespace {

constexpr std::string_view required = "This field is required.";

std::string_view stripped(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Four digits, then one or two each: what Django's parse_date takes; and a day that exists.
bool is_date(std::string_view text) {
    const auto first = text.find('-');
    const auto second = first == std::string_view::npos ? first : text.find('-', first + 1);
    if (first != 4 || second == std::string_view::npos) return false;
    const std::array<std::string_view, 3> parts{text.substr(0, 4), text.substr(5, second - 5), text.substr(second + 1)};
    std::array<unsigned, 3> numbers{};
    for (std::size_t i = 0; i < 3; ++i) {
        if (parts[i].empty() || (i > 0 && parts[i].size() > 2)) return false;
        const auto* end = parts[i].data() + parts[i].size();
        if (std::from_chars(parts[i].data(), end, numbers[i]).ptr != end) return false;
    }
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(numbers[0])),
                                          std::chrono::month(numbers[1]), std::chrono::day(numbers[2])};
    return numbers[0] > 0 && day.ok();
}

std::optional<std::string> file_complaint(const form_part* part) {
    if (part == nullptr) return "No file was submitted.";
    if (!part->filename) return "The submitted data was not a file. Check the encoding type on the form.";
    if (part->bytes.empty()) return "The submitted file is empty.";
    if (!looks_like_an_image(part->bytes))
        return "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
    const auto dot = part->filename->rfind('.');
    auto extension = dot == std::string::npos || dot == 0 ? std::string{} : part->filename->substr(dot + 1);
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (is_picture_extension(extension)) return std::nullopt;
    return "File extension “" + extension +
           "” is not allowed. Allowed extensions are: " + std::string(picture_extensions()) + ".";
}

std::optional<std::string> extend_data_complaint(const form_part* part, bool is_form, bool strict) {
    if (part == nullptr) return is_form && !strict ? std::nullopt : std::optional<std::string>(required);
    if (read_boolean(part->bytes)) return std::nullopt;
    return "Must be a valid boolean.";
}

} // namespace

std::optional<bool> read_boolean(std::string_view text) {
    constexpr std::array<std::string_view, 14> yes{"true", "True", "TRUE", "t",   "T",   "1", "on",
                                                   "On",   "ON",   "yes",  "Yes", "YES", "y", "Y"};
    constexpr std::array<std::string_view, 14> no{"false", "False", "FALSE", "f",  "F",  "0", "off",
                                                  "Off",   "OFF",   "no",    "No", "NO", "n", "N"};
    if (std::find(yes.begin(), yes.end(), text) != yes.end()) return true;
    if (std::find(no.begin(), no.end(), text) != no.end()) return false;
    return std::nullopt;
}

std::optional<std::string> text_complaint(const form_part* part, text_kind kind) {
    if (part == nullptr) return std::string(required);
    switch (kind) {
    case text_kind::uuid: {
        std::string canonical;
        if (!read_uuid(part->bytes, canonical)) return "Must be a valid UUID.";
        break;
    }
    case text_kind::name:
        if (part->filename) return "Not a valid string.";
        if (stripped(part->bytes).empty()) return "This field may not be blank.";
        break;
    case text_kind::date:
        if (!is_date(part->bytes)) return "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        break;
    }
    return std::nullopt;
}

boost::json::object complaints_about(const form& given, const service& wanted, bool is_form, bool strict_extend_data) {
    boost::json::object out;
    const auto add = [&](const std::string& field, const std::optional<std::string>& complaint) {
        if (complaint) out[field] = boost::json::array{boost::json::value(*complaint)};
    };
    for (const auto& field : wanted.files)
        add(field, file_complaint(given.find(field)));
    for (const auto& field : wanted.texts)
        add(field.name, text_complaint(given.find(field.name), field.kind));
    if (wanted.extend_data)
        add("extend_data", extend_data_complaint(given.find("extend_data"), is_form, strict_extend_data));
    return out;
}

} // namespace kyc::sandbox
