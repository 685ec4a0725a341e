// Ends a process at each named step of claim, delivery and recovery, and looks at what the next one makes of it. This
// program's own kyc::fault_point stands in for the empty one.

#include "core/fault_point.hpp"
#include "fs/case_folder.hpp"
#include "fs/retry.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

constexpr int ended_there = 33;

int steps_left = -1; ///< the step at which the process ends; negative: none
std::vector<std::string> steps_seen;

using files = std::map<std::string, std::string>;

/// Runs `work` in a process that ends at its step number `at`, as a crash would. Whether it came to that.
bool crashes(int at, const std::function<void()>& work) {
    const auto child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        steps_left = at;
        int code = 0;
        try {
            work();
        } catch (...) {
            code = 1;
        }
        ::_exit(code);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    BOOST_REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == ended_there));
    return WEXITSTATUS(status) == ended_there;
}

/// One way through the folders, made anew for each crash.
struct journey {
    std::function<std::unique_ptr<spool>()> begin;
    std::function<void(spool&)> work;
    std::function<void(spool&, const std::string&)> check; ///< after recovery; the text says where it had ended
};

std::vector<std::string> steps_of(const journey& way) {
    const auto box = way.begin();
    steps_seen.clear();
    way.work(*box);
    return steps_seen;
}

/// Ends the work at each step, and each recovery at each of its own steps, until one comes through.
void break_everywhere(const journey& way) {
    const auto steps = steps_of(way);
    BOOST_TEST(!steps.empty());
    for (std::size_t at = 0; at < steps.size(); ++at) {
        const auto box = way.begin();
        BOOST_REQUIRE(crashes(static_cast<int>(at), [&] { way.work(*box); }));
        for (int within = 0; crashes(within, [&] { box->recover(); }); ++within)
            BOOST_REQUIRE(within < 100);
        const std::string where = "ended at " + steps[at];
        BOOST_TEST_CONTEXT(where) {
            way.check(*box, where);
        }
    }
}

