#pragma once
// The command line.

#include "sandbox/session.hpp"
#include "sandbox/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace kyc::sandbox {

struct options {
    std::string listen = "127.0.0.1:0";
    std::filesystem::path state;
    std::string username = "demo";
    std::string password = "demo";
    std::optional<std::filesystem::path> scenario;
    settings rules;
    session_limits limits;
    bool keep_tasks = false;
    bool exit_with_parent = false;
};

/// The options, or the exit code when everything has been said (--help, --version, a mistake).
[[nodiscard]] std::variant<options, int> read_options(int count, const char* const* words);

} // namespace kyc::sandbox
