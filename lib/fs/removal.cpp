#include "fs/removal.hpp"

#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/claim_steps.hpp"
#include "fs/delivery.hpp"
#include "fs/safe_open.hpp"
#include "fs/ticket_files.hpp"
#include "fs/tree.hpp"

#include <cerrno>

namespace kyc::fs {

namespace {

constexpr const char* removed = ".kycd/removed";

/// What dates a folder by its last change. The morning reports of tickets have a name of their own.
const char* report_of(spool_root from, const std::string& service) {
    if (from == spool_root::failed) return "error.json";
    return service == ticket_folder ? "report.json" : "result.json";
}

void list_service(const folder& service, const std::string& name, const char* report, utc_time before,
                  std::vector<expired_case>& into) {
    const auto names = list_names(service);
    if (!names) return;
    for (const auto& each : *names) {
        if (each.starts_with('.')) continue;
        const auto inside = open_folder_in(service, each);
        if (!inside) continue;
        const auto written = stat_in(*inside, report);
        if (!written || !*written || !S_ISREG((*written)->st_mode) || time_of((*written)->st_mtim) >= before) continue;
        const auto mark = stat_in(*inside, hold_mark);
        into.push_back({case_key(name, each), !mark || *mark});
    }
}

/// Whether the mark is there. What cannot be looked at is treated as if it were.
bool is_held(const folder& service, const std::string& name) {
    const auto inside = open_folder_in(service, name);
    if (!inside) return !is_absent(inside.error());
    const auto mark = stat_in(*inside, hold_mark);
    return !mark || *mark;
}

/// Puts a case back that was on its way out; under its own name, or with a number when that is taken.
result<void> bring_back(const folder& staging, const folder& service, const std::string& name) {
    for (int count = 1;; ++count) {
        const int error = rename_no_replace(staging, name, service, numbered_name(name, count));
        if (error == EEXIST || error == ENOTEMPTY) continue;
        if (error != 0) return staging.trouble_with(error, "bring back", name);
        return sync(service);
    }
}

/// The same by the service's name. It may be gone meanwhile: a held case then stays where it is, with a fault.
result<void> bring_back_to(const folder& root, const std::string& service_name, const folder& staging,
                           const std::string& name) {
    const auto service = open_folder_in(root, service_name);
    if (!service) return service.error();
    return bring_back(staging, *service, name);
}

} // namespace

result<std::vector<expired_case>> list_expired(const spool_layout& layout, spool_root from, utc_time before) {
    const auto root = open_root(layout, from);
    if (!root) return root.error();
    const auto services = list_names(*root);
    if (!services) return services.error();
    std::vector<expired_case> found;
    for (const auto& name : *services) {
        if (name.starts_with('.')) continue;
        const auto service = open_folder_in(*root, name);
        if (service) list_service(*service, name, report_of(from, name), before, found);
    }
    return found;
}

result<removal> remove_ended(const spool_layout& layout, spool_root from, const case_key& key) {
    const auto root = open_root(layout, from);
    if (!root) return root.error();
    const auto service = open_folder_in(*root, key.folder);
    if (!service && is_absent(service.error())) return removal::gone;
    if (!service) return service.error();
    const auto staging = make_private(*root, {".kycd", "removed", key.folder});
    if (!staging) return staging.error();
    const int error = rename_no_replace(*service, key.name, *staging, key.name);
    if (error == ENOENT) return removal::gone;
    if (error != 0) return service->trouble_with(error, "remove", key.name);
    fault_point("remove.renamed", key.name);
    if (is_held(*staging, key.name)) {
        if (auto done = bring_back(*staging, *service, key.name); !done) return done.error();
        return removal::held;
    }
    // Or a power cut could leave a half removed case in its old place.
    if (auto done = sync(*staging); !done) return done.error();
    if (auto done = sync(*service); !done) return done.error();
    if (auto done = remove_tree(*staging, key.name); !done) return done.error();
    fault_point("remove.done", key.name);
    return removal::removed;
}

result<void> finish_removals(const spool_layout& layout, spool_root from) {
    const auto root = open_root(layout, from);
    if (!root) return root.error();
    const auto staging = open_folder_in(*root, removed);
    if (!staging && is_absent(staging.error())) return {};
    if (!staging) return staging.error();
    const auto services = list_names(*staging);
    if (!services) return services.error();
    for (const auto& folder_name : *services) {
        const auto left = open_folder_in(*staging, folder_name);
        if (!left) return left.error();
        const auto names = list_names(*left);
        if (!names) return names.error();
        for (const auto& name : *names) {
            auto done =
                is_held(*left, name) ? bring_back_to(*root, folder_name, *left, name) : remove_tree(*left, name);
            if (!done) return done;
        }
    }
    return {};
}

} // namespace kyc::fs
