#include "commands/spool_folders.hpp"

#include "core/case_name.hpp"
#include "fs/case_folder.hpp"
#include "fs/file_state.hpp"
#include "fs/inbox_scan.hpp"
#include "fs/ticket_files.hpp"

#include <algorithm>
#include <cctype>
#include <dirent.h>

namespace kyc {

namespace {

/// The names in a folder with what they are, none opened.
result<void> for_each_folder_in(const fs::folder& where, const std::function<bool(const std::string&)>& visit) {
    std::vector<std::string> names;
    const auto read = fs::intake::for_each_name(where.get(), [&](const char* name, unsigned char type) {
        if (name[0] != '.' && (type == DT_DIR || type == DT_UNKNOWN)) names.emplace_back(name);
    });
    if (!read) return fault(read.error().code, "read " + where.path.string());
    std::sort(names.begin(), names.end());
    for (const auto& name : names)
        if (!visit(name)) return {};
    return {};
}

} // namespace

result<void> for_each_case_folder(const std::filesystem::path& root,
                                  const std::function<bool(const case_folder_entry&)>& visit) {
    const auto opened = fs::open_folder(root);
    if (!opened && fs::is_absent(opened.error())) return {};
    if (!opened) return opened.error();
    bool going = true;
    std::optional<fault> met;
    const auto look_into = [&](const std::string& service) {
        if (service == fs::ticket_folder) return true;
        const auto inner = fs::open_folder_in(*opened, service);
        if (!inner) {
            // A link is no service's folder, and what is being removed is gone.
            if (inner.error().code != std::errc::too_many_symbolic_link_levels && !fs::is_absent(inner.error()) &&
                inner.error().code != std::errc::not_a_directory)
                met = inner.error();
            return true;
        }
        const auto look_at = [&](const std::string& name) {
            const auto found = fs::stat_in(*inner, name);
            if (!found || !*found || !S_ISDIR((*found)->st_mode)) return true;
            going = visit({case_key(service, name), inner->path / name, fs::time_of((*found)->st_mtim),
                           fs::time_of((*found)->st_ctim), &*inner});
            return going;
        };
        if (const auto read = for_each_folder_in(*inner, look_at); !read) met = read.error();
        return going;
    };
    if (const auto read = for_each_folder_in(*opened, look_into); !read) return read.error();
    if (met) return *met;
    return {};
}

result<std::vector<std::string>> service_folders_in(const std::filesystem::path& root) {
    std::vector<std::string> names;
    const auto opened = fs::open_folder(root);
    if (!opened && fs::is_absent(opened.error())) return names;
    if (!opened) return opened.error();
    const auto read = for_each_folder_in(*opened, [&](const std::string& name) {
        if (name != fs::ticket_folder) names.push_back(name);
        return true;
    });
    if (!read) return read.error();
    return names;
}

result<std::vector<case_folder_entry>> find_case_folders(const std::filesystem::path& root, const std::string& name,
                                                         const std::function<bool(const std::string& folder)>& of) {
    std::vector<case_folder_entry> found;
    const auto services = service_folders_in(root);
    if (!services) return services.error();
    const auto opened = fs::open_folder(root);
    if (!opened) return services->empty() ? result<std::vector<case_folder_entry>>(found) : opened.error();
    for (const auto& service : *services) {
        if (!of(service)) continue;
        const auto inner = fs::open_folder_in(*opened, service);
        if (!inner) continue; // a link, or gone
        const auto read = for_each_folder_in(*inner, [&](const std::string& each) {
            if (!is_numbered(each, name)) return true;
            const auto about = fs::stat_in(*inner, each);
            if (about && *about && S_ISDIR((*about)->st_mode))
                found.push_back({case_key(service, each), inner->path / each, fs::time_of((*about)->st_mtim),
                                 fs::time_of((*about)->st_ctim), nullptr});
            return true;
        });
        if (!read) return read.error();
    }
    return found;
}

std::optional<last_word> last_word_in(const std::filesystem::path& work_case) {
    const auto in = fs::open_folder(work_case);
    if (!in) return std::nullopt;
    for (const bool answered : {true, false}) {
        const auto found = fs::stat_in(*in, answered ? "result.json" : "error.json");
        if (found && *found) return last_word{answered, fs::time_of((*found)->st_mtim)};
    }
    return std::nullopt;
}

std::optional<utc_time> inbox_times::of(const fs::inbox_entry& entry) {
    const auto in = fs::open_folder(config_.folders.inbox / entry.folder);
    if (!in) return std::nullopt;
    if (!entry.flat) {
        const auto found = fs::stat_in(*in, entry.name);
        if (!found || !*found) return std::nullopt;
        return fs::time_of((*found)->st_mtim);
    }
    const auto [place, is_new] = flat_.try_emplace(entry.folder);
    auto& times = place->second;
    if (is_new) {
        const service nobody;
        const auto* target = config_.services.find(entry.folder);
        static_cast<void>(fs::intake::for_each_name(in->get(), [&](const char* name, unsigned char type) {
            if (type == DT_DIR || is_junk(name)) return;
            const auto found = fs::stat_in(*in, name);
            if (!found || !*found) return;
            times.emplace_back(read_flat_name(target != nullptr ? *target : nobody, name).case_name,
                               fs::time_of((*found)->st_mtim));
        }));
        std::sort(times.begin(), times.end());
    }
    const auto first = std::lower_bound(times.begin(), times.end(), std::pair(entry.name, utc_time::min()));
    if (first == times.end() || first->first != entry.name) return std::nullopt;
    return first->second;
}

result<std::optional<fs::inbox_entry>> find_in_inbox(const settings& config, const std::string& folder,
                                                     const std::string& name) {
    using outcome = std::optional<fs::inbox_entry>;
    if (fs::intake::is_reserved_folder(folder)) return outcome();
    const auto inbox = fs::open_folder(config.folders.inbox);
    if (!inbox) return inbox.error();
    const auto in = fs::open_folder_in(*inbox, folder);
    if (!in && fs::is_absent(in.error())) return outcome();
    if (!in) return in.error();
    const service nobody;
    const auto* known = config.services.find(folder);
    outcome entry;
    const auto read = fs::intake::for_each_name(in->get(), [&](const char* raw, unsigned char type) {
        const std::string file = raw;
        if (is_junk(file)) return;
        bool is_folder = type == DT_DIR;
        if (type == DT_UNKNOWN) {
            const auto found = fs::stat_in(*in, file);
            is_folder = found && *found && S_ISDIR((*found)->st_mode);
        }
        fs::inbox_entry one;
        one.folder = folder;
        one.flat = !is_folder;
        one.name = is_folder ? file : read_flat_name(known != nullptr ? *known : nobody, file).case_name;
        if (one.name != name && fs::key_of(one).name != name) return;
        // A folder goes before files of the same stem: it is what `claim` would call by this name alone.
        if (!entry || !one.flat) entry = std::move(one);
    });
    if (!read) return fault(read.error().code, "read " + in->path.string());
    return entry;
}

bool is_numbered(const std::string& folder, const std::string& name) {
    return folder == name || without_number(folder) == name;
}

std::string without_number(const std::string& folder) {
    const auto mark = folder.rfind('~');
    if (mark == std::string::npos || mark == 0 || mark + 1 == folder.size()) return folder;
    const bool digits = std::all_of(folder.begin() + static_cast<std::ptrdiff_t>(mark) + 1, folder.end(),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
    return digits && folder[mark + 1] != '0' && folder.substr(mark) != "~1" ? folder.substr(0, mark) : folder;
}

} // namespace kyc
