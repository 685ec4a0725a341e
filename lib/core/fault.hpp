#pragma once
// What goes wrong with the system under kycd (a disk, a descriptor, a mount), as a value.

#include <string>
#include <system_error>

namespace kyc {

/// The system's own trouble: never a case's failure (design section 6). Whoever gets one pauses what is affected,
/// says so once and tries again later.
struct fault {
    std::error_code code; ///< errno as the kernel gave it, in the system category
    std::string what;     ///< the operation and the path, e.g. "rename /spool/inbox/x into work"

    fault() = default;

    fault(std::error_code code_, std::string what_) : code(code_), what(std::move(what_)) {}

    /// "rename /spool/inbox/x into work: No space left on device"
    [[nodiscard]] std::string message() const { return what + ": " + code.message(); }
};

/// A fault from the calling thread's errno.
[[nodiscard]] inline fault last_fault(int errno_value, std::string what) {
    return fault{std::error_code{errno_value, std::system_category()}, std::move(what)};
}

} // namespace kyc
