#include "fs/case_sight.hpp"

#include "core/case_name.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kyc::fs::intake {

namespace {

/// Adds a file to what is seen; a name that vanished meanwhile is simply not there.
result<void> add_file(case_sight& sight, const std::string& name) {
    auto state = state_of(sight.folder.get(), name);
    if (state.has_error()) return state.error();
    if (!*state) return {};
    sight.changed = std::max(sight.changed, (*state)->ctime);
    sight.files.push_back(std::move(**state));
    return {};
}

result<void> look_at_folder(case_sight& sight, int service_folder, const std::string& name) {
    sight.folder = open_folder(service_folder, name.c_str());
    if (!sight.folder) {
        switch (errno) {
        case ENOENT:
            sight.what = case_sight::presence::gone;
            return {};
        case ENOTDIR:
        case ELOOP: {
            // A file in the folder's place is an entry of its own: a flat case.
            auto state = state_of(service_folder, name);
            if (state.has_error()) return state.error();
            const bool odd = *state && (*state)->kind == file_kind::other;
            sight.what = odd ? case_sight::presence::not_a_folder : case_sight::presence::gone;
            if (odd) sight.changed = (*state)->ctime;
            return {};
        }
        case EACCES:
        case EPERM: {
            sight.what = case_sight::presence::unreadable;
            auto state = state_of(service_folder, name);
            if (state.has_error()) return state.error();
            if (*state) sight.changed = (*state)->ctime;
            return {};
        }
        default:
            return last_fault(errno, "open the case folder " + name);
        }
    }
    auto folder = state_of(sight.folder.get());
    if (folder.has_error()) return folder.error();
    sight.changed = folder->ctime;
    std::vector<std::string> names;
    auto read = for_each_name(sight.folder.get(), [&](const char* file, unsigned char) { names.emplace_back(file); });
    if (read.has_error()) return read.error();
    for (const auto& file : names) {
        if (file == ".done") {
            sight.marker = true;
            continue;
        }
        auto added = add_file(sight, file);
        if (added.has_error() && added.error().code == std::errc::permission_denied) {
            // A folder with r but without x: the producer's doing, not the system's.
            sight.what = case_sight::presence::unreadable;
            sight.files.clear();
            return {};
        }
        if (added.has_error()) return added.error();
    }
    if (sight.find("case.json")) sight.manifest = "case.json";
    return {};
}

result<void> look_at_flat(case_sight& sight, int service_folder, const inbox_entry& entry, const service& target,
                          flat_index& flat) {
    sight.folder = open_folder(service_folder, ".");
    if (!sight.folder) return last_fault(errno, "open inbox/" + entry.folder);
    auto files = flat.files_of(service_folder, entry.folder, target, entry.name);
    if (files.has_error()) return files.error();
    sight.look_again = files->look_again;
    for (const auto& name : files->names) {
        const auto kind = read_flat_name(target, name).what;
        const auto before = sight.files.size();
        if (auto added = add_file(sight, name); added.has_error()) return added.error();
        if (sight.files.size() == before) continue;
        if (kind == flat_name::kind::marker) {
            sight.marker = true;
            sight.files.pop_back();
        } else if (kind == flat_name::kind::manifest && (!sight.manifest || name < *sight.manifest)) {
            sight.manifest = name;
        }
    }
    if (sight.files.empty() && !sight.marker && !sight.look_again) sight.what = case_sight::presence::gone;
    return {};
}

} // namespace

const file_state* case_sight::find(const std::string& name) const {
    const auto found = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
    return found == files.end() ? nullptr : &*found;
}

result<case_sight> look_at(int service_folder, const inbox_entry& entry, const service& target, flat_index& flat) {
    case_sight sight;
    auto looked = entry.flat ? look_at_flat(sight, service_folder, entry, target, flat)
                             : look_at_folder(sight, service_folder, entry.name);
    if (looked.has_error()) return looked.error();
    std::sort(sight.files.begin(), sight.files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return sight;
}

} // namespace kyc::fs::intake
