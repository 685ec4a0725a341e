#pragma once
// The return type of everything that can fail in the ordinary course of a day.

#include "core/failure.hpp"
#include "core/fault.hpp"

#include <boost/system/result.hpp>

#include <stdexcept>
#include <variant>

namespace kyc {

/// A T, or what went wrong. The default error is the system's; a function that can also end the case returns
/// result<T, trouble>.
template<class T, class E = fault>
using result = boost::system::result<T, E>;

/// Either the case's own end or the system's trouble: what preparing a case can run into.
using trouble = std::variant<failure, fault>;

/// What value() throws on a result that holds an error; reaching it is a bug.
[[noreturn]] inline void throw_exception_from_error(const fault& error, const boost::source_location&) {
    throw std::system_error(error.code, error.what);
}

[[noreturn]] inline void throw_exception_from_error(const failure& error, const boost::source_location&) {
    throw std::logic_error("unchecked failure: " + error.message);
}

} // namespace kyc

namespace std {

/// Found by argument-dependent lookup for result<T, trouble>.
[[noreturn]] inline void throw_exception_from_error(const kyc::trouble&, const boost::source_location&) {
    throw std::logic_error("unchecked trouble");
}

} // namespace std
