#include "config/setting_kinds.hpp"

#include <algorithm>
#include <charconv>

namespace kyc::yaml {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word_letter(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Printable ASCII without space: what a URL, an address or a name may hold.
bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// One of the parts between slashes, whichever way the path ends.
bool has_part(std::string_view path, std::string_view part) {
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (path.substr(0, slash) == part) return true;
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return false;
}

bool is_host(std::string_view host) {
    if (host.starts_with('[')) {
        const auto inside = host.substr(1, host.size() - 2);
        return host.ends_with(']') && inside.find(':') != std::string_view::npos &&
               inside.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    }
    return !host.empty() && host.size() <= 253 && !host.starts_with('-') && !host.starts_with('.') &&
           std::all_of(host.begin(), host.end(), [](char c) { return is_word_letter(c) || c == '-' || c == '.'; });
}

bool is_port(std::string_view text, std::uint32_t least) {
    std::uint32_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && text.size() <= 5 && port >= least &&
           port <= 65'535;
}

/// The port's colon of `host:port`; npos when there is none. The colons of an address in brackets are not it.
std::size_t port_colon(std::string_view authority) {
    const auto colon = authority.rfind(':');
    const auto bracket = authority.rfind(']');
    return colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)
               ? std::string_view::npos
               : colon;
}

bool is_authority(std::string_view text) {
    const auto colon = port_colon(text);
    return is_host(text.substr(0, colon)) && (colon == std::string_view::npos || is_port(text.substr(colon + 1), 1));
}

/// What both kinds of URL share: the text after the scheme, checked up to its first slash.
parsed<std::string> plain_url(const scalar& from, std::string_view scheme, std::string_view example) {
    const auto wanted = "; write it like " + std::string(example);
    auto text = from.text;
    // The text itself is not repeated below: what stands before an @ can be a password.
    if (!text.starts_with(scheme)) return refuse("must begin with " + std::string(scheme) + wanted);
    if (!is_visible(text)) return refuse("holds a space or a character that a URL cannot have" + wanted);
    if (text.find('@') != std::string_view::npos) return refuse("must not hold a user name or password" + wanted);
    if (text.find_first_of("?#") != std::string_view::npos) return refuse("must not hold a query or fragment" + wanted);
    while (text.ends_with('/') && text.size() > scheme.size())
        text.remove_suffix(1);
    const auto after = text.substr(scheme.size());
    if (!is_authority(after.substr(0, after.find('/')))) return refuse("has no valid host or port" + wanted);
    if (has_part(after, "..") || after.find("//") != std::string_view::npos)
        return refuse("must not hold '..' or '//' in its path" + wanted);
    return std::string(text);
}

objection outside(const scalar& from, const std::string& least, const std::optional<std::string>& most) {
    return refuse(quote_text(from.text) +
                  " is out of range; allowed: " + (most ? least + " to " + *most : "at least " + least));
}

std::string short_number(double value) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return {buffer, end};
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_word_letter(c) || c == '-' || c == '.' || c == '@'; });
}

} // namespace

parsed<bool> truth(const scalar& from) {
    if (!from.in_quotes && from.text == "true") return true;
    if (!from.in_quotes && from.text == "false") return false;
    return refuse(quote_text(from.text) +
                  (from.in_quotes ? " is in quotes and therefore text" : " is not a truth value") +
                  "; allowed: true, false");
}

kind<std::uint64_t> count(std::uint64_t least, std::uint64_t most) {
    return [=](const scalar& from) -> parsed<std::uint64_t> {
        const auto range = std::to_string(least) + " to " + std::to_string(most);
        const auto text = from.text;
        if (from.in_quotes) return refuse(quote_text(text) + " is in quotes and therefore text; allowed: " + range);
        if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
            return refuse(quote_text(text) + " is not a whole number; allowed: " + range);
        if (text.size() > 1 && text.starts_with('0'))
            return refuse(quote_text(text) +
                          " begins with a zero, which other readers take for octal; allowed: " + range);
        std::uint64_t value = 0;
        const auto fits = std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
        if (!fits || value < least || value > most) return outside(from, std::to_string(least), std::to_string(most));
        return value;
    };
}

kind<double> decimal(double least, double most) {
    return [=](const scalar& from) -> parsed<double> {
        const auto text = from.text;
        const auto range = short_number(least) + " to " + short_number(most);
        if (from.in_quotes) return refuse(quote_text(text) + " is in quotes and therefore text; allowed: " + range);
        const auto point = text.find('.');
        const auto whole = text.substr(0, point);
        const auto fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
        const auto all_digits = [](std::string_view part) {
            return !part.empty() && part.size() <= 15 && std::all_of(part.begin(), part.end(), is_digit);
        };
        if (!all_digits(whole) || !all_digits(fraction) || (whole.size() > 1 && whole.starts_with('0')))
            return refuse(quote_text(text) + " is not a decimal number such as 0.5; allowed: " + range);
        double value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        if (value < least || value > most) return outside(from, short_number(least), short_number(most));
        return value;
    };
}

kind<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return [=](const scalar& from) -> parsed<std::chrono::milliseconds> {
        const auto value = parse_duration(from.text);
        if (!value) return refuse(value.error());
        const auto top = most == longest_duration ? std::nullopt : std::optional(format_duration(most));
        if (*value < least || *value > most) return outside(from, format_duration(least), top);
        return *value;
    };
}

kind<std::uint64_t> size(std::uint64_t least) {
    return [=](const scalar& from) -> parsed<std::uint64_t> {
        const auto value = parse_size(from.text);
        if (!value) return refuse(value.error());
        if (*value < least) return outside(from, format_size(least), std::nullopt);
        return *value;
    };
}

