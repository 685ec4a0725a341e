#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace kyc::net {
namespace {

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_visible(char c) {
    return c > ' ' && c < '\x7f';
}

std::string without_trailing_slashes(std::string_view path) {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string(path);
}

} // namespace

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

bool is_address(std::string_view host) {
    boost::system::error_code no_address;
    (void)boost::asio::ip::make_address(std::string(host), no_address);
    return !no_address;
}

result<host_and_port, std::string> parse_authority(std::string_view text, std::uint16_t default_port) {
    host_and_port found;
    found.port = default_port;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return std::string("the bracket of the IPv6 address is not closed");
        found.host = lower_case(text.substr(1, end - 1));
        if (found.host.find(':') == found.host.npos || !is_address(found.host))
            return std::string("there is no IPv6 address between the brackets");
        rest = text.substr(end + 1);
    } else {
        const auto end = std::min(text.find(':'), text.size());
        found.host = lower_case(text.substr(0, end));
        rest = text.substr(end);
        if (found.host.empty()) return std::string("the host is missing");
        if (found.host.size() > 253) return std::string("the host is too long");
        if (!std::ranges::all_of(found.host, is_host_character))
            return std::string("the host has a character that no host name has");
    }
    if (rest.empty()) return found;
    rest.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), found.port);
    if (text[text.size() - rest.size() - 1] != ':' || error != std::errc() || end != rest.data() + rest.size() ||
        found.port == 0)
        return std::string("the port is not a number from 1 to 65535");
    return found;
}

std::string to_authority(std::string_view host, std::uint16_t port, std::uint16_t default_port) {
    std::string text;
    if (host.find(':') == host.npos)
        text = host;
    else
        text.append("[").append(host).append("]");
    if (port != default_port) text.append(":").append(std::to_string(port));
    return text;
}

result<url, std::string> parse_https_url(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return std::string("it is not a URL; write https://host/path");
    const auto scheme = lower_case(text.substr(0, scheme_end));
    if (scheme == "http") return std::string("http would send the documents in the clear; write https://");
    if (scheme != "https") return std::string("only https:// is possible");

    const auto rest = text.substr(scheme_end + 3);
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    const auto path = rest.substr(authority.size());
    if (authority.find('@') != authority.npos)
        return std::string("it has a user name in it; credentials have keys of their own");
    if (path.find('?') != path.npos) return std::string("it has a query ('?'), which cannot be part of it");
    if (path.find('#') != path.npos) return std::string("it has a fragment ('#'), which cannot be part of it");
    if (!std::ranges::all_of(path, is_visible))
        return std::string("its path has a space, a control character or a letter beyond ASCII; percent-encode it");

    auto where = parse_authority(authority, 443);
    if (!where) return where.error();
    url found;
    found.host = std::move(where->host);
    found.port = where->port;
    found.path = without_trailing_slashes(path);
    return found;
}

} // namespace kyc::net
