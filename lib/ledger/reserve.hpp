#pragma once
// A place for receipts that needs no free space: a receipt is the only proof of a paid call, and the disk may be full
// just then.

#include "core/result.hpp"
#include "ledger/records.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

namespace kyc::ledger {

/// A small file whose space is taken in advance. It holds the receipts that the ledger's own file could not take, each
/// in a slot of its own, until it can. On a file system that never overwrites in place (btrfs, ZFS) a full disk may
/// refuse it too. One thread at a time; blocking.
class reserve {
  public:
    static constexpr std::size_t slots = 256;
    static constexpr std::size_t slot_bytes = 2048;

    /// The file is made by prepare(), or when it is first needed.
    explicit reserve(std::filesystem::path file) : file_(std::move(file)) {}

    /// Reads what an earlier process left; nothing when there is no file. To be repeated after a fault: without it a
    /// receipt would be overlooked.
    [[nodiscard]] result<void> read();

    /// Takes the space. A fault is no reason not to start.
    [[nodiscard]] result<void> prepare();

    /// Durable when it returns: the case's last attempt is accepted as its task. Keeping it again costs nothing.
    [[nodiscard]] result<void> keep(const case_record& record);

    /// The ledger has it, or the case is closed. What the disk does not let go of stays, and is passed over by whoever
    /// finds its task in the ledger.
    void drop(const case_key& key);

    /// What was kept: key, service, flat, taken_at, attempts and the accepted attempt without its files.
    [[nodiscard]] std::vector<case_record> kept() const;

    [[nodiscard]] bool empty() const;

  private:
    std::filesystem::path file_;
    bool read_ = false;
    bool prepared_ = false;
    std::array<std::optional<case_record>, slots> used_;
};

} // namespace kyc::ledger
