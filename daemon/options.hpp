#pragma once
// The command line (design section 5).

#include "exit_code.hpp"

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace kyc {

struct run_options {
    std::filesystem::path config;
    bool once = false;
    bool json = false; ///< the summary of --once
};

struct check_options {
    std::filesystem::path config;
    bool json = false;
};

struct inspect_options {
    std::vector<std::filesystem::path> files;
    bool json = false;
};

/// Nothing to run: text for stdout or stderr and the exit code.
struct text_only {
    std::string out;
    std::string err;
    exit_code code = exit_code::done;
};

using command = std::variant<run_options, check_options, inspect_options, text_only>;

/// Reads the arguments. Never exits, never prints.
[[nodiscard]] command parse_command_line(int argc, const char* const* argv);

} // namespace kyc