parsed<std::filesystem::path> absolute_path(const scalar& from) {
    const auto text = from.text;
    if (!text.starts_with('/'))
        return refuse(quote_text(text) + " is not an absolute path; write it from the root, e.g. /var/spool/kycd");
    if (has_control(text)) return refuse(quote_text(text) + " holds a control character; a path here must not");
    if (has_part(text, "..")) return refuse(quote_text(text) + " holds '..'; write the path without it");
    auto path = std::filesystem::path(text).lexically_normal();
    if (!path.has_filename() && path != path.root_path()) path = path.parent_path(); // "/a/b/" is /a/b and nothing
    if (path == path.root_path()) return refuse("'/' is the whole file system; name a file or folder of its own");
    return path;
}

parsed<std::string> https_url(const scalar& from) {
    return plain_url(from, "https://", "https://be.progeny.tech/api/v3");
}

parsed<std::string> proxy_url(const scalar& from) {
    constexpr std::string_view scheme = "http://";
    auto url = plain_url(from, scheme, "http://proxy.example:3128");
    if (url && url->find('/', scheme.size()) != std::string::npos)
        return refuse(quote_text(from.text) +
                      " has a path, which a proxy has not; write it like http://proxy.example:3128");
    return url;
}

parsed<std::string> listen_address(const scalar& from) {
    constexpr std::string_view socket = "unix:";
    if (from.text.starts_with(socket)) {
        const auto path = absolute_path({from.text.substr(socket.size()), false});
        if (!path) return path.error();
        constexpr std::size_t longest = 107; // sun_path of sockaddr_un, less its zero
        if (path->native().size() > longest)
            return refuse("the socket's path is longer than 107 bytes, the system's limit");
        return std::string(socket) + path->native();
    }
    const auto colon = port_colon(from.text);
    if (colon == std::string_view::npos || !is_host(from.text.substr(0, colon)) ||
        !is_port(from.text.substr(colon + 1), 0))
        return refuse(quote_text(from.text) + " is not an address; allowed: host:port, [v6-address]:port, unix:/path");
    return std::string(from.text);
}

parsed<kyc::time_window> time_window(const scalar& from) {
    auto window = kyc::time_window::parse(from.text);
    if (!window) return refuse(window.error());
    return *std::move(window);
}

parsed<std::string> group_name(const scalar& from) {
    const auto text = from.text;
    if (text.empty() || text.size() > 32 || is_digit(text[0]) || text[0] == '-' || text[0] == '.' ||
        !is_plain_name(text) || text.find('@') != std::string_view::npos)
        return refuse(quote_text(text) + " is not the name of a group; write e.g. kyc-readers");
    return std::string(text);
}

parsed<secret_ref> reference(const scalar& from) {
    constexpr std::string_view forms = "write file:/path, credential:NAME or env:NAME";
    const auto after = [&](std::string_view prefix) { return from.text.substr(prefix.size()); };
    // Somebody may have written the secret itself behind the prefix: what is no name or path is not repeated.
    if (from.text.starts_with("file:")) {
        if (!after("file:").starts_with('/'))
            return refuse("what follows file: is not an absolute path; name the file that holds the secret, e.g. "
                          "file:/etc/kycd/password");
        auto path = absolute_path({after("file:"), false});
        if (!path) return path.error();
        return secret_ref{secret_ref::source::file, path->native()};
    }
    if (from.text.starts_with("credential:")) {
        const auto name = after("credential:");
        if (!is_plain_name(name))
            return refuse("what follows credential: is not the name of a systemd credential: letters, digits and "
                          "- _ . @ only");
        return secret_ref{secret_ref::source::credential, std::string(name)};
    }
    if (from.text.starts_with("env:")) {
        const auto name = after("env:");
        if (name.empty() || is_digit(name[0]) || !std::all_of(name.begin(), name.end(), is_word_letter))
            return refuse("what follows env: is not the name of an environment variable, e.g. KYCD_PASSWORD");
        return secret_ref{secret_ref::source::env, std::string(name)};
    }
    return refuse("must not be written here itself, because this file is read, copied and backed up by others; " +
                  std::string(forms));
}

parsed<secret_ref> reference_or_value(const scalar& from) {
    for (const std::string_view prefix : {"file:", "credential:", "env:"})
        if (from.text.starts_with(prefix)) return reference(from);
    if (from.text.empty() || from.text.size() > 256 || has_control(from.text))
        return refuse("must be a name of 1 to 256 characters, or file:/path, credential:NAME, env:NAME");
    // More likely a mistyped reference than a name, and would be sent to the API as one.
    if (from.text.find(':') != std::string_view::npos)
        return refuse("holds a colon but is none of file:/path, credential:NAME, env:NAME");
    return secret_ref{secret_ref::source::inline_value, std::string(from.text)};
}

parsed<std::string> service_path(const scalar& from) {
    const auto text = from.text;
    const auto fine = [](char c) { return is_word_letter(c) || c == '-' || c == '.' || c == '/'; };
    if (text.size() < 2 || text.size() > 200 || text.starts_with('/') || !text.ends_with('/') || has_part(text, "..") ||
        has_part(text, ".") || text.find("//") != std::string_view::npos ||
        !std::all_of(text.begin(), text.end(), fine))
        return refuse(quote_text(text) +
                      " is not a path below services/; write it relative and with the slash at its end, "
                      "e.g. my_service/");
    return std::string(text);
}

parsed<std::string> form_field(const scalar& from) {
    const auto text = from.text;
    if (text == "extend_data") return refuse("'extend_data' is not listed as a field; write extend_data: true instead");
    if (text.empty() || text.size() > 64 || !std::all_of(text.begin(), text.end(), is_word_letter))
        return refuse(quote_text(text) + " is not a field's name; allowed: 1 to 64 letters, digits and underscores");
    return std::string(text);
}

} // namespace kyc::yaml
