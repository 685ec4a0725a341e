#include "admin/request_rules.hpp"

#include "core/base64.hpp"
#include "core/listen_address.hpp"
#include "fs/sha256.hpp"

#include <algorithm>
#include <span>

namespace kyc::admin {

namespace {

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [lower](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Hashes are compared, so that neither the length nor a common beginning shows in the time it takes.
bool same_secret(std::string_view offered, const secret& token) {
    const auto hash = [](std::string_view text) { return fs::sha256_hex(std::as_bytes(std::span(text))); };
    const auto a = hash(offered);
    const auto b = hash(token.reveal());
    unsigned differences = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        differences |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    return differences == 0;
}

/// The Host header without its port.
std::string_view host_name(std::string_view host) {
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        return end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
    }
    return host.substr(0, host.find(':'));
}

} // namespace

bool shows_token(std::string_view authorization, const secret& token) {
    const auto space = authorization.find(' ');
    if (space == std::string_view::npos) return false;
    const auto scheme = authorization.substr(0, space);
    const auto offered = trimmed(authorization.substr(space));
    if (same_word(scheme, "Bearer")) return same_secret(offered, token);
    if (!same_word(scheme, "Basic")) return false;
    auto pair = decode_base64(offered);
    if (!pair) return false;
    const secret both(std::move(*pair));
    const auto colon = both.reveal().find(':');
    return colon != std::string_view::npos && same_secret(both.reveal().substr(colon + 1), token);
}

bool names_tag(std::string_view if_none_match, std::string_view etag) {
    while (!if_none_match.empty()) {
        const auto end = std::min(if_none_match.find(','), if_none_match.size());
        auto tag = trimmed(if_none_match.substr(0, end));
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag || tag == "*") return true;
        if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
    }
    return false;
}

std::string_view path_of(std::string_view target) {
    if (target.starts_with("http://")) {
        const auto path = target.find('/', std::string_view("http://").size());
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    return target.substr(0, target.find_first_of("?#"));
}

std::optional<refusal> refuse(const request_head& asked, const access_rules& rules) {
    if (asked.hosts.size() > 1 || (asked.hosts.empty() && asked.version >= 11))
        return refusal{400, "A request needs one Host header."};
    if (rules.only_this_machine && !asked.hosts.empty() && !is_loopback(host_name(trimmed(asked.hosts.front()))))
        return refusal{421, "This address answers to localhost, 127.0.0.1 and [::1] only. To serve it under another "
                            "name, behind a proxy for instance, set admin.token."};
    if (rules.token &&
        (asked.authorizations.size() != 1 || !shows_token(trimmed(asked.authorizations.front()), *rules.token)))
        return refusal{
            401,
            "This needs the token of admin.token: as a bearer token, or as the password of any user name.",
            {"WWW-Authenticate: Basic realm=\"kycd\", charset=\"UTF-8\"", "WWW-Authenticate: Bearer realm=\"kycd\""}};
    if (asked.method != "GET" && asked.method != "HEAD")
        return refusal{405, "Only GET and HEAD: here one can look, but change nothing.", {"Allow: GET, HEAD"}};
    if (asked.has_body) return refusal{400, "A request may not have a body here."};
    if (!path_of(asked.target).starts_with('/')) return refusal{400, "The request's target is no path."};
    return std::nullopt;
}

} // namespace kyc::admin