std::string words(const std::vector<std::string>& list) {
    std::string text;
    for (const auto& word : list)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

const files dropped{{"front_id.jpg", "front"}, {"sub/", ""}, {"sub/note", "n"}};

void drop_folder(spool& box) {
    for (const auto& [name, text] : dropped)
        if (!name.ends_with('/')) put(box.inbox() / "kyc_card/A" / name, text);
}

void drop_flat(spool& box) {
    put(box.inbox() / "kyc_card/A.front_id.jpg", "front");
    put(box.inbox() / "kyc_card/A.back_id.jpg", "back");
}

/// The case is claimed, or waits in the inbox and can be claimed; in either case once and whole.
void is_claimed_once(spool& box, bool flat) {
    auto found = box.recover();
    if (found.empty()) {
        const auto again = box.claim("kyc_card", "A", flat);
        BOOST_REQUIRE(again.has_value());
        found = box.recover();
    }
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(found[0].flat == flat);
    const files parts{{"A.front_id.jpg", "front"}, {"A.back_id.jpg", "back"}};
    BOOST_TEST((tree(found[0].folder) == (flat ? parts : dropped)));
    BOOST_TEST(tree(box.inbox() / "kyc_card").empty());
    for (const auto* stage : {"kyc_card", ".flat/kyc_card", ".copy/kyc_card"}) {
        const auto place = box.work() / ".assembly" / stage;
        BOOST_TEST((!stdfs::exists(place) || tree(place).empty()));
    }
    for (const auto* stage : {"kyc_card", ".flat/kyc_card"}) {
        const auto place = box.inbox() / ".kycd" / stage;
        BOOST_TEST((!stdfs::exists(place) || tree(place).empty()));
    }
}

journey claiming(bool flat, const stdfs::path& far_inbox = {}) {
    return {[flat, far_inbox] {
                auto box = std::make_unique<spool>(far_inbox);
                flat ? drop_flat(*box) : drop_folder(*box);
                return box;
            },
            [flat](spool& box) { BOOST_REQUIRE(box.claim("kyc_card", "A", flat).has_value()); },
            [flat](spool& box, const std::string&) { is_claimed_once(box, flat); }};
}

/// A refused case with a name that looks fine once it is claimed.
journey refusing(bool flat, const stdfs::path& far_inbox = {}) {
    static const std::string bad = "A\n";
    static const failure why{stage::intake, failure_code::bad_case_name, "a line feed"};
    return {[flat, far_inbox] {
                auto box = std::make_unique<spool>(far_inbox);
                put(box->inbox() / "kyc_card" / (flat ? bad + ".front_id.jpg" : bad + "/front_id.jpg"), "front");
                return box;
            },
            [flat](spool& box) { BOOST_REQUIRE(box.claim("kyc_card", bad, flat, &why).has_value()); },
            [flat](spool& box, const std::string&) {
                auto found = box.recover();
                if (found.empty()) {
                    BOOST_REQUIRE(box.claim("kyc_card", bad, flat, &why).has_value());
                    found = box.recover();
                }
                BOOST_REQUIRE(found.size() == 1u);
                BOOST_TEST(found[0].key.name == "A%0A");
                BOOST_TEST(found[0].flat == flat);
                BOOST_TEST(found[0].refused.has_value());
                BOOST_REQUIRE(reject(box.layout, found[0], box.access).has_value());
                BOOST_TEST(box.recover().empty());
                BOOST_TEST(tree(box.work() / ".refused/kyc_card").empty());
            }};
}

journey delivering(bool flat, const stdfs::path& far_outbox = {}) {
    return {[flat, far_outbox] {
                auto box = std::make_unique<spool>(stdfs::path{}, far_outbox);
                flat ? drop_flat(*box) : drop_folder(*box);
                BOOST_REQUIRE(box->claim("kyc_card", "A", flat).has_value());
                return box;
            },
            [](spool& box) {
                const claimed_case which{{"kyc_card", "A"}, box.work() / "kyc_card/A", false};
                BOOST_REQUIRE(write_in_case(which, "result.json", "{}", box.access).has_value());
                BOOST_REQUIRE(publish(box.layout, which, box.access).has_value());
            },
            [flat](spool& box, const std::string&) {
                for (const auto& which : box.recover()) {
                    if (!read_in_case(which, "result.json")->has_value())
                        BOOST_REQUIRE(write_in_case(which, "result.json", "{}", box.access).has_value());
                    BOOST_REQUIRE(publish(box.layout, which, box.access).has_value());
                }
                BOOST_TEST(box.recover().empty());
                files expected = flat ? files{{"A.front_id.jpg", "front"}, {"A.back_id.jpg", "back"}} : dropped;
                expected["result.json"] = "{}";
                files delivered;
                for (const auto& [name, text] : expected)
                    delivered["A/" + name] = text;
                delivered["A/"] = "";
                BOOST_TEST((tree(box.outbox() / "kyc_card") == delivered));
                BOOST_TEST(tree(box.work() / "kyc_card").empty());
                // An empty folder there is litter; a copy would be a customer's images that nobody ever removes.
                const auto staging = box.outbox() / ".kycd";
                if (stdfs::exists(staging)) {
                    for (const auto& [name, text] : tree(staging))
                        BOOST_TEST(name.ends_with('/'), "left behind: .kycd/" << name);
                }
                for (const auto* kept : {".flat/kyc_card", ".delivering/kyc_card"}) {
                    const auto place = box.work() / kept;
                    BOOST_TEST((!stdfs::exists(place) || tree(place).empty()));
                }
            }};
}

void retry_a(spool& box, bool flat) {
    const failed_case which{{"kyc_card", "A"}, "A", flat};
    const auto done = retry_case(box.layout, which, box.services.find("kyc_card"), box.access);
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST((done->why_not.empty() || done->why_not == "it is not in failed/ any more"), done->why_not);
}

/// How many cases the daemon takes out of the inbox now.
int claim_a(spool& box, bool flat) {
    const auto claimed = box.claim("kyc_card", "A", flat);
    if (!claimed) return 0;
    const files parts{{"A.front_id.jpg", "front"}, {"A.back_id.jpg", "back"}};
    const auto found = tree(claimed->folder);
    BOOST_TEST((found == (flat ? parts : dropped)));
    BOOST_REQUIRE(publish(box.layout, *claimed, box.access).has_value());
    return 1;
}

/// A failed case on its way back, with a daemon that takes what is in the inbox before and after the second try. A flat
/// case is taken after it only: until then it is not complete.
journey retrying(bool flat, const stdfs::path& far_inbox = {}) {
    return {[flat, far_inbox] {
                auto box = std::make_unique<spool>(far_inbox);
                flat ? drop_flat(*box) : drop_folder(*box);
                const auto claimed = box->claim("kyc_card", "A", flat);
                BOOST_REQUIRE(claimed.has_value());
                BOOST_REQUIRE(write_in_case(*claimed, "error.json", "{}", box->access).has_value());
                BOOST_REQUIRE(reject(box->layout, *claimed, box->access).has_value());
                steps_seen.clear();
                return box;
            },
            [flat](spool& box) { retry_a(box, flat); },
            [flat](spool& box, const std::string&) {
                int taken = flat ? 0 : claim_a(box, flat);
                for (int within = 0; crashes(within, [&] { retry_a(box, flat); }); ++within)
                    BOOST_REQUIRE(within < 100);
                taken += claim_a(box, flat);
                retry_a(box, flat);
                taken += claim_a(box, flat);
                BOOST_TEST(taken == 1);
                BOOST_TEST((tree(box.failed()) == files{{"kyc_card/", ""}}));
                BOOST_TEST(tree(box.inbox() / "kyc_card").empty());
                const auto staging = box.inbox() / ".kycd-retry";
                if (stdfs::exists(staging)) {
                    for (const auto& [name, text] : tree(staging))
                        BOOST_TEST(name.ends_with('/'), "left behind: .kycd-retry/" << name);
                }
            }};
}

bool has_second_file_system() {
    if (!other_file_system().empty()) return true;
    BOOST_TEST_MESSAGE("skipped: this machine has no second file system");
    return false;
}

} // namespace

