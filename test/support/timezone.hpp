#pragma once
// The machine's time zone, as far as this process sees it.

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

namespace kyc::test {

/// Sets TZ for as long as it lives; none takes the variable away.
class timezone {
  public:
    explicit timezone(const std::optional<std::string>& value) {
        if (const char* const present = std::getenv("TZ")) before_ = present;
        set(value);
    }

    timezone(const timezone&) = delete;
    timezone& operator=(const timezone&) = delete;

    ~timezone() { set(before_); }

  private:
    static void set(const std::optional<std::string>& value) {
        if (value) {
            ::setenv("TZ", value->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

    std::optional<std::string> before_;
};

} // namespace kyc::test
