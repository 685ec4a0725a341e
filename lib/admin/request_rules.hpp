#pragma once
// What of a request to the admin page is served and what is refused: decisions, without sockets.

#include "core/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::admin {

/// A request's head, as far as it matters here.
struct request_head {
    std::string method;
    std::string target;
    int version = 11; ///< 10 or 11
    std::vector<std::string> hosts{};
    std::vector<std::string> authorizations{};
    std::string if_none_match{};
    bool has_body = false;
};

/// Who may ask.
struct access_rules {
    /// Only names of this machine in the Host header: what a browser was lured to by another name (DNS rebinding) is
    /// somebody else's page, which may not read here.
    bool only_this_machine = false;
    std::optional<secret> token; ///< asked for, if there is one
};

/// The reply to a request that is not served.
struct refusal {
    int status = 400;
    std::string why; ///< a sentence for whoever asked
    std::vector<std::string> headers{};
};

/// None: serve it. The order is: who asks, then what.
[[nodiscard]] std::optional<refusal> refuse(const request_head& asked, const access_rules& rules);

/// What is asked for: the target's path, without query; also of the absolute form, which a proxy may send.
[[nodiscard]] std::string_view path_of(std::string_view target);

/// Whether If-None-Match names this tag (RFC 9110, section 13.1.2).
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view etag);

/// Whether `Authorization: Bearer <token>`, or `Basic` with the token as password and any name, shows this token. Takes
/// as long for a wrong token as for the right one.
[[nodiscard]] bool shows_token(std::string_view authorization, const secret& token);

} // namespace kyc::admin
