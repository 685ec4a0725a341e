#pragma once
// Requests and replies without a socket, so that everything but the session can be tested as plain functions.

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::sandbox {

/// A request that was read whole. `body` belongs to the session.
struct request {
    std::string method;
    std::string path;  ///< without the query
    std::string query; ///< without the question mark
    std::vector<std::pair<std::string, std::string>> headers;
    std::string_view body;
    bool has_length = true; ///< false: chunked, which the API sees as an empty form

    /// The header's value, letter case of the name ignored.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;

    /// The first value of a query parameter, percent-decoded.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct reply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// JSON with its numbers as Python writes them (2.59, where Boost.JSON 1.81 writes 2.59E0).
[[nodiscard]] std::string json_text(const boost::json::value& value);

[[nodiscard]] reply json_reply(int status, const boost::json::value& body);

/// {"detail": …} and, when given, "code".
[[nodiscard]] reply detail_reply(int status, std::string_view detail, std::string_view code = {});

/// A page as Django makes it, e.g. "Not Found" with a sentence.
[[nodiscard]] reply django_page(int status, std::string_view title, std::string_view sentence = {});

/// A page as nginx makes it, e.g. 502.
[[nodiscard]] reply nginx_page(int status);

[[nodiscard]] std::string_view reason_phrase(int status);

/// How a reply goes onto the wire when it is not simply itself.
struct framing {
    bool keep_alive = true;
    bool with_length = true;
    long long length_error = 0; ///< added to the true Content-Length
    bool head_only = false;     ///< the reply to HEAD
};

/// Status line and headers, up to and including the empty line.
[[nodiscard]] std::string head_of(const reply& r, const framing& how, std::string_view http_date);

[[nodiscard]] std::string percent_decoded(std::string_view text);
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b);

} // namespace kyc::sandbox
