#pragma once
// Cases with the same bytes: told apart from all others by a fingerprint, and answered once (`intake.dedupe`).

#include "async/awaitable.hpp"
#include "async/signal.hpp"
#include "core/report_json.hpp"
#include "core/service.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc {

/// Stands for everything that the API would be sent: the service, the form fields, extend_data and the images' hashes
/// by field. Salted with the spool's identity, for form fields hold names and dates of birth that few guesses would
/// find again. 64 hex digits.
[[nodiscard]] std::string fingerprint_of(std::string_view spool, const service& target,
                                         std::vector<std::pair<std::string, std::string>> fields, bool extend_data,
                                         const std::vector<file_facts>& images);

/// Which submissions are on their way, by fingerprint, so that cases with the same bytes can wait for one answer.
/// Loop's thread only; outlives its marks and waiters.
class twin_list {
    struct entry {
        std::size_t sent = 0;
        std::size_t waiting = 0;
        std::uint64_t ended = 0;
        async::signal changed;

        explicit entry(const boost::asio::any_io_executor& loop) : changed(loop) {}
    };

    using entry_map = std::map<std::string, entry>;

  public:
    explicit twin_list(const boost::asio::any_io_executor& loop) : loop_(loop) {}

    /// Whether a case with this fingerprint was sent, or is about to be, and has not ended.
    [[nodiscard]] bool is_sent(const std::string& fingerprint) const;

    /// One case that may be answered by another one. RAII.
    class waiter {
      public:
        waiter(twin_list& owner, const std::string& fingerprint);
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter();

        [[nodiscard]] bool is_sent() const;

        /// How many have ended while anybody waited.
        [[nodiscard]] std::uint64_t ended() const;

        /// Throws operation_aborted when cancelled.
        [[nodiscard]] async::awaitable<void> wait_until_none_is_sent();

      private:
        twin_list& owner_;
        entry_map::iterator place_;
    };

  private:
    friend class sending_mark;

    [[nodiscard]] entry_map::iterator at(const std::string& fingerprint);
    void drop_unused(entry_map::iterator place);

    boost::asio::any_io_executor loop_;
    entry_map entries_; ///< by fingerprint; those that somebody sends or waits for
};

/// Says that a case with this fingerprint was sent, or is about to be, and has not ended. RAII, movable; `owner`
/// outlives it. Loop's thread only.
class sending_mark {
  public:
    sending_mark() = default;
    sending_mark(twin_list& owner, const std::string& fingerprint);
    sending_mark(sending_mark&& other) noexcept;
    sending_mark& operator=(sending_mark&& other) noexcept;
    ~sending_mark();

    explicit operator bool() const { return owner_ != nullptr; }

  private:
    twin_list* owner_ = nullptr;
    twin_list::entry_map::iterator place_{};
};

} // namespace kyc
