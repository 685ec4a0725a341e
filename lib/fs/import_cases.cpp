#include "fs/import_cases.hpp"

#include "core/fault_point.hpp"
#include "core/plain_text.hpp"
#include "fs/atomic_file.hpp"
#include "fs/claim_steps.hpp"
#include "fs/random_id.hpp"
#include "fs/root_mount.hpp"
#include "fs/service_folder.hpp"
#include "fs/tree.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

constexpr const char* staging_folder = ".kycd-import";

/// An empty file that is ours, with the spool's mode.
result<unique_fd> make_file(const folder& where, const std::string& name, const access_rules& access) {
    auto made = open_beneath(where, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!made) return made;
    // A share may know no modes.
    static_cast<void>(set_access(made->get(), file_mode(access), access));
    return made;
}

result<void> write_file(const folder& where, const std::string& name, std::span<const std::byte> bytes,
                        const access_rules& access) {
    const auto made = make_file(where, name, access);
    if (!made) return made.error();
    if (const int error = write_all(made->get(), bytes); error != 0) return where.trouble_with(error, "write", name);
    return {};
}

} // namespace

case_import::case_import(folder inbox, folder staging, access_rules access)
    : inbox_(std::move(inbox)), staging_(std::move(staging)), access_(access) {}

case_import::~case_import() {
    // What cannot be removed now is removed when the next one begins.
    if (!id_.empty()) static_cast<void>(remove_tree(staging_, id_));
}

result<case_import::outcome> case_import::begin(const spool_layout& layout, const access_rules& access) {
    auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    auto staging = make_private(*inbox, {staging_folder});
    if (!staging) return staging.error();
    // Where there are no locks, what somebody left cannot be told from what somebody is at.
    const bool locked = ::flock(staging->get(), LOCK_EX | LOCK_NB) == 0;
    if (!locked && errno == EWOULDBLOCK) return outcome(busy{});
    if (locked) {
        const auto left = list_names(*staging);
        if (!left) return left.error();
        for (const auto& each : *left)
            if (auto done = remove_tree(*staging, each); !done) return done.error();
    }
    auto id = random_id();
    if (!id) return id.error();
    std::unique_ptr<case_import> made(new case_import(std::move(*inbox), std::move(*staging), access));
    auto own = make_private(made->staging_, {*id});
    if (!own) return own.error();
    made->own_ = std::move(*own);
    made->id_ = std::move(*id);
    return outcome(std::move(made));
}

result<import_room> case_import::room() const {
    struct statvfs found {};

    if (::fstatvfs(inbox_.get(), &found) != 0) return inbox_.trouble_with(errno, "ask how much room is in");
    import_room room;
    room.bytes = std::uint64_t{found.f_bavail} * found.f_frsize;
    if (found.f_files > 0) room.files = found.f_favail;
    return room;
}

result<folder*> case_import::stage_of(const std::string& service) {
    const auto known =
        std::find_if(services_.begin(), services_.end(), [&](const auto& each) { return each.first == service; });
    if (known != services_.end()) return &known->second;
    auto made = make_private(own_, {service});
    if (!made) return made.error();
    return &services_.emplace_back(service, std::move(*made)).second;
}

result<std::uint64_t, source_trouble> case_import::fill(const folder& root, const folder& target,
                                                        const import_case& wanted, std::uint64_t most_bytes,
                                                        const image_check& check) {
    std::uint64_t bytes = 0;
    for (const auto& [name, path] : wanted.images) {
        const auto from = open_source(root, path, most_bytes);
        if (!from) return from.error();
        bytes += from->bytes;
        if (check) {
            const auto image = read_source(*from);
            if (!image) return image.error();
            if (auto why = check(*image))
                return source_trouble(unfit_file(unfit::refused, printable(path) + ": " + *why));
            if (auto done = write_file(target, name, *image, access_); !done) return source_trouble(done.error());
            continue;
        }
        const auto made = make_file(target, name, access_);
        if (!made) return source_trouble(made.error());
        if (auto done = copy_source(*from, made->get()); !done) return done.error();
    }
    const auto text = std::as_bytes(std::span(wanted.manifest));
    if (!text.empty())
        if (auto done = write_file(target, "case.json", text, access_); !done) return source_trouble(done.error());
    if (wanted.marker)
        if (auto done = write_file(target, ".done", {}, access_); !done) return source_trouble(done.error());
    static_cast<void>(set_access(target.get(), folder_mode(access_), access_));
    return bytes;
}

result<std::uint64_t, source_trouble> case_import::stage(const folder& root, const import_case& wanted,
                                                         std::uint64_t most_bytes, const image_check& check) {
    const auto service = stage_of(wanted.key.folder);
    if (!service) return source_trouble(service.error());
    const auto target = make_folder_in(**service, wanted.key.name, 0700);
    if (!target) return source_trouble(target.error());
    auto filled = fill(root, *target, wanted, most_bytes, check);
    if (!filled) {
        if (auto gone = remove_tree(**service, wanted.key.name); !gone) return source_trouble(gone.error());
        return filled;
    }
    staged_.push_back(wanted.key);
    fault_point("import.staged", wanted.key.name);
    return filled;
}

result<void> case_import::make_durable() const {
    if (::syncfs(own_.get()) == 0) return {};
    // A seccomp filter says EPERM, or ENOSYS.
    if (errno != ENOSYS && errno != EPERM) return own_.trouble_with(errno, "sync the file system of");
    return sync_tree(own_);
}

import_group case_import::bring_in() {
    import_group came;
    const auto leaving = std::exchange(staged_, {});
    if (leaving.empty()) return came;
    // Before the first name is in the inbox: a power cut must not leave a case there without its bytes, for the next
    // call would take it for one that has arrived.
    if (auto done = make_durable(); !done) came.trouble = done.error();
    if (!came.trouble) fault_point("import.settled");
    std::vector<std::pair<std::string, folder>> targets;
    for (const auto& key : leaving) {
        const auto from = stage_of(key.folder);
        if (!came.trouble && !from) came.trouble = from.error();
        auto to =
            std::find_if(targets.begin(), targets.end(), [&](const auto& each) { return each.first == key.folder; });
        if (!came.trouble && to == targets.end()) {
            auto opened = open_service_folder(inbox_, key.folder);
            if (!opened) {
                came.trouble = opened.error();
            } else {
                targets.emplace_back(key.folder, std::move(*opened));
                to = std::prev(targets.end());
            }
        }
        const int error = came.trouble ? ECANCELED : rename_no_replace(**from, key.name, to->second, key.name);
        if (error == 0) {
            came.arrived.push_back(key);
            fault_point("import.renamed", key.name);
            continue;
        }
        if (error == EEXIST || error == ENOTEMPTY) {
            came.taken.push_back(key);
        } else if (!came.trouble) {
            came.trouble = (*from)->trouble_with(error, "rename into " + to->second.path.string(), key.name);
        }
        if (from) static_cast<void>(remove_tree(**from, key.name));
    }
    for (const auto& [name, target] : targets)
        if (auto done = sync(target); !done && !came.trouble) came.trouble = done.error();
    if (!targets.empty())
        if (auto done = sync(inbox_); !done && !came.trouble) came.trouble = done.error();
    return came;
}

} // namespace kyc::fs
