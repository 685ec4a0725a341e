#include "fs/inbox_watch.hpp"

#include "fs/inotify_tree.hpp"
#include "fs/mount_kind.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <utility>

namespace kyc::fs {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

async::awaitable<void> throw_if_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
}

/// No events: it only says when the next scan is due.
class polling_watch : public inbox_watch {
  public:
    polling_watch(const asio::any_io_executor& executor, milliseconds interval, std::string why)
        : timer_(executor), interval_(interval), why_(std::move(why)), next_scan_(steady_clock::now() + interval) {}

    async::awaitable<inbox_changes> wait(milliseconds limit) override {
        timer_.expires_at(std::min(steady_clock::now() + limit, next_scan_));
        const auto [error] = co_await timer_.async_wait(async::as_result);
        if (error) throw boost::system::system_error(error);
        inbox_changes changes;
        if (steady_clock::now() >= next_scan_) {
            changes.scan_needed = true;
            next_scan_ = steady_clock::now() + interval_;
        }
        co_return changes;
    }

    std::string describe() const override { return "poll every " + std::to_string(interval_.count()) + "ms: " + why_; }

    milliseconds scan_interval() const override { return interval_; }

  private:
    asio::steady_timer timer_;
    milliseconds interval_;
    std::string why_;
    steady_clock::time_point next_scan_;
};

/// Ends a wait for events after a time. Shared with the timer's handler, which may be queued already when the waiting
/// coroutine and the watch itself are gone.
struct expiry {
    asio::posix::stream_descriptor* waiting = nullptr;
};

/// Disarms the handler on every way out of the wait.
class expiry_guard {
  public:
    expiry_guard(std::shared_ptr<expiry> shared, asio::steady_timer& timer)
        : shared_(std::move(shared)), timer_(timer) {}

    expiry_guard(const expiry_guard&) = delete;
    expiry_guard& operator=(const expiry_guard&) = delete;

    ~expiry_guard() {
        shared_->waiting = nullptr;
        timer_.cancel();
    }

  private:
    std::shared_ptr<expiry> shared_;
    asio::steady_timer& timer_;
};

class inotify_watch : public inbox_watch {
  public:
    inotify_watch(const asio::any_io_executor& executor, async::blocking_pool& pool, intake::inotify_tree tree,
                  int own_descriptor, intake_settings rules, std::string where)
        : pool_(pool), tree_(std::move(tree)), events_(executor, own_descriptor), timer_(executor), rules_(rules),
          where_(std::move(where)) {}

    async::awaitable<inbox_changes> wait(milliseconds limit) override {
        inbox_changes found;
        intake::change_collector changes(found);
        const auto deadline = steady_clock::now() + limit;
        while (!changes.found_something()) {
            const bool anew = co_await rearmed();
            if (anew) {
                changes.need_scan();
                break;
            }
            auto until = deadline;
            // While the inbox is away, or a folder may not be read, nothing tells of its return but looking.
            if (!armed_ || tree_.has_unread()) until = std::min(until, steady_clock::now() + rules_.poll);
            co_await wait_for_event(until);
            if (auto drained = tree_.drain(changes); drained.has_error()) changes.need_scan();
            if (steady_clock::now() >= deadline) break;
        }
        co_return found;
    }

    std::string describe() const override {
        if (tree_.is_partial()) return "inotify, with scans every poll: not every folder could be watched";
        return "inotify: " + where_;
    }

    milliseconds scan_interval() const override { return tree_.is_partial() ? rules_.poll : rules_.rescan; }

  private:
    /// True when the inbox, or a folder of it, had to be watched anew (it was replaced, remounted, may be read again,
    /// or events were lost): a scan is due.
    async::awaitable<bool> rearmed() {
        if (armed_ && tree_.is_current()) {
            if (!tree_.has_unread() || steady_clock::now() < next_try_) co_return false;
            auto watch = [this]() { return tree_.watch_unread(); };
            const bool watched = co_await pool_.run(watch);
            next_try_ = steady_clock::now() + rules_.poll;
            co_return watched;
        }
        // Reads all service folders, and after an overflow there are many cases in them.
        auto arm = [this]() { return tree_.arm().has_value(); };
        const bool armed = co_await pool_.run(arm);
        const bool was_armed = std::exchange(armed_, armed);
        co_return armed || was_armed;
    }

    /// Suspends until an event can be read or the time has come.
    async::awaitable<void> wait_for_event(steady_clock::time_point until) {
        auto shared = std::make_shared<expiry>();
        shared->waiting = &events_;
        const expiry_guard guard(shared, timer_);
        timer_.expires_at(until);
        auto on_time = [shared](const boost::system::error_code& error) {
            if (!error && shared->waiting) shared->waiting->cancel();
        };
        timer_.async_wait(std::move(on_time));
        const auto [error] = co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, async::as_result);
        // The timer's cancel looks like the caller's; only the coroutine's own state tells them apart.
        co_await throw_if_cancelled();
        if (error && error != asio::error::operation_aborted) throw boost::system::system_error(error);
    }

    async::blocking_pool& pool_;
    intake::inotify_tree tree_;
    asio::posix::stream_descriptor events_; // a duplicate of the tree's descriptor: each closes its own
    asio::steady_timer timer_;
    intake_settings rules_;
    std::string where_;
    bool armed_ = true;
    steady_clock::time_point next_try_{}; ///< to watch what could not be read
};

} // namespace

result<std::unique_ptr<inbox_watch>> make_inbox_watch(const asio::any_io_executor& executor, async::blocking_pool& pool,
                                                      spool_layout layout, intake_settings rules,
                                                      service_table services) {
    const auto polling = [&](std::string why) {
        return std::unique_ptr<inbox_watch>(std::make_unique<polling_watch>(executor, rules.poll, std::move(why)));
    };
    auto network = intake::network_type(layout.roots().inbox);
    if (network.has_error()) return network.error();
    if (rules.watch == watch_mode::poll) return polling("the settings say so");
    if (rules.watch == watch_mode::automatic && *network) {
        return polling("the inbox lies on " + **network + ", where events do not arrive");
    }
    intake::inotify_tree tree(layout.roots().inbox, std::move(services));
    if (auto opened = tree.open(); opened.has_error()) {
        const int error = opened.error().code.value();
        if (error == ENOSPC || error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOSYS) {
            return polling("the kernel refused inotify (" + opened.error().message() +
                           "); raise fs.inotify.max_user_watches or max_user_instances");
        }
        return opened.error();
    }
    const int duplicate = ::fcntl(tree.descriptor(), F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) return last_fault(errno, "duplicate the inotify descriptor");
    std::string where = *network ? "the settings say so, though the inbox lies on " + **network : "a local file system";
    return std::unique_ptr<inbox_watch>(
        std::make_unique<inotify_watch>(executor, pool, std::move(tree), duplicate, rules, std::move(where)));
}

} // namespace kyc::fs
