#include "fs/inbox_hold.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_identity.hpp"
#include "fs/spool_lock.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

bool skipped() {
    if (!other_file_system().empty()) return false;
    BOOST_TEST_MESSAGE("skipped: this machine has no second file system");
    return true;
}

bool says(const std::string& text, const std::string& word) {
    BOOST_TEST_MESSAGE(text);
    return text.find(word) != std::string::npos;
}

/// Two spools, each with a work/ of its own, and one inbox on another file system.
struct two_spools : spool {
    temporary_folder elsewhere;
    spool_layout other;
    std::string spool_id = made(layout);
    std::string other_id;

    two_spools() : spool(other_file_system()), other(beside(layout, elsewhere)) {
        if (const auto done = prepare_spool(other, {"kyc_card", "liveness"}, access); !done)
            throw std::runtime_error(done.error().message());
        other_id = made(other);
        for (const auto* each : {&layout, &other})
            if (const auto done = note_mounts(*each); !done) throw std::runtime_error(done.error().message());
    }

    static spool_layout beside(const spool_layout& first, const temporary_folder& root) {
        auto folders = first.roots();
        folders.work = root.path() / "work";
        return spool_layout(folders);
    }

    static std::string made(const spool_layout& which) {
        const auto id = make_identity(which);
        if (!id) throw std::runtime_error(id.error().message());
        return *id;
    }

    static inbox_hold::outcome take(const spool_layout& which, const std::optional<std::string>& id) {
        auto outcome = inbox_hold::take(which, id);
        if (!outcome) throw std::runtime_error(outcome.error().message());
        return std::move(*outcome);
    }

    static inbox_hold own(const spool_layout& which, const std::string& id) {
        auto held = take(which, id);
        if (!held) throw std::runtime_error(held.error().message());
        if (const auto done = held->sign(which, id); !done) throw std::runtime_error(done.error().message());
        return std::move(*held);
    }

    [[nodiscard]] stdfs::path owner_file() const { return inbox() / ".kycd/.owner"; }
};

std::optional<inbox_taken> holder(const spool_layout& which) {
    const auto found = inbox_holder(which);
    if (!found) throw std::runtime_error(found.error().message());
    return *found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(inbox_hold_suite)

BOOST_AUTO_TEST_CASE(nothing_is_held_of_an_inbox_beside_work) {
    const spool box;
    const auto first = inbox_hold::take(box.layout, std::nullopt);
    BOOST_REQUIRE((first.has_value() && first->has_value()));
    const auto second = inbox_hold::take(box.layout, std::string("another"));
    BOOST_REQUIRE((second.has_value() && second->has_value()));
    BOOST_REQUIRE((*first)->sign(box.layout, "one").has_value());
    BOOST_TEST(!(*first)->lacks_lock());
    BOOST_TEST(!stdfs::exists(box.inbox() / ".kycd"));
    BOOST_TEST(!holder(box.layout).has_value());
}

BOOST_AUTO_TEST_CASE(an_inbox_beside_work_that_another_spool_has_signed_is_refused) {
    const spool box; // as a share looks from its server, while a client's kycd claims from it
    put(box.inbox() / ".kycd/.owner", "another\n/spool/work on desk2\n");
    const auto held = inbox_hold::take(box.layout, std::string("one"));
    BOOST_REQUIRE((held.has_value() && !held->has_value()));
    BOOST_TEST(says(held->error().message(), "belongs to another kycd, that of /spool/work on desk2; "));
    BOOST_TEST(holder(box.layout).has_value());
}

BOOST_AUTO_TEST_CASE(a_second_daemon_is_refused_while_the_first_runs_and_afterwards) {
    if (skipped()) return;
    two_spools box;
    {
        const auto first = box.own(box.layout, box.spool_id);
        const auto second = box.take(box.other, box.other_id);
        BOOST_REQUIRE(!second.has_value());
        BOOST_TEST(second.error().is_running);
        BOOST_TEST(says(second.error().message(), "the inbox " + box.inbox().string() + " is in use by another kycd"));
        BOOST_TEST(says(second.error().message(), box.work().string() + " on "));
        BOOST_REQUIRE(holder(box.other).has_value());
        BOOST_TEST(holder(box.other)->is_running);
    }
    for (const auto& id : {std::optional<std::string>{}, std::optional{box.other_id}}) {
        const auto second = box.take(box.other, id);
        BOOST_REQUIRE(!second.has_value());
        BOOST_TEST(says(second.error().message(), "gone for good, remove " + box.owner_file().string()));
    }
    BOOST_REQUIRE(holder(box.other).has_value());
    BOOST_TEST(!holder(box.layout).has_value());
    { const auto again = box.own(box.layout, box.spool_id); }
    stdfs::remove(box.owner_file());
    const auto lock = spool_lock::take(box.other); // as its daemon has it
    const auto second = box.own(box.other, box.other_id);
    BOOST_TEST(!holder(box.other).has_value());
    BOOST_TEST(holder(box.layout).has_value());
}

BOOST_AUTO_TEST_CASE(an_inbox_that_was_marked_before_there_were_owners_is_taken_over) {
    if (skipped()) return;
    two_spools box;
    BOOST_TEST(stdfs::exists(box.inbox() / ".kycd/.identity"));
    BOOST_TEST(!stdfs::exists(box.owner_file()));
    put(box.inbox() / ".kycd/kyc_card/A/front_id.jpg", "front");
    BOOST_TEST(!holder(box.layout).has_value());
    const auto first = box.own(box.layout, box.spool_id);
    BOOST_TEST(text_of(box.owner_file()).starts_with(box.spool_id + "\n"));
    BOOST_TEST(box.recover().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_spool_is_refused_while_the_other_runs) {
    if (skipped()) return;
    two_spools box;
    put(box.other.roots().work / ".identity", box.spool_id + "\n");
    {
        const auto first = box.own(box.layout, box.spool_id);
        const auto copy = box.take(box.other, box.spool_id);
        BOOST_REQUIRE(!copy.has_value());
        BOOST_TEST(says(copy.error().message(), "in use by another kycd, of the same spool: "));
        BOOST_REQUIRE(holder(box.other).has_value());
        BOOST_TEST(holder(box.other)->is_running);
    }
    BOOST_TEST(!holder(box.other).has_value());
    const auto moved = box.own(box.other, box.spool_id);
    BOOST_TEST(says(text_of(box.owner_file()), box.other.roots().work.string() + " on "));
}

BOOST_AUTO_TEST_CASE(what_another_spool_has_staged_is_no_leftover_of_ours) {
    if (skipped()) return;
    two_spools box;
    const auto first = box.own(box.layout, box.spool_id);
    put(box.inbox() / ".kycd/kyc_card/A/front_id.jpg", "front");
    put(box.inbox() / "kyc_card/A/front_id.jpg", "another");
    put(box.inbox() / "kyc_card/B/front_id.jpg", "front");
    BOOST_TEST(half_claimed(box.other)->empty());
    BOOST_TEST(recover_work(box.other, box.access)->empty());
    BOOST_TEST(!resume_claim(box.other, {"kyc_card", "A"}, box.access)->has_value());
    const auto claimed = claim(box.other, {"kyc_card", "B", false, false}, box.services, box.access);
    BOOST_REQUIRE(!claimed.has_value());
    BOOST_TEST(claimed.error().code.value() == ESTALE);
    BOOST_TEST(stdfs::exists(box.inbox() / "kyc_card/B/front_id.jpg"));
    BOOST_TEST(stdfs::exists(box.inbox() / ".kycd/kyc_card/A/front_id.jpg"));
    BOOST_TEST(half_claimed(box.layout)->size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
