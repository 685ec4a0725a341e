#include "upkeep/page_upkeep.hpp"

#include "async/signal.hpp"

#include <chrono>

namespace kyc {

namespace {

/// Long enough that buffers outlast the gusts in which receipts come and let several cases go at once.
constexpr std::chrono::seconds between_sheds{2};

} // namespace

async::awaitable<void> keep_pages(case_world& world) {
    auto shed = [&world] { world.pages.shed_unused(); };
    for (;;) {
        co_await async::sleep_for(between_sheds);
        co_await world.pool.run(shed);
    }
}

} // namespace kyc
