#include "fs/mount_kind.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/vfs.h>
#include <utility>

namespace kyc::fs::intake {

namespace {

std::optional<std::string> name_of(const struct statfs& info) {
    // linux/magic.h lacks several of these, so all stand here.
    static constexpr std::pair<std::uint32_t, const char*> types[] = {
        {0x6969, "nfs"},        {0xFF534D42, "cifs"},     {0xFE534D42, "smb2"},  {0x517B, "smb"},
        {0x65735546, "fuse"},   {0x01021997, "9p"},       {0x5346414F, "afs"},   {0x6B414653, "afs"},
        {0x73757245, "coda"},   {0x00C36400, "ceph"},     {0x01161970, "gfs2"},  {0x7461636F, "ocfs2"},
        {0x0BD00BD0, "lustre"}, {0x47504653, "gpfs"},     {0x564C, "ncp"},       {0x19830326, "beegfs"},
        {0x20030528, "pvfs2"},  {0x013111A8, "ibrix"},    {0xAAD7AAEA, "panfs"}, {0x786F4256, "vboxsf"},
        {0xBACBACBC, "vmhgfs"}, {0x6A656A63, "virtiofs"},
    };
    // f_type is signed and sign-extended on some architectures.
    const auto type = static_cast<std::uint32_t>(info.f_type);
    for (const auto& [magic, name] : types) {
        if (type == magic) return name;
    }
    return std::nullopt;
}

} // namespace

result<std::optional<std::string>> network_type(const std::filesystem::path& folder) {
    struct statfs info {};

    if (::statfs(folder.c_str(), &info) != 0) return last_fault(errno, "statfs " + folder.string());
    return name_of(info);
}

std::optional<std::string> network_type(int fd) {
    struct statfs info {};

    // A file system that does not even say what it is cannot be relied on.
    if (::fstatfs(fd, &info) != 0) return "unknown";
    return name_of(info);
}

} // namespace kyc::fs::intake
