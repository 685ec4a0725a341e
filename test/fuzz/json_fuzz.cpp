// JSON in and out: what is written from any bytes and any value can be read again.

#include "core/json_text.hpp"
#include "fuzz.hpp"

#include <boost/json/value.hpp>

#include <cmath>
#include <string>

using kyc::fuzz::require;

namespace json = boost::json;

namespace {

boost::json::value read_back(const std::string& text) {
    std::string error;
    auto value = kyc::parse_json(text, error);
    require(error.empty(), "what was written is JSON", text);
    return value;
}

double number_of(const json::value& value) {
    json::error_code ignored;
    return value.to_number<double>(ignored);
}

/// Whether `came` is what a reader makes of `sent`: infinity has no form, "-0" is an integer, and Boost.JSON 1.81 may
/// be wrong about the last digits of a double that it reads.
bool same(const json::value& sent, const json::value& came) {
    if (sent.is_double() && !std::isfinite(sent.get_double())) return came.is_null();
    if (sent.is_double())
        return came.is_number() && std::abs(number_of(came) - sent.get_double()) <= std::abs(sent.get_double()) * 1e-14;
    if (const auto* array = sent.if_array())
        return came.is_array() &&
               std::equal(array->begin(), array->end(), came.get_array().begin(), came.get_array().end(), same);
    const auto* object = sent.if_object();
    if (object == nullptr) return sent == came;
    return came.is_object() && std::equal(object->begin(), object->end(), came.get_object().begin(),
                                          came.get_object().end(), [](const auto& one, const auto& other) {
                                              return one.key() == other.key() && same(one.value(), other.value());
                                          });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = kyc::fuzz::text_of(data, size);
    std::string quoted;
    kyc::append_json_string(quoted, input);
    require(kyc::fuzz::is_one_line(quoted), "a JSON string has no control characters", quoted);
    const auto text = read_back(quoted);
    require(text.is_string(), "a quoted text is a string", quoted);
    std::string again;
    kyc::append_json_string(again, {text.get_string().data(), text.get_string().size()});
    require(again == quoted, "what was mended once stays as it is", quoted);

    const auto limit = size % 9;
    const auto start = kyc::utf8_prefix(input, limit);
    require(start.size() <= limit && input.starts_with(start), "a prefix is one");
    require(input.size() <= limit || start.size() + 3 >= limit, "a prefix loses no whole character");

    std::string error;
    const auto value = kyc::parse_json(input, error);
    require(error.empty() || (value.is_null() && kyc::fuzz::is_one_line(error)), "an error is a sentence", error);
    if (error.empty()) {
        const auto written = kyc::to_json_text(value);
        require(same(value, read_back(written)), "a value comes back", written);
    }
    return 0;
}
