#pragma once
// How a command says on stderr why it cannot go on: "kycd: what: why; what to do".

#include "exit_code.hpp"
#include "settings_yaml.hpp"

#include <iostream>
#include <string_view>
#include <vector>

namespace kyc {

/// Prints the sentence and hands the code through.
inline exit_code complain(std::string_view what, exit_code code) {
    std::cerr << "kycd: " << what << "\n";
    return code;
}

/// Each error of a configuration file on a line of its own.
inline exit_code complain(const std::vector<config_error>& errors) {
    for (const auto& error : errors)
        std::cerr << "kycd: " << to_string(error) << "\n";
    return exit_code::config_wrong;
}

} // namespace kyc
