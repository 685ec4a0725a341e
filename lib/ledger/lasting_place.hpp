#pragma once
// The path of an open ledger: what is written to a file that somebody has removed is lost with the process, and then
// paid again.

#include "ledger/sqlite.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace kyc::ledger {

/// Remembers which file lies at a ledger's path, by device and inode. One thread at a time; blocking.
class lasting_place {
  public:
    /// The file is open by now, with its WAL.
    explicit lasting_place(std::filesystem::path file);

    /// The file or its WAL was removed, or another file lies there. False also when the disk does not tell.
    [[nodiscard]] bool is_lost() const;

    /// Puts a durable copy of all that `opened` holds there. Another file is kept, as <file>.replaced-<n>. The copy is
    /// to be opened then, and `opened` closed; until that was done this may be called again. Throws sqlite_error.
    void put_back(database& opened);

  private:
    using identity = std::pair<std::uint64_t, std::uint64_t>; // device, inode

    [[nodiscard]] static std::optional<identity> identity_of(const std::filesystem::path& path);

    std::filesystem::path file_;
    std::optional<identity> known_;
    std::optional<identity> copy_; ///< that put_back() made
    std::uint64_t device_ = 0;     ///< of the folder
    bool has_wal_ = false;
};

} // namespace kyc::ledger
