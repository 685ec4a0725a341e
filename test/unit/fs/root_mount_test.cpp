#include "fs/case_folder.hpp"
#include "fs/inbox.hpp"
#include "fs/root_mount.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <vector>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

/// What stays at a mount point when the mount is gone, and its return.
class unmounted {
  public:
    explicit unmounted(stdfs::path point) : point_(std::move(point)), away_(point_.string() + ".away") {
        stdfs::rename(point_, away_);
        stdfs::create_directories(point_ / "kyc_card");
    }

    unmounted(const unmounted&) = delete;
    unmounted& operator=(const unmounted&) = delete;

    ~unmounted() {
        stdfs::remove_all(point_);
        stdfs::rename(away_, point_);
    }

    [[nodiscard]] const stdfs::path& away() const { return away_; }

  private:
    stdfs::path point_;
    stdfs::path away_;
};

template<class T>
bool is_stale(const result<T>& outcome) {
    return !outcome && outcome.error().code.value() == ESTALE &&
           outcome.error().message().find("mount it") != std::string::npos;
}

/// Just these roots are not mounted, and each is told what to do about.
bool are_missing(const spool_layout& layout, const std::vector<stdfs::path>& expected) {
    const auto found = unmounted_roots(layout);
    if (!found || found->size() != expected.size()) return false;
    return std::equal(found->begin(), found->end(), expected.begin(), [](const auto& root, const auto& path) {
        return root.path == path && root.why.find(path.string()) != std::string::npos &&
               root.advice.starts_with("mount it") && root.sentence() == root.why + "; " + root.advice;
    });
}

struct far_spool : spool {
    far_spool(const stdfs::path& far_inbox, const stdfs::path& far_outbox) : spool(far_inbox, far_outbox) {
        if (const auto done = note_mounts(layout); !done) throw std::runtime_error(done.error().message());
    }
};

