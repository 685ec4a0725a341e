#pragma once
// JWTs as SimpleJWT 4.8 makes and judges them: HS256, rotation, a used refresh token is dead.

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

namespace kyc::sandbox {

using time_point = std::chrono::system_clock::time_point;

struct token_pair {
    std::string refresh;
    std::string access;
};

struct token_lifetimes {
    std::chrono::milliseconds access{std::chrono::minutes(5)};
    std::chrono::milliseconds refresh{std::chrono::hours(24 * 14)};
};

class token_mint {
  public:
    explicit token_mint(std::string key, std::int64_t user_id = 17) : key_(std::move(key)), user_id_(user_id) {}

    [[nodiscard]] token_pair issue(const token_lifetimes& lifetimes, time_point now) const;

    /// A new pair for a refresh token, which is dead afterwards (unless `blacklist` is false).
    /// The error is the API's text: "Token is invalid or expired", "Token is blacklisted", "Token has wrong type".
    [[nodiscard]] boost::system::result<token_pair, std::string>
    refresh(std::string_view token, const token_lifetimes& lifetimes, bool blacklist, time_point now);

    /// Empty when the access token is good, else the API's text for `messages[0].message`.
    [[nodiscard]] std::string judge_access(std::string_view token, time_point now) const;

  private:
    struct claims {
        std::string type;
        std::string jti;
        double expires = 0; ///< seconds since 1970
    };

    [[nodiscard]] std::string sign(std::string_view type, std::chrono::milliseconds lifetime, time_point now) const;

    /// False: forged, garbled or expired.
    [[nodiscard]] bool read(std::string_view token, time_point now, claims& out) const;

    std::string key_;
    std::int64_t user_id_;
    std::unordered_set<std::string> used_; ///< jti of refresh tokens
};

} // namespace kyc::sandbox
