#pragma once
// Everything that can be configured (design section 4), as plain values with the documented defaults.
// Parsed elsewhere (daemon/config/settings_yaml.hpp); nothing here knows YAML.

#include "core/secret.hpp"
#include "core/service.hpp"
#include "core/time_window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace kyc {

enum class ready_rule { settle, marker };
enum class watch_mode { automatic, inotify, poll };
enum class unknown_outcome_rule { resubmit, hold };
enum class log_level { trace, debug, info, warning, error };
enum class log_format { text, json };

struct folder_settings {
    std::filesystem::path inbox;
    std::filesystem::path work;
    std::filesystem::path outbox;
    std::filesystem::path failed;

    bool operator==(const folder_settings&) const = default;
};

struct timeout_settings {
    std::chrono::milliseconds connect{10'000};
    std::chrono::milliseconds handshake{10'000};
    std::chrono::milliseconds idle{30'000};     ///< the stall limit, see docs/configuration.md
    std::chrono::milliseconds request{120'000}; ///< a whole request with its reply

    bool operator==(const timeout_settings&) const = default;
};

struct client_certificate_settings {
    secret_ref certificate;
    secret_ref key;

    bool operator==(const client_certificate_settings&) const = default;
};

struct api_settings {
    std::string base_url = "https://be.progeny.tech/api/v3"; ///< https only, no trailing slash, no query
    secret_ref username;
    secret_ref password;
    std::optional<std::filesystem::path> ca_file; ///< none: the system's store
    std::optional<client_certificate_settings> client_certificate;
    std::optional<std::string> proxy; ///< http://host[:port]; none: https_proxy / no_proxy of the environment
    bool extend_data = false;
    timeout_settings timeouts;

    bool operator==(const api_settings&) const = default;
};

struct intake_settings {
    ready_rule ready = ready_rule::settle;
    std::chrono::milliseconds settle{1'000};
    std::chrono::milliseconds incomplete_after{15 * 60'000};
    std::chrono::milliseconds rescan{60'000};
    std::chrono::milliseconds poll{5'000};
    watch_mode watch = watch_mode::automatic;
    std::optional<std::chrono::milliseconds> dedupe; ///< none: off
    bool explain = false;                            ///< a note beside each case that waits for something

    bool operator==(const intake_settings&) const = default;
};

struct limit_settings {
    std::size_t uploads = 16;
    std::size_t polls = 32;
    std::size_t pending = 10'000;
    std::uint64_t memory = 256ull << 20; ///< bytes
    double rate = 0;                     ///< submissions per second, 0 = no limit

    bool operator==(const limit_settings&) const = default;
};

struct poll_settings {
    std::optional<std::chrono::milliseconds> first; ///< none: adaptive
    std::chrono::milliseconds min{500};
    std::chrono::milliseconds max{30'000};
    double factor = 1.6;
    double jitter = 0.2; ///< share of the delay, 0..1
    std::chrono::milliseconds deadline{30 * 60'000};

    bool operator==(const poll_settings&) const = default;
};

struct retry_settings {
    std::size_t attempts = 6;
    std::chrono::milliseconds base{500};
    std::chrono::milliseconds max{60'000};
    std::size_t budget = 500;
    std::chrono::milliseconds retry_after_max{10 * 60'000};

    bool operator==(const retry_settings&) const = default;
};

struct once_settings {
    std::chrono::milliseconds patience{2 * 60'000};

    bool operator==(const once_settings&) const = default;
};

struct bulk_lane_settings {
    time_window window = time_window::nightly();
    double share = 0.5; ///< 0..1

    bool operator==(const bulk_lane_settings&) const = default;
};

struct admin_settings {
    std::optional<std::string> listen = "127.0.0.1:9464"; ///< host:port, [v6]:port or unix:/path; none: off
    secret_ref token;             ///< asked for, if there is one; there is where others than this machine get to
    bool show_case_names = false; ///< on the page and in the status document

    bool operator==(const admin_settings&) const = default;
};

struct log_settings {
    log_level level = log_level::info;
    log_format format = log_format::text;

    bool operator==(const log_settings&) const = default;
};

struct retention_settings {
    std::optional<std::chrono::milliseconds> outbox; ///< none: off
    std::optional<std::chrono::milliseconds> failed;

    bool operator==(const retention_settings&) const = default;
};

struct report_settings {
    bool personal_data = false; ///< in the reports on re-verifications

    bool operator==(const report_settings&) const = default;
};

/// One consistent set of settings. Built once, checked once, then only read.
struct settings {
    std::filesystem::path spool; ///< empty when every folder was given by itself
    folder_settings folders;     ///< always filled, absolute
    std::filesystem::path ledger = "/var/lib/kycd/ledger.db";
    api_settings api;
    intake_settings intake;
    limit_settings limits;
    poll_settings poll;
    retry_settings retry;
    once_settings once;
    unknown_outcome_rule on_unknown_outcome = unknown_outcome_rule::resubmit;
    std::size_t resubmit_failed_tasks = 1;
    std::size_t threads = 1; ///< that encrypt and send, the loop's included
    bulk_lane_settings bulk;
    admin_settings admin;
    std::optional<std::chrono::milliseconds> status_files{5'000}; ///< how often <spool>/status.* are written; none: off
    log_settings log;
    retention_settings retention;
    report_settings reports;
    std::optional<std::string> group; ///< spool folders 2770 and files 0660 for it, instead of 0700 and 0600
    service_table services;
};

} // namespace kyc
