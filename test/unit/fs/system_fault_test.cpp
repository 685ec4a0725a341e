// Makes each system call of claim, read, write and delivery fail, one after the other, and looks at what comes of the
// next try. This program's own definitions of the calls stand before the C library's.

#include "fs/case_files.hpp"
#include "fs/case_folder.hpp"
#include "fs/inbox.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <functional>
#include <sys/syscall.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

/// What is made to fail: the call number `at`, or every one from there on.
struct {
    bool armed = false;
    bool lasting = false;
    int error = 0;
    int at = 0;
    int calls = 0;
    bool hit = false;
} plan;

/// What lies below this folder plays the other file system, so that one in memory is enough and no disk is waited for.
std::string far_root;

bool is_far(int folder) {
    std::array<char, 4096> path{};
    const auto link = "/proc/self/fd/" + std::to_string(folder);
    const auto size = ::readlink(link.c_str(), path.data(), path.size());
    return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).starts_with(far_root);
}

bool fails_now() {
    if (!plan.armed) return false;
    const int number = plan.calls++;
    if (number != plan.at && !(plan.lasting && number > plan.at)) return false;
    plan.hit = true;
    errno = plan.error;
    return true;
}

template<class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

long syscall(long number, ...) noexcept {
    va_list list;
    va_start(list, number);
    const long a = va_arg(list, long);
    const long b = va_arg(list, long);
    const long c = va_arg(list, long);
    const long d = va_arg(list, long);
    const long e = va_arg(list, long);
    const long f = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && fails_now()) return -1;
    static auto* const next = real<long(long, ...)>("syscall");
    return next(number, a, b, c, d, e, f);
}

int openat(int folder, const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : mode_t{};
    va_end(list);
    if (fails_now()) return -1;
    static auto* const next = real<int(int, const char*, int, ...)>("openat");
    return next(folder, path, flags, mode);
}

int open(const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : mode_t{};
    va_end(list);
    if (fails_now()) return -1;
    static auto* const next = real<int(const char*, int, ...)>("open");
    return next(path, flags, mode);
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, const char*, mode_t)>("mkdirat");
    return next(folder, path, mode);
}

int renameat2(int from, const char* name, int to, const char* new_name, unsigned flags) noexcept {
    if (fails_now()) return -1;
    if (!far_root.empty() && is_far(from) != is_far(to)) {
        errno = EXDEV;
        return -1;
    }
    static auto* const next = real<int(int, const char*, int, const char*, unsigned)>("renameat2");
    return next(from, name, to, new_name, flags);
}

int renameat(int from, const char* name, int to, const char* new_name) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, const char*, int, const char*)>("renameat");
    return next(from, name, to, new_name);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, const char*, int)>("unlinkat");
    return next(folder, path, flags);
}

int fstatat(int folder, const char* path, struct stat* into, int flags) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, const char*, struct stat*, int)>("fstatat");
    return next(folder, path, into, flags);
}

int fstat(int fd, struct stat* into) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, struct stat*)>("fstat");
    return next(fd, into);
}

int fchmod(int fd, mode_t mode) noexcept {
    if (fails_now()) return -1;
    static auto* const next = real<int(int, mode_t)>("fchmod");
    return next(fd, mode);
}

// Without the disk, which would make this test take minutes.
int fsync(int) {
    return fails_now() ? -1 : 0;
}

int syncfs(int) noexcept {
    return fails_now() ? -1 : 0;
}

ssize_t read(int fd, void* into, size_t size) {
    if (fails_now()) return -1;
    static auto* const next = real<ssize_t(int, void*, size_t)>("read");
    return next(fd, into, size);
}

ssize_t write(int fd, const void* from, size_t size) {
    if (fails_now()) return -1;
    static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
    return next(fd, from, size);
}

dirent* readdir(DIR* names) {
    if (fails_now()) return nullptr;
    static auto* const next = real<dirent*(DIR*)>("readdir");
    return next(names);
}

} // extern "C"

