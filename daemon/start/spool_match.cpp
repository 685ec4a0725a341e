#include "start/spool_match.hpp"

#include "fs/spool_identity.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

namespace kyc {

namespace {

fs::missing_root stranger_to_ledger(const settings& config) {
    const auto& work = config.folders.work;
    return {work, work.string() + " is not the folder that the ledger " + config.ledger.string() + " belongs to",
            "mount the spool, or move the ledger away if the spool is new on purpose",
            std::error_code(ESTALE, std::system_category())};
}

fs::missing_root unreadable_work(const settings& config, const fault& met) {
    return {config.folders.work, met.message(), {}, met.code};
}

} // namespace

std::vector<fs::missing_root> missing_roots(const settings& config, const fs::spool_layout& layout) {
    std::error_code unknown;
    if (std::filesystem::exists(config.ledger, unknown) && !std::filesystem::exists(config.folders.work, unknown))
        return {stranger_to_ledger(config)};
    auto unmounted = fs::unmounted_roots(layout);
    if (!unmounted) return {unreadable_work(config, unmounted.error())};
    return std::move(*unmounted);
}

boost::system::result<spool_match, fs::missing_root>
match_spool_and_ledger(const settings& config, const fs::spool_layout& layout, const std::string& known_spool) {
    auto identity = fs::read_identity(layout);
    if (!identity) return unreadable_work(config, identity.error());
    if (known_spool.empty()) return spool_match{identity->value_or(std::string()), identity->has_value()};
    if (*identity != known_spool) return stranger_to_ledger(config);
    return spool_match{known_spool, false};
}

std::string why_no_ledger(const fault& met) {
    constexpr std::array curable{EACCES, EPERM, EROFS, ENOSPC, EDQUOT};
    const int error = met.code.value();
    if (error == ENOTSUP) return met.what;
    if (std::find(curable.begin(), curable.end(), error) == curable.end()) return met.message();
    return met.message() + "; make its folder writable for kycd, or set 'ledger:' to another path";
}

} // namespace kyc
