#include "fs/ended_cases.hpp"

#include "fs/case_folder.hpp"
#include "fs/delivery.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/ticket_files.hpp"

#include <algorithm>

namespace kyc::fs {

namespace {

void list_root(const folder& root, std::vector<ended_place>& into) {
    const auto services = list_names(root);
    if (!services) return;
    for (const auto& service : *services) {
        if (service.starts_with('.') || service == ticket_folder) continue;
        const auto opened = open_folder_in(root, service);
        if (!opened) continue;
        const auto names = list_names(*opened);
        if (!names) continue;
        for (const auto& name : *names)
            if (!name.starts_with('.')) into.push_back({case_key(service, name), opened->path / name});
    }
}

} // namespace

result<std::vector<ended_place>> list_ended(const spool_layout& layout) {
    std::vector<ended_place> places;
    for (const auto which : {spool_root::outbox, spool_root::failed}) {
        const auto root = open_root(layout, which);
        if (!root) return root.error();
        list_root(*root, places);
    }
    return places;
}

std::vector<ended_place> places_of(const spool_layout& layout, const case_key& key) {
    std::vector<ended_place> places;
    for (const auto& path : {layout.roots().outbox, layout.roots().failed}) {
        const auto root = open_folder(path);
        const auto service = root ? open_folder_in(*root, key.folder) : result<folder>(root.error());
        if (!service) continue;
        const auto first = static_cast<std::ptrdiff_t>(places.size());
        for (int count = 1;; ++count) {
            const auto name = numbered_name(key.name, count);
            const auto found = stat_in(*service, name);
            if (!found || !*found) break;
            places.push_back({case_key(key.folder, name), service->path / name});
        }
        std::reverse(places.begin() + first, places.end());
    }
    return places;
}

result<std::optional<std::string>> read_report_in(const ended_place& where) {
    const claimed_case as_case{where.key, where.folder};
    // A case that failed at its answer (TASK_UNREAD) may have both.
    for (const auto* name : {"error.json", "result.json"}) {
        auto text = read_in_case(as_case, name);
        if (!text || *text) return text;
    }
    return std::optional<std::string>();
}

} // namespace kyc::fs
