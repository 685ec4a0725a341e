#include "net/request_head.hpp"

#include "net/url.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kyc::net {
namespace {

constexpr std::array<std::string_view, 9> made_here{
    "host",       "user-agent",      "accept", "accept-language", "content-length", "transfer-encoding",
    "connection", "accept-encoding", "expect"};

bool is_token_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_target_character(char c) {
    return c > ' ' && c < '\x7f';
}

bool is_value_character(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
}

void add_header(std::string& head, std::string_view name, std::string_view value) {
    if (name.empty() || !std::ranges::all_of(name, is_token_character))
        throw std::logic_error("a request header's name is not a token");
    if (!std::ranges::all_of(value, is_value_character))
        throw std::logic_error("the request header " + std::string(name) + " has a control character in its value");
    head.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string request_head(const http_request& request, std::string_view host, std::string_view user_agent,
                         std::uint64_t body_size) {
    if (request.method != "GET" && request.method != "POST") throw std::logic_error("a request is GET or POST");
    if (request.method == "GET" && body_size != 0) throw std::logic_error("a GET has no body");
    if (!request.target.starts_with('/') || !std::ranges::all_of(request.target, is_target_character))
        throw std::logic_error("a request target starts with a slash and is visible ASCII");

    std::string head;
    head.reserve(1024);
    head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    add_header(head, "Host", host);
    add_header(head, "User-Agent", user_agent);
    add_header(head, "Accept", "application/json");
    add_header(head, "Accept-Encoding", "identity"); // without it any coding would do (RFC 9110, 12.5.3)
    add_header(head, "Accept-Language", "en");
    for (const auto& [name, value] : request.headers) {
        if (std::ranges::find(made_here, lower_case(name)) != made_here.end())
            throw std::logic_error("the request header " + name + " is made by the client");
        add_header(head, name, value);
    }
    if (request.method == "POST") add_header(head, "Content-Length", std::to_string(body_size));
    return head.append("\r\n");
}

} // namespace kyc::net
