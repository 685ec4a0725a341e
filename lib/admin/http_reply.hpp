#pragma once
// How replies of the admin page look on the wire.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::admin {

/// A reply, but for what the connection decides.
struct http_reply {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string etag{};                 ///< not empty: may be kept, and asked for again; else it is never kept
    std::string made{};                 ///< the body, or
    std::string_view fixed{};           ///< one that lives as long as the program
    std::vector<std::string> headers{}; ///< further ones, without line ends
    bool endless = false;               ///< the body follows and ends with the connection

    [[nodiscard]] std::string_view body() const { return fixed.empty() ? std::string_view(made) : fixed; }
};

/// A short text that explains a status.
[[nodiscard]] http_reply explanation(int status, std::string why);

/// The status line and all headers, with the blank line. What browsers must not do with our pages is said in each.
[[nodiscard]] std::string head_of(const http_reply& reply, bool keep_alive, std::chrono::sys_seconds now);

/// One event of an event stream (text/event-stream): `data` in one line if it is JSON, whose line ends mean nothing.
[[nodiscard]] std::string to_event(std::string_view name, std::string_view data);

} // namespace kyc::admin
