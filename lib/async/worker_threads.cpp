#include "async/worker_threads.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

namespace kyc::async {

namespace {

/// In Linux a thread has a niceness of its own, which it may always raise (setpriority(2)).
void stand_back(int by) {
    constexpr int most = 19;
    const auto self = static_cast<id_t>(::gettid());
    if (by > 0) ::setpriority(PRIO_PROCESS, self, std::min(::getpriority(PRIO_PROCESS, self) + by, most));
}

} // namespace

worker_threads::worker_threads(std::size_t count, int niceness) {
    ::sem_init(&ready_, 0, 0);
    try {
        for (std::size_t i = 0; i < count; ++i)
            threads_.emplace_back([this, niceness] {
                stand_back(niceness);
                take_turns();
            });
    } catch (...) {
        end();
        throw;
    }
}

worker_threads::~worker_threads() {
    end();
}

void worker_threads::end() {
    for (std::size_t i = 0; i < threads_.size(); ++i)
        ::sem_post(&ready_);
    for (auto& thread : threads_)
        thread.join();
    ::sem_destroy(&ready_);
}

void worker_threads::add(std::unique_ptr<job> next) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(next));
    }
    ::sem_post(&ready_);
}

void worker_threads::take_turns() {
    for (;;) {
        while (::sem_wait(&ready_) != 0)
            continue; // a signal
        std::unique_ptr<job> next;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.empty()) return;
            next = std::move(queue_.front());
            queue_.pop_front();
        }
        next->run();
    }
}

} // namespace kyc::async
