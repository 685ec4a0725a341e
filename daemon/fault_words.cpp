#include "fault_words.hpp"

#include <string_view>

namespace kyc {

namespace {

/// Whether the text names the path itself or something in it, and not only one that begins like it.
bool names(std::string_view text, std::string_view path) {
    for (auto at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
        const auto after = at + path.size();
        if (after == text.size() || std::string_view("/: ,)").find(text[after]) != std::string_view::npos) return true;
    }
    return false;
}

} // namespace

std::string fault_words(const fault& met, const fs::spool_layout& layout, const std::filesystem::path& ledger) {
    const auto& roots = layout.roots();
    std::string place;
    // The one that is named most exactly: they may lie in each other.
    for (const auto& each : {roots.inbox, roots.work, roots.outbox, roots.failed, ledger.parent_path()}) {
        const auto path = each.string();
        if (path.size() > place.size() && path != "/" && names(met.what, path)) place = path;
    }
    // Some say "inbox/<folder>", as seen from within the spool.
    if (place.empty() && met.what.find("inbox") != std::string::npos) place = roots.inbox.string();
    return met.code.message() + (place.empty() ? std::string() : " (in " + place + ")");
}

} // namespace kyc
