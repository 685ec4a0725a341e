#include "core/json_text.hpp"

#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/parse_options.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace kyc {
namespace {

namespace json = boost::json;

unsigned char byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

/// What starts at one place of a text that may not be UTF-8.
struct character {
    std::size_t bytes = 1; ///< to step over; for a broken one, as much as belongs together
    bool valid = false;
};

/// Table 3-7 of the Unicode standard: the second byte alone decides about overlong forms, surrogates and the end of the
/// range.
character character_at(std::string_view text, std::size_t at) {
    const auto lead = byte_at(text, at);
    if (lead < 0x80) {
        return {1, true};
    }
    std::size_t length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return {1, false};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (at + i >= text.size() || byte_at(text, at + i) < low || byte_at(text, at + i) > high) {
            return {i, false};
        }
        low = 0x80;
        high = 0xBF;
    }
    return {length, true};
}

void append_escape(std::string& out, unsigned code) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u00";
    out += digits[(code >> 4) & 0xF];
    out += digits[code & 0xF];
}

void append_ascii(std::string& out, char c) {
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7F) {
        append_escape(out, code);
    } else {
        out += c;
    }
}

template<class Number>
void append_number(std::string& out, Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

} // namespace

json::value parse_json(std::string_view text, std::string& error, json_limits limits) {
    error.clear();
    if (text.size() > limits.bytes) {
        error = "larger than " + std::to_string(limits.bytes >> 20) + " MiB";
        return nullptr;
    }
    json::parse_options options;
    options.max_depth = limits.depth;
    boost::system::error_code failed;
    auto parsed = json::parse(json::string_view{text.data(), text.size()}, failed, {}, options);
    if (failed) {
        error = failed == json::error::too_deep ? "nested deeper than " + std::to_string(limits.depth) + " levels"
                                                : "not JSON: " + failed.message();
        return nullptr;
    }
    return parsed;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const auto next = character_at(text, at);
        if (!next.valid) {
            out += "\xEF\xBF\xBD";
        } else if (next.bytes == 1) {
            append_ascii(out, text[at]);
        } else if (byte_at(text, at) == 0xC2 && byte_at(text, at + 1) < 0xA0) {
            append_escape(out, byte_at(text, at + 1)); // U+0080 to U+009F steer terminals
        } else {
            out.append(text.substr(at, next.bytes));
        }
        at += next.bytes;
    }
    out += '"';
}

void append_json_value(std::string& out, const json::value& value) {
    switch (value.kind()) {
    case json::kind::null:
        out += "null";
        return;
    case json::kind::bool_:
        out += value.get_bool() ? "true" : "false";
        return;
    case json::kind::int64:
        append_number(out, value.get_int64());
        return;
    case json::kind::uint64:
        append_number(out, value.get_uint64());
        return;
    case json::kind::double_:
        if (std::isfinite(value.get_double())) {
            append_number(out, value.get_double());
        } else {
            out += "null";
        }
        return;
    case json::kind::string:
        append_json_string(out, {value.get_string().data(), value.get_string().size()});
        return;
    case json::kind::array: {
        out += '[';
        std::string_view separator;
        for (const auto& element : value.get_array()) {
            out += separator;
            append_json_value(out, element);
            separator = ", ";
        }
        out += ']';
        return;
    }
    case json::kind::object: {
        out += '{';
        std::string_view separator;
        for (const auto& member : value.get_object()) {
            out += separator;
            append_json_string(out, {member.key().data(), member.key().size()});
            out += ": ";
            append_json_value(out, member.value());
            separator = ", ";
        }
        out += '}';
        return;
    }
    }
}

std::string to_json_text(const json::value& value) {
    std::string out;
    append_json_value(out, value);
    return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) {
        return text;
    }
    // A character has at most three continuation bytes; more of them are not UTF-8 and may be cut anywhere.
    std::size_t end = limit;
    for (int steps = 0; steps < 3 && end > 0 && (byte_at(text, end) & 0xC0) == 0x80; ++steps) {
        --end;
    }
    return text.substr(0, (byte_at(text, end) & 0xC0) == 0x80 ? limit : end);
}

} // namespace kyc