bool skipped() {
    if (!other_file_system().empty()) return false;
    BOOST_TEST_MESSAGE("skipped: this machine has no second file system");
    return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(root_mount)

BOOST_AUTO_TEST_CASE(roots_beside_work_are_not_marked) {
    const spool box;
    BOOST_REQUIRE(note_mounts(box.layout).has_value());
    BOOST_TEST(!stdfs::exists(box.work() / ".mounts"));
    for (const auto& root : {box.inbox(), box.outbox(), box.failed()})
        BOOST_TEST(!stdfs::exists(root / ".kycd"));
    BOOST_TEST(unmounted_roots(box.layout)->empty());
    stdfs::remove_all(box.outbox());
    BOOST_TEST(unmounted_roots(box.layout)->empty());
    BOOST_TEST(open_root(box.layout, spool_root::outbox).error().code.value() == ENOENT);
}

BOOST_AUTO_TEST_CASE(a_root_keeps_the_mark_that_it_bears) {
    if (skipped()) return;
    const far_spool box({}, other_file_system());
    const auto mark = text_of(box.outbox() / ".kycd/.identity");
    BOOST_TEST(mark.size() == 33u);
    BOOST_REQUIRE(note_mounts(box.layout).has_value());
    BOOST_TEST(text_of(box.outbox() / ".kycd/.identity") == mark);
    stdfs::remove(box.work() / ".mounts/outbox");
    BOOST_REQUIRE(note_mounts(box.layout).has_value());
    BOOST_TEST(text_of(box.work() / ".mounts/outbox") == mark + box.outbox().string() + "\n");
    BOOST_TEST(!stdfs::exists(box.work() / ".mounts/inbox"));
    BOOST_TEST(!stdfs::exists(box.inbox() / ".kycd"));
}

BOOST_AUTO_TEST_CASE(a_root_that_the_settings_move_is_marked_anew) {
    if (skipped()) return;
    const far_spool box({}, other_file_system());
    auto roots = box.layout.roots();
    roots.outbox = box.far->path() / "another";
    const spool_layout moved(roots);
    BOOST_TEST(unmounted_roots(moved)->empty());
    BOOST_REQUIRE(prepare_spool(moved, {"kyc_card"}, box.access).has_value());
    BOOST_REQUIRE(note_mounts(moved).has_value());
    BOOST_TEST(open_root(moved, spool_root::outbox).has_value());
    stdfs::remove_all(roots.outbox / ".kycd");
    BOOST_TEST(are_missing(moved, {roots.outbox}));
}

BOOST_AUTO_TEST_CASE(an_unmounted_inbox_is_not_an_empty_one) {
    if (skipped()) return;
    far_spool box(other_file_system(), {});
    put(box.inbox() / "kyc_card/A/front_id.jpg", "front");
    const auto eye = make_inbox(box.layout, {}, box.services);
    {
        const unmounted gone(box.inbox());
        BOOST_TEST(is_stale(eye->list()));
        BOOST_TEST(is_stale(claim(box.layout, {"kyc_card", "A", false, false}, box.services, box.access)));
        BOOST_TEST(is_stale(resume_claim(box.layout, {"kyc_card", "A"}, box.access)));
        BOOST_TEST(is_stale(half_claimed(box.layout)));
        BOOST_TEST(is_stale(recover_work(box.layout, box.access)));
        BOOST_TEST(are_missing(box.layout, {box.inbox()}));
    }
    BOOST_TEST(unmounted_roots(box.layout)->empty());
    BOOST_REQUIRE(eye->list().has_value());
    BOOST_TEST(eye->list()->entries.size() == 1u);
    BOOST_TEST(box.claim("kyc_card", "A").has_value());
}

BOOST_AUTO_TEST_CASE(nothing_is_delivered_below_a_mount_that_is_gone) {
    if (skipped()) return;
    far_spool box({}, other_file_system());
    put(box.inbox() / "kyc_card/A/front_id.jpg", "front");
    const auto which = box.claim("kyc_card", "A");
    BOOST_REQUIRE(which.has_value());
    for (const bool answered : {true, false}) {
        const unmounted gone(answered ? box.outbox() : box.failed());
        const auto put_there = answered ? publish : reject;
        BOOST_TEST(is_stale(put_there(box.layout, *which, box.access)));
        BOOST_TEST(stdfs::is_empty(answered ? box.outbox() / "kyc_card" : box.failed() / "kyc_card"));
        BOOST_TEST(stdfs::exists(which->folder / "front_id.jpg"));
    }
    const auto arrived = publish(box.layout, *which, box.access);
    BOOST_REQUIRE(arrived.has_value());
    BOOST_TEST(*arrived == box.outbox() / "kyc_card/A");
}

BOOST_AUTO_TEST_CASE(every_root_that_is_not_mounted_is_named) {
    if (skipped()) return;
    far_spool box(other_file_system(), other_file_system());
    const unmounted inbox(box.inbox());
    stdfs::rename(box.outbox(), box.outbox().string() + ".away");
    BOOST_TEST(are_missing(box.layout, {box.inbox(), box.outbox()}));
    stdfs::rename(box.outbox().string() + ".away", box.outbox());
}

BOOST_AUTO_TEST_CASE(a_delivery_that_may_have_happened_is_not_called_off_while_its_mount_is_gone) {
    if (skipped()) return;
    far_spool box({}, other_file_system());
    put(box.inbox() / "kyc_card/A/front_id.jpg", "front");
    const auto which = box.claim("kyc_card", "A");
    BOOST_REQUIRE(which.has_value());
    // As it is when the process ends right behind the rename there.
    put(box.work() / ".delivering/kyc_card/A", "ready\n0123\n" + (box.outbox() / "kyc_card/A").string() + "\n");
    stdfs::create_directories(box.outbox() / ".kycd/0123");
    put(box.outbox() / "kyc_card/A/front_id.jpg", "front");
    {
        const unmounted gone(box.outbox());
        BOOST_TEST(is_stale(publish(box.layout, *which, box.access)));
        BOOST_TEST(box.recover().size() == 1u);
        BOOST_TEST(stdfs::exists(box.work() / ".delivering/kyc_card/A"));
    }
    BOOST_TEST(box.recover().empty());
    BOOST_TEST(tree(box.outbox() / "kyc_card").size() == 2u);
    BOOST_TEST(!stdfs::exists(box.work() / "kyc_card/A"));
}

BOOST_AUTO_TEST_SUITE_END()
