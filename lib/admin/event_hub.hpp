#pragma once
// The events of all streams: each is made once, and only the newest is kept, so that a slow reader holds nothing up.

#include "admin/http_server.hpp"
#include "async/signal.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace kyc::admin {

/// Loop's thread only.
class event_hub {
  public:
    using clock = std::chrono::steady_clock;

    event_hub(const boost::asio::any_io_executor& loop, std::vector<event_source> sources);

    /// Where a stream is: which event of each source it had last.
    class reader {
      public:
        /// Counts as a listener while it lives; the hub outlives it.
        explicit reader(event_hub& hub);
        reader(const reader&) = delete;
        reader& operator=(const reader&) = delete;
        ~reader();

        /// The next one, as it is written; suspends until there is one. What came in between is left out. Throws
        /// operation_aborted when cancelled.
        [[nodiscard]] async::awaitable<std::shared_ptr<const std::string>> next();

      private:
        event_hub& hub_;
        std::vector<std::uint64_t> seen_; ///< by source
    };

    /// Makes events while there are readers, for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep();

    [[nodiscard]] std::size_t readers() const { return readers_; }

  private:
    struct topic {
        event_source source;
        std::shared_ptr<const std::string> newest{};
        std::uint64_t number = 0; ///< of the newest; 0: there was none
        clock::time_point due{};

        explicit topic(event_source source_) : source(std::move(source_)) {}
    };

    void refresh(topic& which, clock::time_point now);

    std::vector<topic> topics_;
    std::size_t readers_ = 0;
    async::signal changed_;  ///< there is a newer event
    async::signal listened_; ///< there is a reader
};

} // namespace kyc::admin
