#include "commands/check.hpp"

#include "async/task_group.hpp"
#include "commands/as_owner.hpp"
#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "config/admin_access.hpp"
#include "config/secrets.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_text.hpp"
#include "fs/layout_check.hpp"
#include "fs/spool_lock.hpp"
#include "fs/ticket_files.hpp"
#include "log/log.hpp"
#include "start/api_link.hpp"
#include "start/spool_access.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cerrno>
#include <functional>
#include <iostream>
#include <iterator>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kyc {

namespace {

namespace json = boost::json;

/// The lines of the report, and the exit code of the first that is bad.
class report {
  public:
    void good(std::string what, std::string detail) { lines_.push_back({"ok", std::move(what), std::move(detail)}); }

    void note(std::string what, std::string detail) { lines_.push_back({"note", std::move(what), std::move(detail)}); }

    void bad(std::string what, std::string detail, exit_code code) {
        if (code_ == exit_code::done) code_ = code;
        lines_.push_back({"bad", std::move(what), std::move(detail)});
    }

    /// The lines of another report below these.
    void add(report later) {
        if (code_ == exit_code::done) code_ = later.code_;
        std::move(later.lines_.begin(), later.lines_.end(), std::back_inserter(lines_));
    }

    exit_code print(bool as_json, const painter& paint) const {
        if (as_json) {
            json::array all;
            for (const auto& each : lines_) {
                json::object entry;
                entry["state"] = each.state;
                entry["what"] = each.what;
                entry["detail"] = each.detail;
                all.push_back(std::move(entry));
            }
            std::cout << to_json_text(all) << "\n";
        } else {
            for (const auto& each : lines_)
                std::cout << paint(tone_of(each.state), each.state) << std::string(6 - each.state.size(), ' ')
                          << each.what << ": " << each.detail << "\n";
        }
        return code_;
    }

  private:
    static tone tone_of(const std::string& state) {
        return state == "ok" ? tone::good : state == "bad" ? tone::bad : tone::notice;
    }

    struct line {
        std::string state;
        std::string what;
        std::string detail;
    };

    std::vector<line> lines_;
    exit_code code_ = exit_code::done;
};

/// The path, or as much of it as there is.
std::filesystem::path existing_part(std::filesystem::path path) {
    std::error_code unknown;
    while (path.has_relative_path() && !std::filesystem::exists(path, unknown))
        path = path.parent_path();
    return path;
}

void check_folder(report& out, const std::string& name, const std::filesystem::path& path) {
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown)) {
        // Not made here: check may run as another user than the daemon.
        const auto parent = existing_part(path);
        if (::access(parent.c_str(), W_OK | X_OK) == 0) {
            out.note(name, path.string() + " is not there yet; 'kycd run' makes it");
        } else {
            out.bad(name,
                    path.string() + " is not there and " + parent.string() +
                        " cannot be written; make it for kycd's user",
                    exit_code::spool_unusable);
        }
        return;
    }
    const auto probe = fs::probe_folder(path);
    const std::string type = probe.file_system ? " (" + probe.file_system->name + ")" : "";
    if (!probe.usable) {
        out.bad(name, probe.problem, exit_code::spool_unusable);
    } else {
        out.good(name, path.string() + type + ": write, fsync and rename work");
    }
    if (probe.file_system && probe.file_system->network && (name == "work" || name == "ledger"))
        out.note(name, path.string() + " is on a network file system; it should be local");
}

/// The folders in the roots that a start looks into.
void check_inner_folders(report& out, const settings& config) {
    const auto& folders = config.folders;
    const auto is_service = [&config](const std::string& name) {
        return config.services.find(name) != nullptr || name == fs::ticket_folder;
    };
    const auto is_any = [](const std::string&) { return true; };
    const std::tuple<const char*, std::filesystem::path, std::function<bool(const std::string&)>> roots[] = {
        {"inbox", folders.inbox, is_service},
        {"work", folders.work, is_any}, // all of it is kycd's own
        {"outbox", folders.outbox, is_service},
        {"failed", folders.failed, is_service}};
    for (const auto& [name, root, wanted] : roots) {
        if (::access(root.c_str(), R_OK | X_OK) != 0) continue; // it was judged itself
        for (const auto& met : fs::closed_folders_in(root, wanted))
            out.bad(name, met.message() + "; let kycd's user read, write and enter it", exit_code::spool_unusable);
    }
}

/// The folder of the ledger may be kycd's and the file another user's, who started kycd once.
void check_ledger(report& out, const std::filesystem::path& file) {
    check_folder(out, "ledger", file.parent_path());
    if (::access(file.c_str(), R_OK | W_OK) == 0 || errno == ENOENT || errno == ENOTDIR) return;
    out.bad("ledger",
            file.string() + " cannot be read and written: " + std::generic_category().message(errno) +
                "; make it kycd's user's own",
            exit_code::spool_unusable);
}

void check_rename(report& out, const std::string& what, const std::filesystem::path& from,
                  const std::filesystem::path& to) {
    const auto renames = fs::can_rename_between(from, to);
    if (!renames) return; // one of the folders is bad, and was named already
    if (*renames) {
        out.good(what, "one rename");
    } else {
        out.note(what, "on different file systems: cases are copied and compared, which is slower");
    }
}

