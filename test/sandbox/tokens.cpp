#include "sandbox/tokens.hpp"

#include "sandbox/digest.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/crypto.h>

namespace kyc::sandbox {

namespace {

constexpr std::string_view invalid = "Token is invalid or expired";
constexpr std::string_view header = R"({"typ":"JWT","alg":"HS256"})";

double seconds(time_point at) {
    return std::chrono::duration<double>(at.time_since_epoch()).count();
}

} // namespace

std::string token_mint::sign(std::string_view type, std::chrono::milliseconds lifetime, time_point now) const {
    // Whole seconds, as in a real token; a lifetime that is not whole (tests) is written with its fraction, which JWT
    // allows.
    const auto expires = seconds(now + lifetime);
    boost::json::object payload{{"token_type", type}};
    if (lifetime.count() % 1000 == 0)
        payload["exp"] = static_cast<std::int64_t>(expires);
    else
        payload["exp"] = expires;
    payload["jti"] = random_hex(16);
    payload["user_id"] = user_id_;
    const auto text = base64url(header) + "." + base64url(boost::json::serialize(payload));
    return text + "." + base64url(hmac_sha256(key_, text));
}

bool token_mint::read(std::string_view token, time_point now, claims& out) const {
    const auto dot = token.rfind('.');
    const auto first = token.find('.');
    if (dot == std::string_view::npos || first == dot) return false;
    const auto signature = from_base64url(token.substr(dot + 1));
    const auto wanted = hmac_sha256(key_, token.substr(0, dot));
    if (signature.size() != wanted.size() || CRYPTO_memcmp(signature.data(), wanted.data(), wanted.size()) != 0)
        return false;
    boost::json::error_code error;
    const auto payload = boost::json::parse(from_base64url(token.substr(first + 1, dot - first - 1)), error);
    if (error || !payload.is_object()) return false;
    const auto& object = payload.get_object();
    const auto* type = object.if_contains("token_type");
    const auto* jti = object.if_contains("jti");
    const auto* expires = object.if_contains("exp");
    if (type == nullptr || !type->is_string() || jti == nullptr || !jti->is_string() || expires == nullptr)
        return false;
    if (!expires->is_number()) return false;
    out.type = type->get_string().c_str();
    out.jti = jti->get_string().c_str();
    out.expires = expires->to_number<double>();
    return out.expires > seconds(now); // no leeway
}

token_pair token_mint::issue(const token_lifetimes& lifetimes, time_point now) const {
    return {sign("refresh", lifetimes.refresh, now), sign("access", lifetimes.access, now)};
}

// in_place_error below: an aggregate such as token_pair could itself be made from a string (C++20), which is ambiguous.
boost::system::result<token_pair, std::string>
token_mint::refresh(std::string_view token, const token_lifetimes& lifetimes, bool blacklist, time_point now) {
    claims read_claims;
    if (!read(token, now, read_claims)) return {boost::system::in_place_error, invalid};
    if (used_.contains(read_claims.jti)) return {boost::system::in_place_error, "Token is blacklisted"};
    if (read_claims.type != "refresh") return {boost::system::in_place_error, "Token has wrong type"};
    if (blacklist) used_.insert(read_claims.jti);
    return issue(lifetimes, now);
}

std::string token_mint::judge_access(std::string_view token, time_point now) const {
    claims read_claims;
    if (!read(token, now, read_claims)) return std::string(invalid);
    return read_claims.type == "access" ? std::string{} : std::string("Token has wrong type");
}

} // namespace kyc::sandbox
