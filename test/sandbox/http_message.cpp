#include "sandbox/http_message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>

namespace kyc::sandbox {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string json_text(const boost::json::value& value) {
    std::string out;
    if (const auto* object = value.if_object()) {
        for (const auto& [key, member] : *object)
            out += (out.empty() ? "" : ",") + boost::json::serialize(boost::json::value(key)) + ":" + json_text(member);
        return "{" + out + "}";
    }
    if (const auto* array = value.if_array()) {
        for (const auto& item : *array)
            out += (out.empty() ? "" : ",") + json_text(item);
        return "[" + out + "]";
    }
    if (!value.is_double()) return boost::json::serialize(value);
    char digits[32];
    out.assign(digits, std::to_chars(digits, digits + sizeof digits, value.get_double()).ptr);
    return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::optional<std::string_view> request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_ignoring_case(key, name)) return value;
    return std::nullopt;
}

std::optional<std::string> request::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (percent_decoded(pair.substr(0, equals)) != name) continue;
        return equals == std::string_view::npos ? std::string{} : percent_decoded(pair.substr(equals + 1));
    }
    return std::nullopt;
}

reply json_reply(int status, const boost::json::value& body) {
    reply out;
    out.status = status;
    out.body = json_text(body);
    return out;
}

reply detail_reply(int status, std::string_view detail, std::string_view code) {
    boost::json::object body{{"detail", detail}};
    if (!code.empty()) body["code"] = code;
    return json_reply(status, body);
}

reply django_page(int status, std::string_view title, std::string_view sentence) {
    reply out;
    out.status = status;
    out.content_type = "text/html; charset=utf-8";
    const std::string heading(title);
    out.body = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>" + heading +
               "</title>\n</head>\n<body>\n  <h1>" + heading + "</h1><p>" + std::string(sentence) +
               "</p>\n</body>\n</html>\n";
    return out;
}

reply nginx_page(int status) {
    reply out;
    out.status = status;
    out.content_type = "text/html";
    const auto title = std::to_string(status) + " " +
                       (status == 503   ? std::string("Service Temporarily Unavailable")
                        : status == 504 ? std::string("Gateway Time-out")
                                        : std::string(reason_phrase(status)));
    out.body = "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
               "</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
    return out;
}

std::string_view reason_phrase(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 408:
        return "Request Timeout";
    case 413:
        return "Request Entity Too Large";
    case 415:
        return "Unsupported Media Type";
    case 425:
        return "Too Early";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Unknown";
    }
}

std::string head_of(const reply& r, const framing& how, std::string_view http_date) {
    std::string out = "HTTP/1.1 " + std::to_string(r.status) + " ";
    out += reason_phrase(r.status);
    out += "\r\nServer: nginx/1.22.1\r\nDate: ";
    out += http_date;
    out += "\r\n";
    if (!r.content_type.empty()) out += "Content-Type: " + r.content_type + "\r\n";
    if (how.with_length)
        out += "Content-Length: " +
               std::to_string(std::max(0LL, static_cast<long long>(r.body.size()) + how.length_error)) + "\r\n";
    out += how.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    for (const auto& [name, value] : r.headers)
        out += name + ": " + value + "\r\n";
    return out + "\r\n";
}

} // namespace kyc::sandbox
