#include "fs/case_folder.hpp"

#include "core/case_name.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_open.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

/// result.json holds the API's reply, which http_client bounds far below this.
constexpr std::uint64_t max_own_bytes = 64ull << 20;

std::string safe_name(const std::string& name) {
    return case_name_objection(name) ? percent_encode_name(name) : name;
}

} // namespace

case_key key_of(const inbox_entry& entry) {
    return {safe_name(entry.folder), safe_name(entry.name)};
}

result<folder> open_case(const claimed_case& which) {
    // work/ by its path, which is the administrator's; the rest beneath it, where a producer's link might be.
    const auto service = which.folder.parent_path();
    auto work = open_folder(service.parent_path());
    if (!work) return work;
    return open_folder_in(*work, (service.filename() / which.folder.filename()).string());
}

bool is_own_name(const std::string& name) {
    return name == "result.json" || name == "error.json" || is_temporary_name(name);
}

result<void> write_in_case(const claimed_case& which, const std::string& name, const std::string& text,
                           const access_rules& access) {
    const auto where = open_case(which);
    if (!where) return where.error();
    return write_atomically(*where, name, text, file_mode(access));
}

result<std::optional<std::string>> read_in_case(const claimed_case& which, const std::string& name) {
    const auto where = open_case(which);
    if (!where) return where.error();
    const auto found = stat_in(*where, name);
    if (!found) return found.error();
    if (!*found || !S_ISREG((*found)->st_mode) || (*found)->st_uid != ::geteuid()) return std::optional<std::string>{};
    auto text = read_text(*where, name, max_own_bytes);
    if (!text) return text.error();
    return std::optional{std::move(*text)};
}

} // namespace kyc::fs
