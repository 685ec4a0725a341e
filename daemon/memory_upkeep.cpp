#include "memory_upkeep.hpp"

#include "async/signal.hpp"

#include <chrono>
#include <malloc.h>

namespace kyc {

namespace {

/// Takes some milliseconds after a burst of ten thousand cases, and hardly anything when there was none.
constexpr std::chrono::seconds trim_interval{30};

} // namespace

async::awaitable<void> give_back_memory() {
    for (;;) {
        co_await async::sleep_for(trim_interval);
        // What uploads leave free lies between the cases that wait for their tasks; free() alone gives back only what
        // lies behind all of them.
        ::malloc_trim(0);
    }
}

} // namespace kyc
