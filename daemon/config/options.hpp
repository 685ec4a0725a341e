#pragma once
// The command line (design section 5).

#include "config/exit_code.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kyc {

struct run_options {
    std::filesystem::path config;
    bool once = false;
    bool json = false; ///< the summary of --once
};

struct check_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
};

struct inspect_options {
    std::vector<std::filesystem::path> files;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
};

struct status_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
};

struct list_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
    std::string state;          ///< a word of standing_words(); empty: all
    std::string service;        ///< empty: all
    std::string code;           ///< only what failed with it; empty: all
    std::string since;          ///< as parse_since() reads it; empty: all
    std::string before;         ///< likewise
};

struct show_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
    std::string name;           ///< CASE or SERVICE/CASE
};

struct why_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
    std::string path;           ///< of a file or folder, or a case as for show
};

struct retry_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto";     ///< always, never, auto
    std::vector<std::string> names; ///< as for show
    std::vector<std::string> codes; ///< words of failure_code; empty: any
    std::string service;            ///< empty: any
    std::string since;              ///< as parse_since() reads it; empty: any time
    std::string before;             ///< likewise
    bool all = false;
    bool yes = false;                   ///< do not ask
    std::optional<std::size_t> at_most; ///< move nothing when more are chosen
    bool dry_run = false;
};

struct report_options {
    std::filesystem::path config;
    bool json = false;
    std::string since = "7d";    ///< as parse_since() reads it
    std::string before;          ///< likewise; empty: now
    std::string format = "text"; ///< text, csv, json or html
};

struct purge_options {
    std::filesystem::path config;
    bool json = false;
    bool dry_run = false;
};

struct import_options {
    std::filesystem::path config;
    bool json = false;
    std::filesystem::path file;   ///< the CSV of cases
    std::filesystem::path root;   ///< every image is beneath it
    std::filesystem::path report; ///< a CSV of the rows that were not imported; empty: none
    bool again = false;           ///< also cases of names that kycd has had before
    bool check_images = false;    ///< by the image gate
    bool dry_run = false;
};

/// What `kycd reverify` is to do.
enum class reverify_action { ticket, list, pause, resume, cancel };

struct reverify_options {
    std::filesystem::path config;
    bool json = false;
    std::string color = "auto"; ///< always, never, auto
    reverify_action action = reverify_action::ticket;
    std::string name;                  ///< of the ticket to pause, resume or cancel
    std::filesystem::path ticket_file; ///< a written one; empty: from the flags below
    std::string as;                    ///< the ticket's name; empty: the file's, or one with the time
    bool plan = false;
    bool all = false; ///< every delivered case is meant

    // As written: reverify/ticket_flags.hpp reads them as it reads a ticket. Empty: not given.
    std::vector<std::string> services;
    std::vector<std::string> verdicts;
    std::string delivered_before;
    std::string older_than;
    std::string document_expired;
    std::string expires_within;
    std::vector<std::string> names;
    std::filesystem::path names_from;
    std::string column;
    std::vector<std::string> labels; ///< NAME=VALUE
    std::string sample;
    std::string seed;
    std::string limit;
    std::string order;
    std::string window;
    std::string rate;
    std::string budget;
    std::vector<std::string> canary;
    std::string stop_if_failed;
    std::string stop_if_changed;
    std::string unfinished;
};

/// Nothing to run: text for stdout or stderr and the exit code.
struct text_only {
    std::string out;
    std::string err;
    exit_code code = exit_code::done;
};

using command =
    std::variant<run_options, check_options, inspect_options, status_options, list_options, show_options, why_options,
                 retry_options, reverify_options, report_options, purge_options, import_options, text_only>;

/// Reads the arguments. Never exits, never prints.
[[nodiscard]] command parse_command_line(int argc, const char* const* argv);

} // namespace kyc
