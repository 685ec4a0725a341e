#include "config/settings_yaml.hpp"

#include "config/setting_kinds.hpp"
#include "config/yaml_reader.hpp"
#include "core/listen_address.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace kyc {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using yaml::count;
using yaml::decimal;
using yaml::document;
using yaml::duration;
using yaml::one_of;
using yaml::section;
using yaml::word_or;

constexpr std::uintmax_t largest_file = 1u << 20;
constexpr std::uint64_t smallest_memory = 8'000'000; // a case of three images of the API's largest size fits
constexpr std::size_t most_services = 256;
constexpr std::array<std::string_view, 4> folder_names{"inbox", "work", "outbox", "failed"};

std::array<std::filesystem::path*, 4> folders_of(settings& s) {
    return {&s.folders.inbox, &s.folders.work, &s.folders.outbox, &s.folders.failed};
}

// --- the file, key by key ---

void read_folders(section& in, settings& s) {
    const auto folders = folders_of(s);
    for (std::size_t i = 0; i < folders.size(); ++i)
        in.read(folder_names[i], *folders[i], yaml::absolute_path);
}

void read_credentials(section& in, api_settings& api) {
    in.read("username", api.username, yaml::reference_or_value);
    in.read("password", api.password, yaml::reference);
    in.require("username", "write the API's user name, or file:/path, credential:NAME, env:NAME");
    in.require("password", "write file:/path, credential:NAME or env:NAME");
}

void read_client_certificate(section& in, client_certificate_settings& to) {
    in.read("certificate", to.certificate, yaml::reference);
    in.read("key", to.key, yaml::reference);
}

void read_timeouts(section& in, timeout_settings& to) {
    in.read("connect", to.connect, duration(100ms, 1h));
    in.read("handshake", to.handshake, duration(100ms, 1h));
    in.read("idle", to.idle, duration(100ms, 1h));
    in.read("request", to.request, duration(100ms, 1h));
}

void read_api(section& in, api_settings& api) {
    in.read("base_url", api.base_url, yaml::https_url);
    in.map("credentials", [&](section& inner) { read_credentials(inner, api); });
    in.read("ca_file", api.ca_file, yaml::absolute_path);
    in.map("client_certificate", [&](section& inner) {
        client_certificate_settings both;
        read_client_certificate(inner, both);
        if (!inner.has("certificate") && !inner.has("key")) return;
        inner.require("certificate", "a client certificate needs both certificate and key");
        inner.require("key", "a client certificate needs both certificate and key");
        api.client_certificate = both;
    });
    in.read("proxy", api.proxy, yaml::proxy_url);
    in.read("extend_data", api.extend_data, yaml::truth);
    in.map("timeouts", [&](section& inner) { read_timeouts(inner, api.timeouts); });
}

void read_intake(section& in, intake_settings& to) {
    in.read("ready", to.ready, one_of<ready_rule>({{"settle", ready_rule::settle}, {"marker", ready_rule::marker}}));
    in.read("settle", to.settle, duration(0ms));
    in.read("incomplete_after", to.incomplete_after, duration(1s));
    in.read("rescan", to.rescan, duration(1s));
    in.read("poll", to.poll, duration(100ms));
    in.read("watch", to.watch,
            one_of<watch_mode>(
                {{"auto", watch_mode::automatic}, {"inotify", watch_mode::inotify}, {"poll", watch_mode::poll}}));
    in.read("dedupe", to.dedupe, word_or<milliseconds>("off", duration(1s)));
    in.read("explain", to.explain, one_of<bool>({{"off", false}, {"on", true}}));
}

