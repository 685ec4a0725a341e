#pragma once
// One daemon per spool: the lock on work/.lock, which dies with its process.

#include "core/result.hpp"
#include "fs/spool_layout.hpp"
#include "fs/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kyc::fs {

/// Somebody else has the spool.
struct spool_taken {
    long pid = 0; ///< 0 when the holder has not written it yet
    std::filesystem::path lock_file;

    /// "the spool /spool/work is in use by process 4711; stop it first, or give this one a spool of its own"
    [[nodiscard]] std::string message() const;
};

/// Held while it lives. work/ must exist. Close-on-exec. The file stays, for whoever comes next.
class spool_lock {
  public:
    using outcome = boost::system::result<spool_lock, spool_taken>;

    [[nodiscard]] static result<outcome> take(const spool_layout& layout);

  private:
    explicit spool_lock(unique_fd fd) : fd_(std::move(fd)) {}

    unique_fd fd_;
};

/// Who holds the spool now, if anybody does; nothing is taken or changed. For commands that only look.
[[nodiscard]] result<std::optional<spool_taken>> spool_holder(const spool_layout& layout);

} // namespace kyc::fs
