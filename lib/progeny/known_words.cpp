#include "progeny/known_words.hpp"

#include <algorithm>
#include <array>

namespace kyc::progeny {

namespace {

/// Of Django REST framework (exceptions.py), of Simple JWT (authentication.py, tokens.py), and those that progeny-api
/// section 3 shows. None is the beginning of another one.
constexpr std::array<std::string_view, 25> details{
    "A server error occurred.",
    "Authentication credentials were not provided.",
    "Authorization header must contain two space-delimited values",
    "CSRF Failed",
    "Could not satisfy the request Accept header.",
    "Given token not valid for any token type",
    "Incorrect authentication credentials.",
    "Internal server error",
    "Invalid token",
    "JSON parse error",
    "Malformed request.",
    "Method \"GET\" not allowed.",
    "Method \"POST\" not allowed.",
    "Multipart form parse error",
    "No active account found with the given credentials",
    "Not found.",
    "Request was throttled.",
    "Token contained no recognizable user identification",
    "Token has wrong type",
    "Token is blacklisted",
    "Token is expired",
    "Token is invalid",
    "Unsupported media type",
    "User is inactive",
    "You do not have permission to perform this action.",
};

/// Of nginx (ngx_http_special_response.c).
constexpr std::array<std::string_view, 16> titles{
    "400 Bad Request",
    "400 No required SSL certificate was sent",
    "400 Request Header Or Cookie Too Large",
    "400 The SSL certificate error",
    "400 The plain HTTP request was sent to HTTPS port",
    "401 Authorization Required",
    "403 Forbidden",
    "404 Not Found",
    "405 Not Allowed",
    "408 Request Time-out",
    "411 Length Required",
    "413 Request Entity Too Large",
    "414 Request-URI Too Large",
    "415 Unsupported Media Type",
    "421 Misdirected Request",
    "429 Too Many Requests",
};

} // namespace

std::string_view known_detail(std::string_view detail) {
    const auto* const found =
        std::find_if(details.begin(), details.end(), [&](auto known) { return detail.starts_with(known); });
    return found != details.end() ? *found : std::string_view();
}

std::string_view known_title(std::string_view title) {
    const auto* const found = std::find(titles.begin(), titles.end(), title);
    return found != titles.end() ? *found : std::string_view();
}

} // namespace kyc::progeny
