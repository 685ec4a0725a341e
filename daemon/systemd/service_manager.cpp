#include "systemd/service_manager.hpp"

#include "core/plain_text.hpp"

#include <cstdint>
#include <ctime>
#include <systemd/sd-daemon.h>

namespace kyc {

namespace {

/// `false`: the environment stays as it is, for the next message. A manager that cannot be reached is nothing that kycd
/// could mend, nor a reason not to work.
void tell(const std::string& words) {
    static_cast<void>(::sd_notify(0, words.c_str()));
}

/// A line of its own: what follows a line break would be another message.
std::string status_line(const std::string& text) {
    return "STATUS=" + printable(text);
}

std::string extension(std::chrono::seconds more) {
    return "EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds(more).count());
}

} // namespace

service_manager::service_manager() {
    std::uint64_t within = 0;
    if (::sd_watchdog_enabled(0, &within) > 0) watchdog_ = std::chrono::microseconds(within);
}

void service_manager::starting(const std::string& doing, std::chrono::seconds within) {
    status_ = "starting: " + doing;
    tell(status_line(status_) + "\n" + extension(within));
}

void service_manager::ready() {
    ready_ = true;
    status_ = "running";
    tell("READY=1\n" + status_line(status_));
}

/// The time tells the manager which reload this is the begin of (sd_notify(3), RELOADING=1).
void service_manager::reloading() {
    if (!ready_) return;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto since_boot = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    const auto micro = std::chrono::floor<std::chrono::microseconds>(since_boot).count();
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micro));
}

void service_manager::reloaded() {
    if (ready_) tell("READY=1");
}

void service_manager::stopping() {
    ready_ = false;
    tell("STOPPING=1");
}

void service_manager::extend(std::chrono::seconds more) {
    tell(extension(more));
}

void service_manager::status(const std::string& line) {
    if (line == status_) return;
    status_ = line;
    tell(status_line(line));
}

void service_manager::feed() {
    tell("WATCHDOG=1");
}

} // namespace kyc
