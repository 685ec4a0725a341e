#include "admin/http_reply.hpp"

#include "core/http_date.hpp"

namespace kyc::admin {

namespace {

std::string_view reason_of(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 304:
        return "Not Modified";
    case 401:
        return "Unauthorized";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 421:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

/// Nothing but our own files and connections to where they came from; no frame, no form, no other site's eyes.
constexpr std::string_view for_browsers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

} // namespace

http_reply explanation(int status, std::string why) {
    http_reply reply;
    reply.status = status;
    reply.made = std::move(why) + "\n";
    return reply;
}

std::string head_of(const http_reply& reply, bool keep_alive, std::chrono::sys_seconds now) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    head += reason_of(reply.status);
    head += "\r\nDate: " + to_http_date(now) + "\r\n";
    if (reply.status != 304) head += "Content-Type: " + reply.content_type + "\r\n";
    if (reply.status != 304 && !reply.endless)
        head += "Content-Length: " + std::to_string(reply.body().size()) + "\r\n";
    if (reply.etag.empty()) {
        head += "Cache-Control: no-store\r\n";
    } else {
        head += "Cache-Control: no-cache\r\nETag: " + reply.etag + "\r\n";
    }
    head += for_browsers;
    for (const auto& each : reply.headers)
        head += each + "\r\n";
    // Said either way: HTTP/1.0 does not keep connections by itself, HTTP/1.1 does.
    head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head;
}

std::string to_event(std::string_view name, std::string_view data) {
    std::string event = "event: " + std::string(name) + "\ndata: ";
    event.reserve(event.size() + data.size() + 2);
    bool indent = false;
    for (const char c : data) {
        if (c == '\n' || c == '\r') {
            indent = true;
        } else if (!indent || c != ' ') {
            indent = false;
            event += c;
        }
    }
    return event + "\n\n";
}

} // namespace kyc::admin