namespace {

using files = std::map<std::string, std::string>;

const files folder_files{{"front_id.jpg", "front"}, {"result.json.dropped", "forged"}, {"sub/", ""}, {"sub/note", "n"}};
const files flat_files{{"A.front_id.jpg", "front"}, {"A.back_id.jpg", "back"}};

struct place {
    const char* what;
    bool flat;
    stdfs::path far_inbox;
    stdfs::path far_outbox;
};

/// Folders are made here where there is such a place.
stdfs::path memory() {
    return stdfs::is_directory("/dev/shm") ? stdfs::path("/dev/shm") : stdfs::temp_directory_path();
}

struct in_memory {
    in_memory() { ::setenv("TMPDIR", memory().c_str(), 1); }
};

std::vector<place> places() {
    const auto here = memory();
    return {{"a folder", false, {}, {}},
            {"flat files", true, {}, {}},
            {"a folder from elsewhere", false, here, {}},
            {"flat files from elsewhere", true, here, {}},
            {"a folder that goes elsewhere", false, {}, here}};
}

std::unique_ptr<spool> with_a_drop(const place& where) {
    far_root.clear();
    auto box = std::make_unique<spool>(where.far_inbox, where.far_outbox);
    if (box->far) far_root = box->far->path().string();
    const auto in = box->inbox() / "kyc_card";
    if (where.flat) {
        for (const auto& [name, text] : flat_files)
            put(in / name, text);
    } else {
        put(in / "A/front_id.jpg", "front");
        put(in / "A/result.json", "forged");
        put(in / "A/sub/note", "n");
    }
    return box;
}

/// Calls `step` with each of its system calls failing in turn, once and from there on, by each errno; `after` puts
/// things in order without faults and judges.
void fail_everywhere(const place& where, const std::function<std::unique_ptr<spool>()>& begin,
                     const std::function<void(spool&)>& step, const std::function<void(spool&)>& after) {
    for (const int error : {EIO, ENOSPC, EMFILE, EACCES, EROFS}) {
        for (const bool lasting : {false, true}) {
            for (int at = 0;; ++at) {
                BOOST_REQUIRE(at < 2000);
                const auto box = begin();
                plan = {true, lasting, error, at, 0, false};
                step(*box);
                plan.armed = false;
                if (!plan.hit) {
                    BOOST_TEST(at > 1, "the calls do not come by here"); // or nothing has been tested
                    break;
                }
                BOOST_TEST_CONTEXT(where.what << ", " << std::strerror(error) << (lasting ? " from call " : " at call ")
                                              << at) {
                    after(*box);
                }
            }
        }
    }
}

const fs::inbox_entry entry_of(const place& where) {
    return {"kyc_card", "A", where.flat, false};
}

std::optional<claimed_case> claimed_at_once; ///< in spite of the trouble

void try_to_claim(spool& box, const place& where) {
    claimed_at_once.reset();
    const auto outcome = claim(box.layout, entry_of(where), box.services, box.access);
    plan.armed = false;
    if (outcome && *outcome) claimed_at_once = **outcome;
}

/// What intake does after a claim that met trouble.
claimed_case claim_at_last(spool& box, const place& where) {
    if (claimed_at_once) return *claimed_at_once;
    const auto resumed = resume_claim(box.layout, {"kyc_card", "A"}, box.access);
    BOOST_REQUIRE_MESSAGE(resumed.has_value(), resumed.error().message());
    if (*resumed) return **resumed;
    const auto claimed = box.claim("kyc_card", "A", where.flat);
    BOOST_REQUIRE(claimed.has_value());
    return *claimed;
}

void is_whole_and_alone(spool& box, const place& where, const claimed_case& which) {
    BOOST_TEST(which.flat == where.flat);
    BOOST_TEST((tree(which.folder) == (where.flat ? flat_files : folder_files)));
    BOOST_TEST(tree(box.inbox() / "kyc_card").empty());
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(found[0].flat == where.flat);
    BOOST_TEST(!found[0].refused.has_value());
    BOOST_TEST((tree(found[0].folder) == (where.flat ? flat_files : folder_files)));
}

void is_delivered_once(spool& box, const place& where) {
    files expected{{"A/", ""}, {"A/result.json", "{}"}};
    for (const auto& [name, text] : where.flat ? flat_files : folder_files)
        expected["A/" + name] = text;
    BOOST_TEST((tree(box.outbox() / "kyc_card") == expected));
    BOOST_TEST(box.recover().empty());
    for (const auto* kept : {".flat/kyc_card", ".delivering/kyc_card"}) {
        const auto stale = box.work() / kept;
        BOOST_TEST((!stdfs::exists(stale) || tree(stale).empty()));
    }
}

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(in_memory);

BOOST_AUTO_TEST_SUITE(system_fault)

BOOST_AUTO_TEST_CASE(a_claim_that_meets_trouble_is_finished_by_the_next_try) {
    for (const auto& where : places()) {
        fail_everywhere(
            where, [&] { return with_a_drop(where); }, [&](spool& box) { try_to_claim(box, where); },
            [&](spool& box) { is_whole_and_alone(box, where, claim_at_last(box, where)); });
    }
}

BOOST_AUTO_TEST_CASE(a_claim_that_meets_trouble_is_finished_or_undone_by_recovery) {
    for (const auto& where : places()) {
        fail_everywhere(
            where, [&] { return with_a_drop(where); }, [&](spool& box) { try_to_claim(box, where); },
            [&](spool& box) {
                const auto found = box.recover();
                BOOST_REQUIRE(found.size() <= 1u);
                is_whole_and_alone(box, where, found.empty() ? claim_at_last(box, where) : found[0]);
            });
    }
}

BOOST_AUTO_TEST_CASE(a_delivery_that_meets_trouble_arrives_once) {
    for (const auto& where : places()) {
        const claimed_case which{{"kyc_card", "A"}, {}, where.flat};
        const auto begin = [&] {
            auto box = with_a_drop(where);
            BOOST_REQUIRE(box->claim("kyc_card", "A", where.flat).has_value());
            return box;
        };
        const auto step = [&](spool& box) {
            auto mine = which;
            mine.folder = box.layout.work_case(mine.key);
            if (write_in_case(mine, "result.json", "{}", box.access))
                static_cast<void>(publish(box.layout, mine, box.access));
        };
        fail_everywhere(where, begin, step, [&](spool& box) {
            if (stdfs::exists(box.work() / "kyc_card/A") || stdfs::exists(box.work() / ".delivering/kyc_card/A")) {
                step(box);
                // Written already, and then away: only the delivery is left to finish.
                if (stdfs::exists(box.work() / ".delivering/kyc_card/A")) {
                    auto mine = which;
                    mine.folder = box.layout.work_case(mine.key);
                    BOOST_TEST(publish(box.layout, mine, box.access).has_value());
                }
            }
            is_delivered_once(box, where);
        });
        fail_everywhere(where, begin, step, [&](spool& box) {
            if (!box.recover().empty()) step(box);
            is_delivered_once(box, where);
        });
    }
}

BOOST_AUTO_TEST_CASE(trouble_while_reading_is_never_the_cases_failure) {
    const place where{"a folder", false, {}, {}};
    page_stock pages;
    claimed_case which;
    bool read_it = false;
    const auto begin = [&] {
        auto box = with_a_drop(where);
        which = *box->claim("kyc_card", "A");
        return box;
    };
    fail_everywhere(
        where, begin,
        [&](spool&) {
            const auto names = list_case(which);
            const auto file = read_case_file(which, "front_id.jpg", 100, pages);
            plan.armed = false;
            if (names) BOOST_TEST(names->size() == 3u);
            if (file) BOOST_TEST(file->bytes.size() == 5u);
            if (!file) BOOST_TEST(std::holds_alternative<fault>(file.error()));
            read_it = true;
        },
        [&](spool&) {});
    BOOST_TEST(read_it);
    fail_everywhere(
        where, begin, [&](spool&) { static_cast<void>(size_of(which, {"front_id.jpg"})); },
        [&](spool&) { BOOST_TEST(size_of(which, {"front_id.jpg"}) == 5u); });
}

BOOST_AUTO_TEST_CASE(trouble_while_looking_never_makes_a_case_incomplete_or_gone) {
    for (const bool flat : {false, true}) {
        const place where{flat ? "flat files" : "a folder", flat, {}, {}};
        intake_settings rules;
        rules.settle = std::chrono::milliseconds(0);
        rules.incomplete_after = std::chrono::milliseconds(1);
        const auto begin = [&] {
            far_root.clear();
            auto box = std::make_unique<spool>();
            const auto in = box->inbox() / "kyc_card";
            for (const auto* field : {"selfie_image", "front_id", "back_id"})
                put(flat ? in / (std::string("A.") + field + ".jpg") : in / "A" / (std::string(field) + ".jpg"), "x");
            return box;
        };
        const auto step = [&](spool& box) {
            const auto eye = make_inbox(box.layout, rules, box.services);
            const auto listed = eye->list();
            if (listed && listed->unread.empty()) BOOST_TEST(listed->entries.size() == 1u);
            const auto seen = eye->examine(entry_of(where), true);
            const bool by_permission = plan.error == EACCES;
            if (!seen || by_permission) return;
            BOOST_TEST(!std::holds_alternative<entry_gone>(*seen));
            BOOST_TEST(!std::holds_alternative<entry_refused>(*seen));
        };
        fail_everywhere(where, begin, step, [](spool&) {});
    }
}

BOOST_AUTO_TEST_CASE(claims_are_not_called_settled_when_the_disk_said_no) {
    const place where{"a folder", false, {}, {}};
    const auto begin = [&] {
        auto box = with_a_drop(where);
        BOOST_REQUIRE(box->claim("kyc_card", "A").has_value());
        return box;
    };
    bool settled = false;
    fail_everywhere(
        where, begin, [&](spool& box) { settled = settle_claims(box.layout).has_value(); },
        [&](spool& box) {
            BOOST_TEST(!settled);
            BOOST_TEST(settle_claims(box.layout).has_value());
        });
}

BOOST_AUTO_TEST_SUITE_END()
