#include "import/known_cases.hpp"

#include "core/case_name.hpp"
#include "fs/claim_steps.hpp"
#include "fs/file_state.hpp"
#include "fs/root_mount.hpp"

#include <dirent.h>

namespace kyc {

namespace {

/// A root that may not have been made yet.
boost::system::result<std::optional<fs::folder>, std::string> open_if_there(result<fs::folder> opened) {
    if (opened) return std::optional(std::move(*opened));
    if (fs::is_absent(opened.error())) return std::optional<fs::folder>();
    return opened.error().message();
}

} // namespace

known_cases::outcome<std::unique_ptr<known_cases>> known_cases::open(const settings& config) {
    const fs::spool_layout layout(config.folders);
    std::unique_ptr<known_cases> made(new known_cases(config));
    auto inbox = fs::open_root(layout, fs::spool_root::inbox);
    if (!inbox) return inbox.error().message();
    made->inbox_ = std::move(*inbox);
    const auto put = [](std::optional<fs::folder>& target, result<fs::folder> opened) -> std::string {
        auto there = open_if_there(std::move(opened));
        if (!there) return there.error();
        target = std::move(*there);
        return {};
    };
    if (auto why = put(made->work_, fs::open_folder(layout.roots().work)); !why.empty()) return why;
    if (auto why = put(made->outbox_, fs::open_root(layout, fs::spool_root::outbox)); !why.empty()) return why;
    if (auto why = put(made->failed_, fs::open_root(layout, fs::spool_root::failed)); !why.empty()) return why;
    if (auto why = made->open_ledger(); !why.empty()) return why;
    return made;
}

std::string known_cases::open_ledger() {
    auto opened = ledger::open_reader(config_.ledger);
    if (!opened) return opened.error();
    ledger_ = *opened ? std::move(**opened) : nullptr;
    return {};
}

known_cases::outcome<bool> known_cases::is_in_ledger(const case_key& key) {
    if (!ledger_) return false;
    ledger::case_filter which;
    which.name = key.name;
    which.folder = key.folder;
    bool known = false;
    const auto read = ledger_->list(which, [&known](const ledger::case_history&) {
        known = true;
        return false;
    });
    if (!read) return read.error();
    return known;
}

known_cases::outcome<bool> known_cases::is_flat_in_inbox(const case_key& key) {
    const auto [place, is_new] = flat_.try_emplace(key.folder);
    auto& names = place->second;
    if (is_new) {
        const auto in = fs::open_folder_in(inbox_, key.folder);
        if (!in && !fs::is_absent(in.error())) return in.error().message();
        if (!in) return false;
        const auto* target = config_.services.find(key.folder);
        const service nobody;
        const auto read = fs::intake::for_each_name(in->get(), [&](const char* name, unsigned char type) {
            if (type != DT_DIR && !is_junk(name))
                names.insert(read_flat_name(target != nullptr ? *target : nobody, name).case_name);
        });
        if (!read) return read.error().message();
    }
    return names.count(key.name) != 0;
}

known_cases::outcome<bool> known_cases::has(const case_key& key, bool ended) {
    const auto path = key.folder + '/' + key.name;
    const auto waits = fs::stat_in(inbox_, path);
    if (!waits) return waits.error().message();
    if (*waits) return true;
    const auto flat = is_flat_in_inbox(key);
    if (!flat) return flat.error();
    if (*flat) return true;
    if (work_) {
        const auto staged = fs::find_staged(inbox_, *work_, key);
        if (!staged) return staged.error().message();
        if (*staged) return true;
    }
    for (const auto* root : {&work_, &outbox_, &failed_}) {
        if (!*root || (!ended && root != &work_)) continue;
        const auto there = fs::stat_in(**root, path);
        if (!there) return there.error().message();
        if (*there) return true;
    }
    if (!ended) return false;
    auto known = is_in_ledger(key);
    if (!known) {
        // It was opened as it lay there, and a daemon has started since; or it is gone.
        if (auto why = open_ledger(); !why.empty()) return why;
        known = is_in_ledger(key);
    }
    return known;
}

} // namespace kyc
