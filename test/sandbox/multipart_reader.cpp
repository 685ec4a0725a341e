#include "sandbox/multipart_reader.hpp"

#include "sandbox/http_message.hpp"

#include <algorithm>
#include <cstring> // memmem
#include <map>

namespace kyc::sandbox {

namespace {

constexpr std::size_t max_part_headers = 1024;
constexpr std::size_t max_boundary = 200;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// `form-data; name="a"; filename="b;c"` → the parameters; keys in lower case.
std::map<std::string, std::string> parameters_of(std::string_view header) {
    std::map<std::string, std::string> out;
    auto at = header.find(';');
    while (at != std::string_view::npos && at + 1 < header.size()) {
        const auto equals = header.find('=', at + 1);
        if (equals == std::string_view::npos) break;
        std::string key(trimmed(header.substr(at + 1, equals - at - 1)));
        std::transform(key.begin(), key.end(), key.begin(),
                       [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
        std::string value;
        auto i = equals + 1;
        if (i < header.size() && header[i] == '"') {
            for (++i; i < header.size() && header[i] != '"'; ++i) {
                if (header[i] == '\\' && i + 1 < header.size() && (header[i + 1] == '"' || header[i + 1] == '\\')) ++i;
                value += header[i];
            }
            at = header.find(';', i);
        } else {
            at = header.find(';', i);
            value = trimmed(header.substr(i, at == std::string_view::npos ? at : at - i));
        }
        out.emplace(std::move(key), std::move(value));
    }
    return out;
}

std::size_t find(std::string_view where, std::string_view what, std::size_t from) {
    if (from > where.size()) return std::string_view::npos;
    const void* hit = ::memmem(where.data() + from, where.size() - from, what.data(), what.size());
    return hit == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(hit) - where.data());
}

std::string without_directories(const std::string& filename) {
    const auto slash = filename.find_last_of("/\\");
    return slash == std::string::npos ? filename : filename.substr(slash + 1);
}

bool valid_boundary(std::string_view boundary) {
    if (boundary.empty() || boundary.size() > max_boundary || boundary.back() == ' ') return false;
    return std::all_of(boundary.begin(), boundary.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<form_part> read_part(std::string_view raw) {
    const auto head_end = raw.substr(0, 2) == "\r\n" ? std::size_t{0} : find(raw, "\r\n\r\n", 0);
    if (head_end > max_part_headers) return std::nullopt; // or there is none
    form_part part;
    std::optional<std::map<std::string, std::string>> disposition;
    auto head = raw.substr(0, head_end);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos &&
            same_ignoring_case(trimmed(line.substr(0, colon)), "content-disposition"))
            disposition = parameters_of(line.substr(colon + 1));
    }
    if (!disposition || !disposition->contains("name")) return std::nullopt;
    part.name = disposition->at("name");
    if (const auto filename = disposition->find("filename");
        filename != disposition->end() && !filename->second.empty())
        part.filename = without_directories(filename->second);
    part.bytes = raw.substr(head_end + (head_end == 0 ? 2 : 4));
    return part;
}

} // namespace

const form_part* form::find(std::string_view name) const {
    const auto hit = std::find_if(parts.rbegin(), parts.rend(), [&](const form_part& p) { return p.name == name; });
    return hit == parts.rend() ? nullptr : &*hit;
}

boost::system::result<form, std::string> read_multipart(std::string_view content_type, std::string_view body) {
    const auto parameters = parameters_of(content_type);
    const auto given = parameters.find("boundary");
    if (given == parameters.end() || !valid_boundary(given->second))
        return "Multipart form parse error - Invalid boundary in multipart: " +
               (given == parameters.end() ? std::string("None") : given->second);
    const auto delimiter = "\r\n--" + given->second;

    form out;
    // The first delimiter may lack the line break before it; anything before it is a preamble.
    std::size_t at =
        body.starts_with(std::string_view(delimiter).substr(2)) ? delimiter.size() - 2 : find(body, delimiter, 0);
    if (at == std::string_view::npos) return out;
    if (at != delimiter.size() - 2 || !body.starts_with(std::string_view(delimiter).substr(2))) at += delimiter.size();
    while (true) {
        if (body.substr(at, 2) == "--") return out;
        const auto line_end = find(body, "\r\n", at);
        if (line_end == std::string_view::npos) return out;
        const auto next = find(body, delimiter, line_end);
        const auto begin = line_end + 2;
        const auto raw = next == std::string_view::npos ? body.substr(begin)
                         : next < begin                 ? std::string_view{}
                                                        : body.substr(begin, next - begin);
        // What follows the boundary on its line must be blank, else it is another, longer boundary.
        if (trimmed(body.substr(at, line_end - at)).empty())
            if (auto part = read_part(raw)) out.parts.push_back(std::move(*part));
        if (next == std::string_view::npos) return out;
        at = next + delimiter.size();
    }
}

} // namespace kyc::sandbox
