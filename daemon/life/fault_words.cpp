#include "life/fault_words.hpp"

#include "fs/file_state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace kyc {

namespace {

/// What follows the path where the text names it or something in it, and not only one that begins like it.
std::optional<std::string_view> behind(std::string_view text, std::string_view path) {
    for (auto at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
        const auto rest = text.substr(at + path.size());
        if (rest.empty() || std::string_view("/: ,)").find(rest.front()) != std::string_view::npos) return rest;
    }
    return std::nullopt;
}

/// The folder that the rest of a path begins with, if it is a service's.
std::string_view service_folder(std::string_view rest, const service_table& services) {
    if (!rest.starts_with('/')) return {};
    rest.remove_prefix(1);
    const auto name = rest.substr(0, rest.find_first_of("/: ,)"));
    return services.find(name) != nullptr ? name : std::string_view();
}

} // namespace

public_fault fault_words(const fault& met, const fs::spool_layout& layout, const std::filesystem::path& ledger,
                         const service_table& services) {
    const auto& roots = layout.roots();
    std::string place;
    // The one that is named most exactly: they may lie in each other.
    for (const auto& each : {roots.inbox, roots.work, roots.outbox, roots.failed, ledger.parent_path()}) {
        const auto path = each.string();
        if (path.size() > place.size() && path != "/" && behind(met.what, path)) place = path;
    }
    // Some say "inbox/<folder>", as seen from within the spool.
    if (place.empty() && met.what.find("inbox") != std::string::npos) place = roots.inbox.string();
    public_fault told;
    const auto rest = place.empty() ? std::nullopt : behind(met.what, place);
    const bool crosses_mounts = met.code == std::errc::cross_device_link;
    if (rest && (crosses_mounts || fs::intake::is_about_permissions(met.code) || fs::intake::is_no_folder(met.code))) {
        if (const auto folder = service_folder(*rest, services); !folder.empty()) {
            place += "/" + std::string(folder);
            told.of_one_folder = true;
        }
    }
    told.words = met.code.message() + (place.empty() ? std::string() : " (in " + place + ")");
    if (crosses_mounts && !place.empty()) told.words += " (is a mount inside it?)";
    return told;
}

} // namespace kyc
