#pragma once
// Threads that take work from a queue, and whose waking holds nobody up.

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <semaphore.h>
#include <thread>
#include <utility>
#include <vector>

namespace kyc::async {

/// What boost::asio::thread_pool does, with a semaphore in place of its condition variable: glibc's
/// pthread_cond_signal (2.36) may wait for threads that were woken before and had no core yet, and that was what held
/// the loop up most, for 18 ms on a busy machine. sem_post never waits.
class worker_threads {
  public:
    /// `niceness`, 0 to 19, is added to the program's own: how far they stand behind its other threads when all want a
    /// core.
    explicit worker_threads(std::size_t count, int niceness = 0);

    /// Runs what is queued to its end.
    ~worker_threads();

    worker_threads(const worker_threads&) = delete;
    worker_threads& operator=(const worker_threads&) = delete;

    /// Calls `work` on one of the threads, first come, first served. It may not throw. Thread-safe.
    template<class Work>
    void post(Work work) {
        add(std::make_unique<job_of<Work>>(std::move(work)));
    }

  private:
    struct job {
        virtual ~job() = default;
        virtual void run() = 0;
    };

    template<class Work>
    struct job_of final : job {
        explicit job_of(Work what) : work(std::move(what)) {}

        void run() override { work(); }

        Work work;
    };

    void add(std::unique_ptr<job> next);
    void take_turns();
    void end();

    sem_t ready_{}; ///< one for each job that is queued, and at the end one for each thread
    std::mutex mutex_;
    std::deque<std::unique_ptr<job>> queue_; ///< guarded by mutex_
    std::vector<std::thread> threads_;
};

} // namespace kyc::async
