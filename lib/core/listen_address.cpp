#include "core/listen_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace kyc {

std::optional<listen_address> parse_listen_address(std::string_view text) {
    constexpr std::string_view socket = "unix:";
    listen_address address;
    if (text.starts_with(socket)) {
        address.path = text.substr(socket.size());
        if (!address.path.starts_with('/')) return std::nullopt;
        return address;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = text.substr(colon + 1);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (port.empty() || read.ec != std::errc() || read.ptr != port.data() + port.size()) return std::nullopt;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    if (host.empty()) return std::nullopt;
    address.host = host;
    return address;
}

std::string to_string(const listen_address& address) {
    if (address.is_unix()) return "unix:" + address.path;
    const auto port = ":" + std::to_string(address.port);
    return address.host.find(':') == std::string::npos ? address.host + port : "[" + address.host + "]" + port;
}

bool is_loopback(std::string_view host) {
    constexpr std::string_view name = "localhost";
    const auto same_letter = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
    if (std::equal(host.begin(), host.end(), name.begin(), name.end(), same_letter)) return true;
    const std::string text(host);
    in_addr four{};
    if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
    in6_addr six{};
    return ::inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
}

} // namespace kyc
