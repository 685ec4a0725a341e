#include "fs/spool_identity.hpp"

#include "fs/atomic_file.hpp"
#include "fs/random_id.hpp"

namespace kyc::fs {

namespace {

constexpr const char* identity_name = ".identity";
constexpr std::uint64_t max_bytes = 256;

} // namespace

result<std::optional<std::string>> read_identity(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    return read_identity(*work);
}

result<std::optional<std::string>> read_identity(const folder& work) {
    auto text = read_text(work, identity_name, max_bytes);
    if (!text && text.error().code == std::errc::no_such_file_or_directory) return std::optional<std::string>();
    if (!text) return text.error();
    while (!text->empty() && text->back() == '\n')
        text->pop_back();
    return std::optional<std::string>(std::move(*text));
}

result<std::string> make_identity(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    auto name = random_id();
    if (!name) return name;
    if (const auto written = write_atomically(*work, layout.identity_file().filename(), *name + "\n", 0600); !written)
        return written.error();
    return name;
}

} // namespace kyc::fs
