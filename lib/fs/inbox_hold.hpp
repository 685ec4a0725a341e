#pragma once
// One daemon per inbox on another file system: what is half claimed lies in <inbox>/.kycd there, where a second daemon
// with a spool of its own would take it for a leftover of its own, and send it again.

#include "core/result.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_layout.hpp"
#include "fs/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kyc::fs {

/// The inbox is another spool's.
struct inbox_taken {
    std::filesystem::path inbox;
    std::string owner;        ///< "/var/spool/kycd/work on desk2"; empty when nobody has signed
    bool is_running = false;  ///< its daemon holds the lock
    bool is_namesake = false; ///< it bears the identity of this spool: one is a copy of the other

    /// A sentence for the operator, with what to do.
    [[nodiscard]] std::string message() const;
};

/// Held while it lives: the lock on <inbox>/.kycd/.lock, which other machines see where the share's locks work. Nothing
/// is held of an inbox on the file system of work/, where a claim is one rename; but one that another spool has signed
/// is refused there, too. While it is held, the inbox' mount is busy.
class inbox_hold {
  public:
    using outcome = boost::system::result<inbox_hold, inbox_taken>;

    inbox_hold() = default;

    /// `spool`: the identity in work/, if it has one yet. note_mounts() goes before.
    [[nodiscard]] static result<outcome> take(const spool_layout& layout, const std::optional<std::string>& spool);

    /// Writes down, durably, whose the inbox is, if it is held; the file stays, and keeps other spools out when this
    /// daemon has ended.
    [[nodiscard]] result<void> sign(const spool_layout& layout, const std::string& spool) const;

    /// The inbox is apart, and the share knows no locks: only the signature keeps others out.
    [[nodiscard]] bool lacks_lock() const { return is_apart_ && !lock_; }

  private:
    bool is_apart_ = false;
    unique_fd lock_;
};

/// Who else has the inbox, if anybody does; nothing is taken or changed. For commands that only look.
[[nodiscard]] result<std::optional<inbox_taken>> inbox_holder(const spool_layout& layout);

/// Whether what is staged in <inbox>/.kycd is this spool's: it has signed there, or nobody has (before kycd signed).
[[nodiscard]] result<bool> stages_here(const folder& inbox, const folder& work);

} // namespace kyc::fs
