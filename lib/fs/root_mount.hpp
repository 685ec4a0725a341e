#pragma once
// A root on a file system of its own: the empty folder that an unmounted one leaves must not be taken for it.

#include "core/result.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace kyc::fs {

/// The roots that may lie elsewhere than work/.
enum class spool_root { inbox, outbox, failed };

/// Opens a root. ESTALE when work/.mounts knows the mark of what was mounted there and this folder does not bear it: no
/// case may be put there, and what is missing there means nothing. What is opened stays the same if a mount goes
/// afterwards.
[[nodiscard]] result<folder> open_root(const spool_layout& layout, spool_root which);

/// The same by the root's path, as a note of an earlier process has it; one that is no root any more is just opened.
[[nodiscard]] result<folder> open_root_at(const spool_layout& layout, const std::filesystem::path& path);

/// Whether a rename cannot lead from one into the other: two file systems, or two mounts of one, either of which can go
/// without the other.
[[nodiscard]] result<bool> are_apart(const folder& one, const folder& other);

/// Whether outbox/ or failed/ is known to be mounted apart from work/, so that a case has to be copied there.
[[nodiscard]] result<bool> delivers_by_copy(const folder& work);

/// A root that is not the folder that it was before.
struct missing_root {
    std::filesystem::path path;
    std::string why;    ///< without what to do about it
    std::string advice; ///< empty: `why` says enough
    std::error_code code;

    [[nodiscard]] std::string sentence() const { return advice.empty() ? why : why + "; " + advice; }
};

/// The roots that work/.mounts knows and that are not mounted, or cannot be told from an unmounted one. For the start,
/// before any folder is made, and for whoever looks: changes nothing. A fault: work/ cannot be read.
[[nodiscard]] result<std::vector<missing_root>> unmounted_roots(const spool_layout& layout);

/// For the start, when the spool is ours: marks each root that is mounted apart from work/, and notes the mark,
/// durably. A root that bears one already keeps it, for it may be shared. The note of a root that is apart no more is
/// removed.
[[nodiscard]] result<void> note_mounts(const spool_layout& layout);

} // namespace kyc::fs
