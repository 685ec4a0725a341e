#include "fs/inbox_hold.hpp"

#include "fs/atomic_file.hpp"
#include "fs/claim_steps.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_identity.hpp"
#include "fs/spool_lock.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

constexpr const char* stage = ".kycd";
constexpr const char* lock_name = ".lock";
constexpr const char* owner_name = ".owner"; ///< not the locked file: on SMB what is locked cannot be read by others
constexpr std::uint64_t max_owner_bytes = 8 << 10;

/// POSIX locks, and not flock(2): a server's own processes and its NFS clients see each other's. Of the open file, so
/// that they are not lost when the process closes another descriptor of it.
struct flock whole_file(short kind) {
    struct flock which {};

    which.l_type = kind;
    which.l_whence = SEEK_SET;
    return which;
}

bool knows_no_locks(int error) {
    return error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

int try_lock(int fd) {
    auto wanted = whole_file(F_WRLCK);
    while (::fcntl(fd, F_OFD_SETLK, &wanted) != 0) {
        if (errno != EINTR) return errno == EACCES ? EAGAIN : errno;
    }
    return 0;
}

result<bool> is_locked(const folder& inbox) {
    const auto file = open_beneath(inbox, std::string{stage} + '/' + lock_name, O_RDONLY);
    if (!file && is_absent(file.error())) return false;
    if (!file) return file.error();
    auto asked = whole_file(F_WRLCK);
    if (::fcntl(file->get(), F_OFD_GETLK, &asked) == 0) return asked.l_type != F_UNLCK;
    if (knows_no_locks(errno)) return false;
    return inbox.trouble_with(errno, "ask for the lock of", stage);
}

struct signature {
    std::string spool;
    std::string where; ///< for people
};

result<std::optional<signature>> read_signature(const folder& inbox) {
    const auto text = read_text(inbox, std::string{stage} + '/' + owner_name, max_owner_bytes);
    if (!text && is_absent(text.error())) return std::optional<signature>{};
    if (!text) return text.error();
    const auto end = text->find('\n');
    signature read{text->substr(0, end), end == std::string::npos ? std::string{} : text->substr(end + 1)};
    while (read.where.ends_with('\n'))
        read.where.pop_back();
    return std::optional{std::move(read)};
}

/// "/var/spool/kycd/work on desk2"
std::string place_of(const spool_layout& layout) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return layout.roots().work.string() + " on " + host.data();
}

inbox_taken taken(const spool_layout& layout, const std::optional<signature>& by,
                  const std::optional<std::string>& spool, bool is_running) {
    return {layout.roots().inbox, by ? by->where : std::string{}, is_running, by && spool && by->spool == *spool};
}

bool is_anothers(const std::optional<signature>& by, const std::optional<std::string>& spool) {
    return by && (!spool || by->spool != *spool);
}

} // namespace

std::string inbox_taken::message() const {
    const auto file = (inbox / stage / owner_name).string();
    std::string text = "the inbox " + inbox.string();
    text += is_running ? " is in use by another kycd" : " belongs to another kycd";
    if (!owner.empty()) text += (is_namesake ? ", of the same spool: " : ", that of ") + owner;
    if (is_running) return text + "; stop that one first, or give this one an inbox of its own";
    return text + "; give this one an inbox of its own, or, if the other one is gone for good, remove " + file;
}

result<inbox_hold::outcome> inbox_hold::take(const spool_layout& layout, const std::optional<std::string>& spool) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto apart = are_apart(*work, *inbox);
    if (!apart) return apart.error();
    inbox_hold held;
    held.is_apart_ = *apart;
    int error = 0;
    if (*apart) {
        const auto own = make_private(*inbox, {stage});
        if (!own) return own.error();
        auto file = open_beneath(*own, lock_name, O_RDWR | O_CREAT, 0600);
        if (!file) return file.error();
        error = try_lock(file->get());
        if (error != 0 && error != EAGAIN && !knows_no_locks(error)) return own->trouble_with(error, "lock", lock_name);
        if (error == 0) held.lock_ = std::move(*file);
    }
    const auto signed_by = read_signature(*inbox);
    if (!signed_by) return signed_by.error();
    if (error == EAGAIN || is_anothers(*signed_by, spool))
        return outcome{taken(layout, *signed_by, spool, error == EAGAIN)};
    return outcome{std::move(held)};
}

result<void> inbox_hold::sign(const spool_layout& layout, const std::string& spool) const {
    if (!is_apart_) return {};
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto present = read_signature(*inbox);
    if (!present) return present.error();
    const auto where = place_of(layout);
    if (*present && (*present)->spool == spool && (*present)->where == where) return {};
    const auto own = make_private(*inbox, {stage});
    if (!own) return own.error();
    return write_atomically(*own, owner_name, spool + '\n' + where + '\n', 0600);
}

result<std::optional<inbox_taken>> inbox_holder(const spool_layout& layout) {
    using answer = std::optional<inbox_taken>;
    const auto inbox = open_folder(layout.roots().inbox);
    if (!inbox && is_absent(inbox.error())) return answer{};
    if (!inbox) return inbox.error();
    const auto signed_by = read_signature(*inbox);
    if (!signed_by) return signed_by.error();
    auto spool = read_identity(layout);
    if (!spool && is_absent(spool.error())) spool = std::optional<std::string>{};
    if (!spool) return spool.error();
    auto locked = is_locked(*inbox);
    if (!locked) return locked.error();
    if (is_anothers(*signed_by, *spool)) return answer{taken(layout, *signed_by, *spool, *locked)};
    if (!*locked) return answer{};
    // Its own daemon takes the spool before the inbox, and may have ended in this moment.
    const auto own = spool_holder(layout);
    if (!own && !is_absent(own.error())) return own.error();
    if (own && *own) return answer{};
    locked = is_locked(*inbox);
    if (!locked) return locked.error();
    return *locked ? answer{taken(layout, *signed_by, *spool, true)} : answer{};
}

result<bool> stages_here(const folder& inbox, const folder& work) {
    const auto signed_by = read_signature(inbox);
    if (!signed_by) return signed_by.error();
    if (!*signed_by) return true;
    const auto spool = read_identity(work);
    if (!spool) return spool.error();
    return !is_anothers(*signed_by, *spool);
}

} // namespace kyc::fs
