#include "figures/disk_watch.hpp"

#include "async/signal.hpp"

#include <chrono>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace kyc {

namespace {

constexpr std::chrono::seconds between_looks{30};

std::optional<std::uint64_t> size_of(const std::filesystem::path& file) {
    struct stat found {};

    if (::stat(file.c_str(), &found) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(found.st_size);
}

} // namespace

disk_watch::disk_watch(const fs::spool_layout& layout, std::filesystem::path ledger)
    : places_{{"inbox", layout.roots().inbox},
              {"work", layout.roots().work},
              {"outbox", layout.roots().outbox},
              {"failed", layout.roots().failed},
              {"ledger", ledger.parent_path()}},
      ledger_(std::move(ledger)) {}

async::awaitable<void> disk_watch::watch(async::blocking_pool& pool) {
    auto look = [this] {
        disk_readings seen;
        for (const auto& [what, path] : places_) {
            struct statvfs room {};

            if (::statvfs(path.c_str(), &room) != 0) continue;
            const std::uint64_t block = room.f_frsize;
            seen.rooms.push_back({what, block * room.f_bavail, block * room.f_blocks});
        }
        seen.ledger_bytes = size_of(ledger_);
        if (seen.ledger_bytes) *seen.ledger_bytes += size_of(ledger_.string() + "-wal").value_or(0);
        return seen;
    };
    for (;;) {
        last_ = co_await pool.run(look);
        co_await async::sleep_for(between_looks);
    }
}

} // namespace kyc
