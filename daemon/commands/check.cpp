#include "commands/check.hpp"

#include "async/task_group.hpp"
#include "commands/as_owner.hpp"
#include "commands/check_report.hpp"
#include "commands/check_spool.hpp"
#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "config/admin_access.hpp"
#include "config/secrets.hpp"
#include "config/settings_yaml.hpp"
#include "log/log.hpp"
#include "start/api_link.hpp"

#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kyc {

namespace {

async::awaitable<void> log_in(progeny::https_api& api, progeny::api::login_outcome& outcome) {
    outcome = co_await api.login();
    co_await api.stop();
}

void check_api(check_report& out, const std::shared_ptr<const settings>& config) {
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

void check_window(check_report& out, const settings& config) {
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
void check_admin(check_report& out, const settings& config) {
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
void check_files(check_report& out, const settings& config) {
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
    check_report outside;
    check_window(outside, *config);
    check_admin(outside, *config);
    check_api(outside, config);
    const auto owned = existing_part(config->folders.work);
    const auto caller = ::geteuid();
    check_report out;
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
