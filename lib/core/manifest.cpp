#include "core/manifest.hpp"

#include "core/json_text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace kyc {

namespace {

namespace json = boost::json;

constexpr std::size_t largest_manifest = std::size_t{64} << 10;
constexpr std::string_view top_keys = "files, fields, extend_data, sha256, priority and labels";

json::parse_options options() {
    json::parse_options chosen;
    chosen.max_depth = 8;
    return chosen;
}

/// Follows the text to find a key that stands twice in one object: json::parse would keep the last in silence.
struct duplicate_finder {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    std::vector<std::set<std::string>> open_objects;
    std::string key;
    std::optional<std::string> duplicate;

    bool on_document_begin(json::error_code&) { return true; }

    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code&) {
        open_objects.emplace_back();
        return true;
    }

    bool on_object_end(std::size_t, json::error_code&) {
        open_objects.pop_back();
        return true;
    }

    bool on_array_begin(json::error_code&) { return true; }

    bool on_array_end(std::size_t, json::error_code&) { return true; }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key.append(part.data(), part.size());
        return true;
    }

    bool on_key(json::string_view rest, std::size_t, json::error_code& ec) {
        key.append(rest.data(), rest.size());
        if (!open_objects.back().insert(key).second) {
            duplicate = key;
            ec = json::error::syntax; // any error ends the parse; `duplicate` says why
            return false;
        }
        key.clear();
        return true;
    }

    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }

    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }

    bool on_number_part(json::string_view, json::error_code&) { return true; }

    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }

    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }

    bool on_double(double, json::string_view, json::error_code&) { return true; }

    bool on_bool(bool, json::error_code&) { return true; }

    bool on_null(json::error_code&) { return true; }

    bool on_comment_part(json::string_view, json::error_code&) { return true; }

    bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::string_view found(const json::value& value) {
    switch (value.kind()) {
    case json::kind::null:
        return "null";
    case json::kind::bool_:
        return value.get_bool() ? "true" : "false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
        return "a number";
    case json::kind::string:
        return "a string";
    case json::kind::array:
        return "a list";
    case json::kind::object:
        return "an object";
    }
    return "something else";
}

/// A key in a message: what a producer wrote, cut so that it cannot flood a log, control characters shown as '?'.
std::string quoted(std::string_view key) {
    constexpr std::size_t enough = 80;
    std::string text = "\"";
    for (const char c : utf8_prefix(key, enough))
        text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return text + (key.size() > enough ? "…\"" : "\"");
}

/// Collects the first objection, so that the reading itself stays a straight line.
class reader {
  public:
    std::optional<std::string> objection;

    std::map<std::string, std::string> texts(const std::string& key, const json::value& value) {
        std::map<std::string, std::string> read;
        const auto* object = value.if_object();
        if (!object) {
            objection = key + " must be an object of strings, not " + std::string(found(value));
            return read;
        }
        for (const auto& [name, member] : *object) {
            const auto* text = member.if_string();
            if (!text) {
                objection = key + "." + quoted({name.data(), name.size()}) + " must be a string, not " +
                            std::string(found(member));
                return read;
            }
            read.emplace(std::string(name.data(), name.size()), std::string(text->data(), text->size()));
        }
        return read;
    }

    void check_component(const std::string& where, const std::string& name) {
        constexpr std::size_t longest = 255; // of any file's name; so that no message that names one is without end
        if (objection) return;
        if (name.size() > longest) {
            objection = where + " has " + std::to_string(name.size()) + " bytes, more than a file's name can have";
        } else if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
                   name.find('\0') != std::string::npos) {
            objection =
                where + " must be the name of a file in the case's own folder, without a path, not " + quoted(name);
        }
    }
};

bool is_sha256(const std::string& text) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    return text.size() == 64 && std::all_of(text.begin(), text.end(), hex);
}

void read_member(reader& in, manifest& out, const std::string& key, const json::value& value) {
    if (key == "files") {
        out.files = in.texts(key, value);
        for (const auto& [field, name] : out.files)
            in.check_component("files." + quoted(field), name);
    } else if (key == "fields") {
        out.fields = in.texts(key, value);
    } else if (key == "labels") {
        out.labels = in.texts(key, value);
    } else if (key == "sha256") {
        out.sha256 = in.texts(key, value);
        for (auto& [name, hash] : out.sha256) {
            in.check_component("a key of sha256", name);
            if (!in.objection && !is_sha256(hash))
                in.objection = "sha256." + quoted(name) + " must be 64 hexadecimal digits";
            std::transform(hash.begin(), hash.end(), hash.begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
        }
    } else if (key == "extend_data") {
        if (!value.is_bool()) {
            in.objection = "extend_data must be true or false, not " + std::string(found(value));
        } else {
            out.extend_data = value.get_bool();
        }
    } else if (key == "priority") {
        const auto* text = value.if_string();
        if (!text) {
            in.objection = "priority must be \"high\" or \"normal\", not " + std::string(found(value));
        } else if (*text != "high" && *text != "normal") {
            in.objection = "priority must be \"high\" or \"normal\"";
        } else {
            out.high_priority = *text == "high";
        }
    } else {
        in.objection = "the key " + quoted(key) + " is unknown; known are " + std::string(top_keys);
    }
}

std::string where_in(std::string_view text, std::size_t at) {
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size())), '\n');
    return "line " + std::to_string(line + 1);
}

/// None when the text is JSON without a duplicate key.
std::optional<std::string> syntax_objection(std::string_view text) {
    json::basic_parser<duplicate_finder> parser(options());
    json::error_code ec;
    const std::size_t at = parser.write_some(false, text.data(), text.size(), ec);
    if (const auto& twice = parser.handler().duplicate) {
        return "the key " + quoted(*twice) + " stands twice in one object (" + where_in(text, at) + ")";
    }
    if (!ec && at < text.size()) ec = json::error::extra_data;
    if (!ec) return std::nullopt;
    return "it is not valid JSON (" + where_in(text, at) + "): " + ec.message();
}

boost::system::result<manifest, std::string> parse_checked(std::string_view text) {
    if (text.size() > largest_manifest) {
        return "it is " + std::to_string(text.size()) + " bytes and at most " + std::to_string(largest_manifest) +
               " are allowed";
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (auto objection = syntax_objection(text)) return std::move(*objection);

    json::error_code ec;
    const json::value document = json::parse({text.data(), text.size()}, ec, {}, options());
    if (ec) return "it is not valid JSON: " + ec.message();
    const auto* top = document.if_object();
    if (!top) return "it must be an object, not " + std::string(found(document));

    manifest said;
    reader in;
    for (const auto& [key, value] : *top) {
        read_member(in, said, std::string(key.data(), key.size()), value);
        if (in.objection) return std::move(*in.objection);
    }
    return said;
}

} // namespace

boost::system::result<manifest, std::string> parse_manifest(std::string_view text) {
    auto parsed = parse_checked(text);
    if (parsed.has_error()) return "case.json cannot be used: " + parsed.error();
    return parsed;
}

} // namespace kyc
