#pragma once
// The controllers that are compared: kycd's own, and published ones reduced to their rule.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kyc::simulation {

enum class kind { upload, poll };

/// Decides when a call goes and how many are under way. Times in seconds.
class controller {
  public:
    virtual ~controller() = default;

    virtual std::size_t limit(kind of) const = 0;

    /// When the next call may go, `now` or before: at once.
    virtual double ready_at(double now) const = 0;

    /// Returns what finished() wants to know again.
    virtual std::size_t sent(kind of, double now, std::size_t bytes) = 0;

    /// `status`: 200, 429 or 503.
    virtual void finished(std::size_t call, double now, int status, std::optional<double> retry_after) = 0;
};

struct maxima {
    std::size_t uploads = 16;
    std::size_t polls = 32;
};

/// "kycd", and what it is compared with: "fixed" (the maxima, Retry-After obeyed by all), "aimd", "gradient2"
/// (Netflix), "arc" (Vector).
std::unique_ptr<controller> make_controller(const std::string& name, maxima most);

const std::vector<std::string>& controllers();

} // namespace kyc::simulation
