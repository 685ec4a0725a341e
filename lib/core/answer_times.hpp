#pragma once
// How long a service's answers usually take, learnt from the last ones: it places the first poll (design section 8).

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace kyc {

/// The last answer times of one service.
class answer_times {
  public:
    /// A case was answered so long after its receipt.
    void add(std::chrono::milliseconds taken);

    /// The time by which most of them were answered (the median); none until a few are known.
    [[nodiscard]] std::optional<std::chrono::milliseconds> usual() const;

    static constexpr std::size_t remembered = 200;
    static constexpr std::size_t needed = 3;

  private:
    std::vector<std::chrono::milliseconds> times_; ///< a ring once it is full
    std::size_t next_ = 0;
};

} // namespace kyc
