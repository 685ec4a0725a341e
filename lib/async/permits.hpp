#pragma once
// A counting semaphore for coroutines: the bounds of the program are numbers, not its shape.

#include "async/awaitable.hpp"
#include "async/urgency.hpp"

#include <cstdint>
#include <list>
#include <memory>

namespace kyc::async {

class permits;

/// Some permits, given back when destroyed. Must not outlive its semaphore.
class permit {
  public:
    permit() = default;
    permit(permit&& other) noexcept;
    permit& operator=(permit&& other) noexcept;
    ~permit();

    void release() noexcept;

    [[nodiscard]] explicit operator bool() const { return owner_ != nullptr; }

  private:
    friend class permits;

    permit(permits& owner, std::uint64_t count) : owner_(&owner), count_(count) {}

    permits* owner_ = nullptr;
    std::uint64_t count_ = 0;
};

/// First come, first served, whatever the sizes asked for; but who is `behind` is served when nobody else waits. All
/// calls on the loop's thread.
class permits {
  public:
    permits(const boost::asio::any_io_executor& executor, std::uint64_t limit);
    ~permits();
    permits(const permits&) = delete;
    permits& operator=(const permits&) = delete;

    /// Suspends until `count` are free and nobody is ahead. A count over the limit is served alone, when all is free.
    /// Throws operation_aborted when cancelled; a wake-up that comes at the same time is passed on.
    [[nodiscard]] awaitable<permit> acquire(std::uint64_t count = 1, urgency who = urgency::first);

    /// A new limit (reload). Lowering it takes nothing back.
    void set_limit(std::uint64_t limit);

    [[nodiscard]] std::uint64_t limit() const { return limit_; }

    [[nodiscard]] std::uint64_t used() const { return used_; }

    [[nodiscard]] std::size_t waiting() const;

    /// Of those, the ones that are not `behind`.
    [[nodiscard]] std::size_t waiting_first() const;

  private:
    friend class permit;
    struct waiter;

    [[nodiscard]] bool fits(std::uint64_t count) const;
    [[nodiscard]] std::list<waiter*>::iterator place_for(urgency who);
    void give_back(std::uint64_t count) noexcept;
    void serve();

    boost::asio::any_io_executor executor_;
    std::uint64_t limit_;
    std::uint64_t used_ = 0;
    std::list<waiter*> queue_;
};

} // namespace kyc::async
