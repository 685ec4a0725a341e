#pragma once
// Why the daemon cannot start, as a value.

#include "config/exit_code.hpp"

#include <boost/assert/source_location.hpp>

#include <stdexcept>
#include <string>

namespace kyc {

/// Why the daemon cannot start: a sentence for stderr, and the exit code.
struct start_failure {
    std::string message;
    exit_code code = exit_code::config_wrong;

    start_failure() = default;

    start_failure(std::string message_, exit_code code_) : message(std::move(message_)), code(code_) {}
};

/// Reaching this is a bug: start_app()'s caller checks.
[[noreturn]] inline void throw_exception_from_error(const start_failure& error, const boost::source_location&) {
    throw std::logic_error(error.message);
}

} // namespace kyc