void kyc::fault_point(const char* step, std::string_view) noexcept {
    if (steps_left < 0) {
        steps_seen.emplace_back(step);
        return;
    }
    if (steps_left-- == 0) ::_exit(ended_there);
}

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(the_steps_are_the_ones_that_docs_fault_points_names) {
    BOOST_TEST(words(steps_of(claiming(false))) == "claim.staged claim.marked claim.renamed");
    BOOST_TEST(words(steps_of(claiming(true))) ==
               "claim.part_staged claim.part_staged claim.staged claim.marked claim.renamed");
    const std::string written = "write.temporary_written write.renamed write.synced";
    BOOST_TEST(words(steps_of(delivering(false))) ==
               written + " deliver.moded deliver.renamed deliver.synced deliver.unmarked");
    if (!has_second_file_system()) return;
    BOOST_TEST(words(steps_of(claiming(false, other_file_system()))) ==
               "claim.staged claim.copied claim.marked claim.renamed claim.synced claim.source_removed");
    BOOST_TEST(words(steps_of(delivering(false, other_file_system()))) ==
               written + " deliver.moded " + written + " deliver.copy_noted deliver.copied " + written +
                   " deliver.copy_ready deliver.copy_renamed deliver.copy_synced deliver.work_removed "
                   "deliver.copy_forgotten");
}

BOOST_AUTO_TEST_CASE(a_claim_that_ends_anywhere_happens_once) {
    break_everywhere(claiming(false));
    break_everywhere(claiming(true));
}

BOOST_AUTO_TEST_CASE(a_claim_by_copying_that_ends_anywhere_happens_once) {
    if (!has_second_file_system()) return;
    break_everywhere(claiming(false, other_file_system()));
    break_everywhere(claiming(true, other_file_system()));
}

BOOST_AUTO_TEST_CASE(a_refused_case_is_refused_wherever_its_claim_ends) {
    break_everywhere(refusing(false));
    break_everywhere(refusing(true));
    if (!has_second_file_system()) return;
    break_everywhere(refusing(false, other_file_system()));
    break_everywhere(refusing(true, other_file_system()));
}

BOOST_AUTO_TEST_CASE(a_delivery_that_ends_anywhere_happens_once) {
    break_everywhere(delivering(false));
    break_everywhere(delivering(true));
}

BOOST_AUTO_TEST_CASE(a_delivery_by_copying_that_ends_anywhere_happens_once) {
    if (!has_second_file_system()) return;
    break_everywhere(delivering(false, other_file_system()));
    break_everywhere(delivering(true, other_file_system()));
}

BOOST_AUTO_TEST_CASE(a_retry_that_ends_anywhere_makes_one_case_of_one) {
    BOOST_TEST(words(steps_of(retrying(false))) == "retry.marked retry.renamed");
    BOOST_TEST(words(steps_of(retrying(true))) == "retry.marked retry.file_moved retry.file_moved");
    break_everywhere(retrying(false));
    break_everywhere(retrying(true));
    if (!has_second_file_system()) return;
    break_everywhere(retrying(false, other_file_system()));
    break_everywhere(retrying(true, other_file_system()));
}

BOOST_AUTO_TEST_SUITE_END()