void check_spool(report& out, const settings& config) {
    const auto& folders = config.folders;
    const auto objection = fs::layout_objection(folders);
    if (!objection) {
        out.bad("layout", objection.error().message(), exit_code::spool_unusable);
        return;
    }
    if (*objection) {
        out.bad("layout", **objection, exit_code::config_wrong);
        return;
    }
    out.good("layout", "the folders are apart from each other");
    if (const auto access = resolve_access(config); !access) out.bad("group", access.error(), exit_code::config_wrong);
    check_folder(out, "inbox", folders.inbox);
    check_folder(out, "work", folders.work);
    check_folder(out, "outbox", folders.outbox);
    check_folder(out, "failed", folders.failed);
    check_inner_folders(out, config);
    check_rename(out, "inbox to work", folders.inbox, folders.work);
    check_rename(out, "work to outbox", folders.work, folders.outbox);
    check_rename(out, "work to failed", folders.work, folders.failed);
    check_ledger(out, config.ledger);
    const auto holder = fs::spool_holder(fs::spool_layout(folders));
    if (holder && *holder)
        out.note("daemon", ((*holder)->pid > 0 ? "process " + std::to_string((*holder)->pid) : "another process") +
                               " runs on this spool; what is checked here is what its next start would find");
}

async::awaitable<void> log_in(progeny::https_api& api, progeny::api::login_outcome& outcome) {
    outcome = co_await api.login();
    co_await api.stop();
}

void check_api(report& out, const std::shared_ptr<const settings>& config) {
    for (const auto& [name, from] : {std::pair{"api.credentials.username", config->api.username},
                                     std::pair{"api.credentials.password", config->api.password}}) {
        if (const auto read = read_secret(from); !read) {
            out.bad("credentials", std::string(name) + ": " + read.error(), exit_code::credentials_refused);
            return;
        }
    }
    boost::asio::io_context loop{1};
    auto link = make_api_link(loop.get_executor(), config);
    if (!link) {
        out.bad("api", link.error(), exit_code::config_wrong);
        return;
    }
    progeny::api::login_outcome outcome;
    {
        std::exception_ptr thrown;
        async::task_group root(loop.get_executor(), [&thrown](const std::exception_ptr& error) { thrown = error; });
        root.spawn(log_in(*link->api, outcome));
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    }
    link->client->close_idle();
    if (!outcome.reachable) {
        out.bad("api", link->where + ": " + outcome.what, exit_code::api_unreachable);
        return;
    }
    out.good("api", link->where + " answers over TLS with a certificate that is trusted");
    if (outcome.accepted) {
        out.good("credentials", "accepted");
    } else {
        out.bad("credentials", outcome.what, exit_code::credentials_refused);
    }
}

void check_window(report& out, const settings& config) {
    const auto& window = config.bulk.window;
    const auto runs = "re-verification runs " + window.describe();
    const auto trouble = time_window::machine_zone_trouble();
    if (trouble && window == time_window::nightly()) {
        out.note("window", runs + ", since the machine's time zone cannot be told: " + *trouble +
                               "; name one in lanes.bulk.window");
    } else {
        out.good("window", runs);
    }
}

/// The port itself is not asked for: a daemon that runs has it.
void check_admin(report& out, const settings& config) {
    const auto access = read_admin_access(config, std::nullopt);
    if (!access) {
        out.bad("admin", access.error(), exit_code::config_wrong);
    } else if (!access->where) {
        out.good("admin", "off");
    } else {
        out.good("admin", "on " + to_string(*access->where) + (access->token ? ", for whoever shows the token" : ""));
    }
}

/// root can read what the daemon cannot: each file that a setting names is tried once more.
void check_files(report& out, const settings& config) {
    std::vector<std::pair<const char*, secret_ref>> secrets{{"api.credentials.username", config.api.username},
                                                            {"api.credentials.password", config.api.password},
                                                            {"admin.token", config.admin.token}};
    if (const auto& client = config.api.client_certificate) {
        secrets.emplace_back("api.client_certificate.certificate", client->certificate);
        secrets.emplace_back("api.client_certificate.key", client->key);
    }
    for (const auto& [name, from] : secrets) {
        if (from.from != secret_ref::source::file) continue; // systemd reads a credential as root
        if (const auto read = read_secret(from); !read)
            out.bad("credentials", std::string(name) + ": " + read.error(), exit_code::credentials_refused);
    }
    const auto& ca_file = config.api.ca_file;
    if (ca_file && ::access(ca_file->c_str(), R_OK) != 0)
        out.bad("api",
                "api.ca_file: the file " + ca_file->string() + " cannot be read: " +
                    std::generic_category().message(errno) + "; kycd's user must be able to read it",
                exit_code::config_wrong);
}

} // namespace

exit_code check_command(const check_options& options) {
    auto loaded = load_settings(options.config);
    if (!loaded) return complain(loaded.error());
    auto config = std::make_shared<const settings>(std::move(*loaded));
    log_settings quiet;
    quiet.level = log_level::error;
    log::configure(quiet);
    // Before root becomes the owner of the spool: a credential may be root's alone, whom systemd reads it as.
    report outside;
    check_window(outside, *config);
    check_admin(outside, *config);
    check_api(outside, config);
    const auto owned = existing_part(config->folders.work);
    const auto caller = ::geteuid();
    report out;
    if (const auto why = become_owner_of(owned); !why.empty())
        return complain("check: " + why, exit_code::spool_unusable);
    const bool other_user = ::geteuid() != caller;
    if (other_user) {
        if (const auto again = load_settings(options.config); !again) return complain(again.error());
    }
    out.good("config", options.config.string());
    if (other_user) out.good("user", "folders and files are tried as the owner of " + owned.string());
    check_spool(out, *config);
    out.add(std::move(outside));
    if (other_user) check_files(out, *config);
    return out.print(options.json, painter(options.color));
}

} // namespace kyc
