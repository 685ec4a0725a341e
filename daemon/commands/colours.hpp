#pragma once
// Colours of the commands: on a terminal that wants them, and never where a program reads.

#include "commands/spool_view.hpp"

#include <string>
#include <string_view>

namespace kyc {

/// What a piece of output is to whoever reads it.
enum class tone { plain, good, bad, notice, strong };

/// Puts the escape sequences around texts, or leaves them as they are.
class painter {
  public:
    /// `when`: "always", "never", or "auto": when stdout is a terminal other than a dumb one, and NO_COLOR is not set
    /// (no-color.org).
    explicit painter(std::string_view when);

    [[nodiscard]] std::string operator()(tone which, std::string text) const;

  private:
    bool on_;
};

/// How a case's state looks.
[[nodiscard]] tone tone_of(standing value);

} // namespace kyc
