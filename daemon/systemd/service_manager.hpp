#pragma once
// What systemd is told about kycd as a service: the only place that knows sd_notify(3).

#include <chrono>
#include <optional>
#include <string>

namespace kyc {

/// The service manager that started kycd; nobody listens when it is none (NOTIFY_SOCKET is not set), and then nothing
/// happens. Loop's thread only. Nothing that is told may name a case: `systemctl status` shows it to everybody on the
/// machine.
class service_manager {
  public:
    /// Looks for the watchdog (WATCHDOG_USEC, and WATCHDOG_PID if it names this process).
    service_manager();

    /// kycd starts, and is at `doing`. `within`: for how long from now on the manager waits for the next word, however
    /// short its own patience with a start is.
    void starting(const std::string& doing, std::chrono::seconds within);

    /// Config, folders, ledger and watch are set.
    void ready();

    /// Around a reload. One that comes while kycd still starts is no word to the manager: it would take its end for
    /// ready().
    void reloading();
    void reloaded();

    /// No new work from here on.
    void stopping();

    /// At a start or a stop: the manager waits for so long from now on before it kills.
    void extend(std::chrono::seconds more);

    /// What `systemctl status` shows; sent when it differs from what was sent last.
    void status(const std::string& line);

    /// Within how long feed() has to be called again and again; none: nobody watches.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

    void feed();

  private:
    std::optional<std::chrono::microseconds> watchdog_;
    std::string status_; ///< the last one
    bool ready_ = false;
};

} // namespace kyc
