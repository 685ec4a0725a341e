#include "net/proxy.hpp"

#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>

namespace kyc::net {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        plain.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return plain;
}

std::string base64(std::string_view bytes) {
    static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k)
            text.push_back(i + k <= bytes.size() ? letters[group >> (18 - 6 * k) & 63] : '=');
    }
    return text;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_address(std::string_view one, std::string_view other) {
    boost::system::error_code no_address;
    const auto left = boost::asio::ip::make_address(std::string(one), no_address);
    if (no_address) return false;
    const auto right = boost::asio::ip::make_address(std::string(other), no_address);
    return !no_address && left == right;
}

// One entry of no_proxy.
bool covers(std::string_view entry, std::string_view host, std::uint16_t port) {
    if (entry == "*") return true;
    if (same_address(entry, host)) return true; // before the colons of an IPv6 address are taken for a port
    while (entry.starts_with("*.") || entry.starts_with('.'))
        entry.remove_prefix(entry.starts_with('.') ? 1 : 2);
    const auto parsed = parse_authority(entry, port);
    if (!parsed || parsed->port != port) return false;
    const std::string_view name = parsed->host;
    if (is_address(host)) return same_address(name, host);
    return host == name ||
           (host.size() > name.size() && host.ends_with(name) && host[host.size() - name.size() - 1] == '.');
}

std::optional<std::string> either_case(const environment_lookup& lookup, const char* lower, const char* upper) {
    if (auto value = lookup(lower)) return value;
    return lookup(upper);
}

} // namespace

result<proxy_address, std::string> parse_proxy(std::string_view text) {
    text = trimmed(text);
    if (const auto scheme_end = text.find("://"); scheme_end != text.npos) {
        if (lower_case(text.substr(0, scheme_end)) != "http")
            return std::string("only an http:// proxy is possible (the traffic inside it is TLS all the same)");
        text.remove_prefix(scheme_end + 3);
    }
    proxy_address found;
    if (const auto at = text.rfind('@'); at != text.npos) {
        const auto user = text.substr(0, std::min(text.find(':'), at));
        const auto password =
            user.size() < at ? text.substr(user.size() + 1, at - user.size() - 1) : std::string_view();
        auto plain_user = percent_decoded(user);
        const auto plain_password = percent_decoded(password);
        if (!plain_user || !plain_password)
            return std::string("its user or password has a '%' that is not followed by two hexadecimal digits");
        if (plain_user->find(':') != plain_user->npos) return std::string("its user name has a colon in it");
        const secret both(*plain_user + ":" + *plain_password);
        found.authorization = secret("Basic " + base64(both.reveal()));
        text.remove_prefix(at + 1);
    }
    if (text.ends_with('/')) text.remove_suffix(1);
    auto where = parse_authority(text, 80);
    if (!where) return where.error();
    found.host = std::move(where->host);
    found.port = where->port;
    return found;
}

std::optional<std::string> proxy_from_environment(std::string_view host, const environment_lookup& lookup,
                                                  std::uint16_t port) {
    auto proxy = either_case(lookup, "https_proxy", "HTTPS_PROXY");
    if (!proxy || trimmed(*proxy).empty()) return std::nullopt;
    auto wanted = lower_case(host);
    if (wanted.ends_with('.')) wanted.pop_back();
    const auto exceptions = either_case(lookup, "no_proxy", "NO_PROXY").value_or("");
    for (std::string_view rest = exceptions; !rest.empty();) {
        const auto entry = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
        if (const auto name = trimmed(entry); !name.empty() && covers(name, wanted, port)) return std::nullopt;
    }
    return std::string(trimmed(*proxy));
}

} // namespace kyc::net
