#pragma once
// What a reply said, in one sentence that may be logged: no secret, no field of a case.

#include "core/transport.hpp"
#include "net/http_client.hpp"

#include <string>
#include <string_view>

namespace kyc::progeny {

/// The `detail` and `code` of an API error body; empty when it has none, is not JSON, or is too long to be a plain
/// error.
struct api_error {
    std::string detail;
    std::string code;
};

[[nodiscard]] api_error read_error(std::string_view body);

/// A 4xx whose body is neither JSON nor empty: a proxy's page, or Django's own, and not what the API says.
[[nodiscard]] bool is_page(const net::http_response& reply);

/// A 401, or the 403 that a server gives for missing credentials when it has no challenge to offer.
[[nodiscard]] bool is_unauthorised(const net::http_response& reply);

/// What a call was about, and so what its reply may repeat.
enum class call_kind {
    of_a_case, ///< forms, pictures and answers: of the API's own words only those are told that are the same for all
    of_tokens, ///< user name and password: all is told, once they are scrubbed
};

/// "submit of kyc_card: HTTP 404: <detail>", with the place a redirect names (no query).
[[nodiscard]] std::string describe(std::string_view call, const net::http_response& reply, call_kind kind);

/// "submit of kyc_card: timed out after the request was sent: <message>"
[[nodiscard]] std::string describe(std::string_view call, const transport_error& error);

/// Replaces every occurrence of the secret; for texts that others wrote.
void scrub(std::string& text, std::string_view secret);

/// For a query: everything but RFC 3986's unreserved characters as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace kyc::progeny
