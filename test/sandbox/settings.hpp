#pragma once
// What the sandbox can be told, on the command line, in a scenario file or by POST /sandbox/settings.

#include "sandbox/tokens.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace kyc::sandbox {

enum class reply_form { as_documented, wrapped, bare };
enum class missing_task { pending, not_found, server_error };

struct settings {
    token_lifetimes lifetimes;
    bool blacklist = true; ///< a refresh token works once
    std::chrono::milliseconds answer_after_min{200};
    std::chrono::milliseconds answer_after_max{200};
    reply_form form = reply_form::as_documented;
    missing_task unknown_task = missing_task::pending;
    missing_task fresh_task = missing_task::pending; ///< what a task is for the first `fresh_for` of its life
    std::chrono::milliseconds fresh_for{0};
    bool strict_extend_data = false; ///< extend_data absent is an error
    bool retry_state = false;        ///< tasks pass through RETRY as well
    std::string answer = "pass";     ///< where no marker text says otherwise
};

} // namespace kyc::sandbox
