#pragma once
// The running daemon's state as files in the spool's folder, for people and programs that see nothing else of it.

#include "async/awaitable.hpp"
#include "life/case_world.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace kyc {

/// Keeps <spool>/status.json and <spool>/status.txt up to date (`status_files` of the settings). Each is replaced as a
/// whole. They are written when what they tell has changed, and once a minute in any case, so that a reader can tell a
/// daemon that has died. Disk work is the pool's; what goes wrong there is logged once and hurts nobody.
/// Loop's thread only; outlives its coroutines.
class status_files {
  public:
    /// The document "kycd.status/1" as of now. Called on the loop's thread; may not throw.
    using document = std::function<std::string()>;

    status_files(const case_world& world, document text) : world_(world), text_(std::move(text)) {}

    /// Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep();

    /// The last files: they say that kycd has been stopped. After keep() has ended.
    [[nodiscard]] async::awaitable<void> end();

  private:
    /// What the last files told, but for what changes all the time.
    struct written_state {
        std::string told;
        std::chrono::steady_clock::time_point at{};
    };

    [[nodiscard]] async::awaitable<void> write(bool stopped);
    [[nodiscard]] async::awaitable<void> remove();

    const case_world& world_;
    document text_;
    std::optional<written_state> written_;
    bool in_trouble_ = false;
};

} // namespace kyc
