// What the API sends besides answers: tokens, error bodies, headers. Input: Location, Retry-After and Date, each ended
// by a line end, then a body, which serves as an error, as a token and as a token's payload.

#include "core/jwt.hpp"
#include "core/settings.hpp"
#include "fuzz.hpp"
#include "progeny/messages.hpp"
#include "progeny/retry_after.hpp"

using kyc::fuzz::require;
using kyc::fuzz::take_until;

namespace {

void check_times(std::string_view token) {
    const auto times = kyc::read_jwt_times(token);
    for (const auto& at : {times.expires_at, times.issued_at})
        require(!at || (*at >= 0 && *at <= 253'402'300'799), "a token's times are between 1970 and 9999", token);
}

std::string base64url(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
        const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
        const auto pair = at(bit / 8) << 8 | at(bit / 8 + 1);
        text += digits[(pair >> (10 - bit % 8)) & 63u];
    }
    return text;
}

void check_redirect(std::string_view said) {
    constexpr std::string_view before = ", a redirect to ";
    auto place = said.substr(said.find(before) + before.size());
    // What follows is the server's own words, where an @ is nobody's password.
    place = place.substr(0, place.rfind(", which is never followed"));
    if (place.find("://") == std::string_view::npos) return;
    take_until(place, "://");
    require(take_until(place, "/").find('@') == std::string_view::npos, "no user or password is repeated", said);
}

/// What a 400 says is about the values that were sent; only what a gateway calls its own page is told.
void check_bad_request(std::string_view said) {
    constexpr std::string_view known = "submit of kyc_card: HTTP 400";
    constexpr std::string_view page = ", a page instead of JSON";
    require(said.starts_with(known), "a description begins with the call", said);
    said.remove_prefix(known.size());
    if (said.empty()) return;
    require(said.starts_with(page), "a 400's words are not for a log", said);
    said.remove_prefix(page.size());
    require(said.starts_with(';') || said.starts_with(" (\"400 "), "a page is called what its gateway calls it", said);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = kyc::fuzz::text_of(data, size);
    kyc::net::http_response reply;
    reply.location = take_until(input, "\n");
    reply.retry_after = take_until(input, "\n");
    reply.date = take_until(input, "\n");
    reply.body = input;
    for (const int status : {302, 400, 401, 403, 503}) {
        reply.status = status;
        for (const auto kind : {kyc::progeny::call_kind::of_a_case, kyc::progeny::call_kind::of_tokens}) {
            const auto said = kyc::progeny::describe("submit of kyc_card", reply, kind);
            require(kyc::fuzz::is_one_line(said) && said.size() < 600, "a description is one line", said);
            if (status == 302) check_redirect(said);
            if (status == 400 && kind == kyc::progeny::call_kind::of_a_case) check_bad_request(said);
        }
    }
    const kyc::retry_settings rules;
    const auto wait = kyc::progeny::retry_after_of(reply, rules);
    require(!wait || (wait->count() >= 0 && *wait <= rules.retry_after_max), "a wait is capped", *reply.retry_after);

    check_times(input);
    check_times("e30." + base64url(input) + ".x");
    const auto& secret = *reply.location;
    auto text = reply.body + secret + secret;
    kyc::progeny::scrub(text, secret);
    require(secret.empty() || secret.find('*') != std::string::npos || text.find(secret) == std::string::npos,
            "no secret is left", text);
    const auto query = kyc::progeny::percent_encoded(input);
    require(query.find_first_of("&=#?/+ ") == std::string::npos && kyc::fuzz::is_one_line(query), "a query's value",
            query);
    return 0;
}