void read_limits(section& in, limit_settings& to) {
    in.read("uploads", to.uploads, count(1, 1'024));
    in.read("polls", to.polls, count(1, 1'024));
    in.read("pending", to.pending, count(1, 1'000'000));
    in.read("memory", to.memory, yaml::size(smallest_memory));
    in.read("rate", to.rate, decimal(0, 1'000'000));
}

void read_poll(section& in, poll_settings& to) {
    in.read("first", to.first, word_or<milliseconds>("adaptive", duration(100ms)));
    in.read("min", to.min, duration(100ms));
    in.read("max", to.max, duration(100ms));
    in.read("factor", to.factor, decimal(1, 10));
    in.read("jitter", to.jitter, decimal(0, 1));
    in.read("deadline", to.deadline, duration(1s));
}

void read_retry(section& in, retry_settings& to) {
    in.read("attempts", to.attempts, count(1, 100));
    in.read("base", to.base, duration(50ms));
    in.read("max", to.max, duration(50ms));
    in.read("budget", to.budget, count(1, 1'000'000));
    in.read("retry_after_max", to.retry_after_max, duration(1s));
}

void read_bulk_lane(section& in, bulk_lane_settings& to) {
    in.read("window", to.window, yaml::time_window);
    in.read("share", to.share, decimal(0, 1));
}

void read_admin(section& in, admin_settings& to) {
    in.read("listen", to.listen, word_or<std::string>("off", yaml::listen_address));
    in.read("token", to.token, yaml::reference);
    in.read("show_case_names", to.show_case_names, yaml::truth);
}

void read_log(section& in, log_settings& to) {
    in.read("level", to.level,
            one_of<log_level>({{"trace", log_level::trace},
                               {"debug", log_level::debug},
                               {"info", log_level::info},
                               {"warning", log_level::warning},
                               {"error", log_level::error}}));
    in.read("format", to.format, one_of<log_format>({{"text", log_format::text}, {"json", log_format::json}}));
}

void read_retention(section& in, retention_settings& to) {
    in.read("outbox", to.outbox, word_or<milliseconds>("off", duration(1h)));
    in.read("failed", to.failed, word_or<milliseconds>("off", duration(1h)));
}

std::optional<std::string> service_name_objection(const std::string& name, const service_table& table) {
    const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), fine))
        return "a service's name is a folder's name: 1 to 64 of a-z, 0-9 and _";
    if (name == "reverify") return "'reverify' is the inbox of re-verification tickets and cannot be a service";
    if (const auto* const found = table.find(name); found != nullptr && found->name != name)
        return quote_text(name) + " is another name of " + found->name + "; override that one";
    return std::nullopt;
}

void read_service(const std::string& name, section& in, document& doc, service_table& table) {
    const auto* const before = table.find(name);
    service one;
    if (before != nullptr) one = *before; // an override changes what it names and keeps the rest
    one.name = name;
    if (one.path.empty()) one.path = name + "/";
    in.read("path", one.path, yaml::service_path);
    in.list("images", one.images, yaml::form_field);
    in.list("fields", one.fields, yaml::form_field);
    in.read("extend_data", one.extend_data, yaml::truth);
    if (name == "*") return; // only asked for its keys

    const auto key = "services." + name;
    if (const auto wrong = service_name_objection(name, table)) return doc.object(in.line(), "services", *wrong);
    if (doc.is_bad(key) || doc.is_bad(key + ".images") || doc.is_bad(key + ".fields")) return;
    for (const auto& field : one.fields)
        if (std::find(one.images.begin(), one.images.end(), field) != one.images.end())
            return doc.object(in.line(), key,
                              quote_text(field) + " is listed as an image and as a field; it can be one only");
    if (one.images.empty() && one.fields.empty())
        return doc.object(in.line(), key, "needs at least one of images and fields, e.g. images: [front_id]");
    table.set(std::move(one));
}

void read_services(section& top, document& doc, service_table& table) {
    std::size_t so_far = 0;
    top.each("services", [&](const std::string& name, section& in) {
        if (++so_far <= most_services + 1) return read_service(name, in, doc, table);
        if (so_far == most_services + 2)
            doc.object(in.line(), "services", "more than " + std::to_string(most_services) + " services");
    });
}

void read_everything(section& top, document& doc, settings& s) {
    top.read("spool", s.spool, yaml::absolute_path);
    top.map("folders", [&](section& in) { read_folders(in, s); });
    top.read("ledger", s.ledger, yaml::absolute_path);
    top.map("api", [&](section& in) { read_api(in, s.api); });
    top.map("intake", [&](section& in) { read_intake(in, s.intake); });
    top.map("limits", [&](section& in) { read_limits(in, s.limits); });
    top.map("poll", [&](section& in) { read_poll(in, s.poll); });
    top.map("retry", [&](section& in) { read_retry(in, s.retry); });
    top.map("once", [&](section& in) { in.read("patience", s.once.patience, duration(1s)); });
    top.read("on_unknown_outcome", s.on_unknown_outcome,
             one_of<unknown_outcome_rule>(
                 {{"resubmit", unknown_outcome_rule::resubmit}, {"hold", unknown_outcome_rule::hold}}));
    top.read("resubmit_failed_tasks", s.resubmit_failed_tasks, count(0, 10));
    top.read("threads", s.threads, count(1, 64));
    top.map("lanes", [&](section& in) { in.map("bulk", [&](section& bulk) { read_bulk_lane(bulk, s.bulk); }); });
    top.map("admin", [&](section& in) { read_admin(in, s.admin); });
    top.read("status_files", s.status_files, word_or<milliseconds>("off", duration(1s, 1min)));
    top.map("log", [&](section& in) { read_log(in, s.log); });
    top.map("retention", [&](section& in) { read_retention(in, s.retention); });
    top.map("reports", [&](section& in) { in.read("personal_data", s.reports.personal_data, yaml::truth); });
    top.read("group", s.group, yaml::group_name);
    read_services(top, doc, s.services);
    top.finish();
}

// --- what one key alone cannot show ---

/// `greater` must not be smaller than `smaller`. Points at the one that the file gives.
void check_order(document& doc, const std::string& smaller, milliseconds least, const std::string& greater,
                 milliseconds most) {
    if (most >= least || doc.is_bad(smaller) || doc.is_bad(greater)) return;
    const auto& key = doc.line_of(greater) != 0 ? greater : smaller;
    doc.object(doc.line_of(key), key,
               greater + " (" + format_duration(most) + ") must not be smaller than " + smaller + " (" +
                   format_duration(least) + ")");
}

void fill_folders(document& doc, settings& s) {
    const auto folders = folders_of(s);
    const auto nothing_given = std::all_of(folders.begin(), folders.end(), [](const auto* f) { return f->empty(); });
    if (s.spool.empty() && !doc.is_bad("spool")) {
        if (nothing_given && doc.line_of("folders") == 0)
            return doc.object(0, "spool", "missing; write the folder that holds inbox, work, outbox and failed");
        for (std::size_t i = 0; i < folders.size(); ++i) {
            const auto key = "folders." + std::string(folder_names[i]);
            if (folders[i]->empty() && !doc.is_bad(key))
                doc.object(doc.line_of("folders"), key, "missing; without spool all four folders must be given");
        }
        return;
    }
    for (std::size_t i = 0; i < folders.size(); ++i)
        if (folders[i]->empty() && !s.spool.empty()) *folders[i] = s.spool / folder_names[i];
}

bool is_inside(const std::filesystem::path& inner, const std::filesystem::path& outer) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

void check_folders(document& doc, const settings& s) {
    struct place {
        std::string key;
        std::filesystem::path path;
    };

    const std::array<place, 5> places{{{"folders.inbox", s.folders.inbox},
                                       {"folders.work", s.folders.work},
                                       {"folders.outbox", s.folders.outbox},
                                       {"folders.failed", s.folders.failed},
                                       {"ledger", s.ledger}}};
    for (std::size_t i = 0; i < places.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const auto& [a, b] = std::pair(places[j], places[i]);
            if (a.path.empty() || b.path.empty() || doc.is_bad(a.key) || doc.is_bad(b.key)) continue;
            const auto& key = doc.line_of(b.key) != 0 ? b.key : doc.line_of(a.key) != 0 ? a.key : b.key;
            const auto line = doc.line_of(key) != 0 ? doc.line_of(key) : doc.line_of("spool");
            if (a.path == b.path) {
                doc.object(line, key,
                           "is the same path as " + (key == a.key ? b.key : a.key) + ", " +
                               quote_text(a.path.native()));
            } else if (is_inside(a.path, b.path) || is_inside(b.path, a.path)) {
                const auto& [inner, outer] = is_inside(a.path, b.path) ? std::pair(a, b) : std::pair(b, a);
                doc.object(line, key,
                           inner.key + " " + quote_text(inner.path.native()) + " lies inside " + outer.key + " " +
                               quote_text(outer.path.native()) + "; keep them apart");
            }
        }
    }
}

