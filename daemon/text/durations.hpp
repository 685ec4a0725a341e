#pragma once
// How long many cases took: shares of them, as reports tell them.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace kyc {

/// Durations of many cases.
class durations {
  public:
    void add(std::chrono::system_clock::duration took);

    [[nodiscard]] std::size_t count() const { return all_.size(); }

    /// The duration that this share of them does not exceed (nearest rank), 0 < share <= 1; zero when there are none.
    [[nodiscard]] std::chrono::milliseconds at(double share) const;

    /// The same in words: "312ms", "41s", "3m 12s"; "-" when there are none.
    [[nodiscard]] std::string words_at(double share) const;

  private:
    mutable std::vector<std::chrono::milliseconds> all_;
    mutable bool sorted_ = true;
};

} // namespace kyc
