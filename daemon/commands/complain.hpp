#pragma once
// How a command says on stderr why it cannot go on: "kycd: what: why; what to do".

#include "commands/spool_view.hpp"
#include "config/exit_code.hpp"
#include "config/settings_yaml.hpp"
#include "text/words.hpp"

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

/// What could not be read of the spool, a line each, and the code that says so; `otherwise` when all could be.
inline exit_code complain_of_troubles(const spool_view& view, exit_code otherwise = exit_code::done) {
    std::cout.flush();
    for (const auto& each : view.troubles())
        std::cerr << "kycd: " << printable(each) << "\n";
    return view.troubles().empty() ? otherwise : exit_code::spool_unusable;
}

} // namespace kyc