/// Where people of other machines get to, they have to show something.
void check_admin(document& doc, const settings& s) {
    if (!s.admin.listen || doc.is_bad("admin.listen") || doc.is_bad("admin.token")) return;
    const auto where = parse_listen_address(*s.admin.listen);
    if (!where || is_private(*where) || s.admin.token.from != secret_ref::source::none) return;
    doc.object(doc.line_of("admin.listen"), "admin.listen",
               quote_text(*s.admin.listen) +
                   " can be reached from other machines, so whoever comes has to show a token; set admin.token to " +
                   "file:/path, credential:NAME or env:NAME, or listen on 127.0.0.1, [::1], localhost or unix:/path");
}

void check_across(document& doc, const settings& s) {
    check_folders(doc, s);
    check_admin(doc, s);
    check_order(doc, "poll.min", s.poll.min, "poll.max", s.poll.max);
    check_order(doc, "retry.base", s.retry.base, "retry.max", s.retry.max);
    if (s.intake.ready == ready_rule::settle)
        check_order(doc, "intake.settle", s.intake.settle, "intake.incomplete_after", s.intake.incomplete_after);
}

std::vector<config_error> one_error(const std::string& file, std::string message) {
    return {{file, 0, "", std::move(message)}};
}

} // namespace

std::string to_string(const config_error& error) {
    auto text = error.file;
    if (error.line > 0) text += ":" + std::to_string(error.line);
    if (!error.key.empty()) text += ": " + error.key;
    return text + ": " + error.message;
}

