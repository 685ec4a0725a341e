#include "status/spool_watch.hpp"

#include "async/signal.hpp"
#include "fs/usable.hpp"

#include <utility>

namespace kyc {

namespace {

constexpr std::chrono::seconds between_looks{10};

/// The pool may be busy with images for a while; a share that does not answer takes longer.
constexpr std::chrono::seconds longest_look{30};

struct sight {
    std::string spool;
    std::string ledger;
};

} // namespace

spool_watch::spool_watch(async::blocking_pool& pool, const fs::spool_layout& layout, std::string identity,
                         std::filesystem::path ledger)
    : pool_(pool), layout_(layout), identity_(std::move(identity)), ledger_folder_(ledger.parent_path()) {}

async::awaitable<void> spool_watch::keep() {
    auto look = [this] {
        sight seen;
        if (const auto fine = fs::check_spool_usable(layout_, identity_); !fine) seen.spool = fine.error().message();
        if (const auto fine = fs::check_folder_usable(ledger_folder_); !fine) seen.ledger = fine.error().message();
        return seen;
    };
    for (;;) {
        co_await async::sleep_for(between_looks); // the start has looked already
        const progress_mark::stretch under_way(looking_);
        auto seen = co_await pool_.run(look);
        spool_trouble_ = std::move(seen.spool);
        ledger_trouble_ = std::move(seen.ledger);
    }
}

std::string spool_watch::spool_trouble(progress_mark::clock::time_point now) const {
    const auto since = looking_.still_since(now);
    if (!since || now - *since <= longest_look) return spool_trouble_;
    return "its folders have not answered for " +
           std::to_string(std::chrono::floor<std::chrono::seconds>(now - *since).count()) + " s";
}

} // namespace kyc