void throw_exception_from_error(const std::vector<config_error>& errors, const boost::source_location&) {
    std::string text;
    for (const auto& error : errors)
        text += (text.empty() ? "" : "\n") + to_string(error);
    throw std::runtime_error(text);
}

boost::system::result<settings, std::vector<config_error>> load_settings(const std::filesystem::path& file) {
    const auto name = file.string();
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status))
        return one_error(name, status.type() == std::filesystem::file_type::not_found
                                   ? "does not exist; name another with --config FILE"
                                   : "cannot be looked at: " + error.message());
    if (!std::filesystem::is_regular_file(status)) return one_error(name, "is not a regular file");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return one_error(name, "cannot be opened: " + std::generic_category().message(errno));
    // Not by the size on disk: the file may be growing.
    std::string text(largest_file + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return one_error(name, "cannot be read: " + std::generic_category().message(errno));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return parse_settings(text, name);
}

boost::system::result<settings, std::vector<config_error>> parse_settings(std::string_view text,
                                                                          const std::string& file_name) {
    if (text.size() > largest_file)
        return one_error(file_name, "is larger than 1MiB; that is not a configuration of kycd");
    document doc(file_name);
    settings s;
    const auto root = yaml::parse_document(doc, text);
    if (auto errors = doc.take_errors(); !errors.empty())
        return errors; // what is not YAML has no keys to complain about
    section top(doc, "", "", 0, root);
    if (!root.IsMap() && !root.IsNull()) return doc.take_errors();
    read_everything(top, doc, s);
    fill_folders(doc, s);
    check_across(doc, s);
    if (auto errors = doc.take_errors(); !errors.empty()) return errors;
    return s;
}

std::vector<std::string> settings_keys() {
    document doc("");
    settings ignored;
    section top(doc, "", "", 0, YAML::Node());
    read_everything(top, doc, ignored);
    return doc.keys();
}

} // namespace kyc
