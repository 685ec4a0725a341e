#include "fs/layout_check.hpp"
#include "fs/spool_lock.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

struct four_folders {
    temporary_folder root;
    folder_settings folders{root.path() / "inbox", root.path() / "work", root.path() / "outbox",
                            root.path() / "failed"};

    bool refused_for(const std::string& word) {
        const auto objection = layout_objection(folders);
        BOOST_TEST_REQUIRE(objection.has_value());
        BOOST_TEST_MESSAGE(objection->value_or("no objection"));
        return *objection && (*objection)->find(word) != std::string::npos;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(layout_check)

BOOST_FIXTURE_TEST_CASE(four_folders_side_by_side_are_fine_whether_they_exist_or_not, four_folders) {
    BOOST_TEST(!layout_objection(folders)->has_value());
    for (const auto& path : {folders.inbox, folders.work, folders.outbox, folders.failed})
        stdfs::create_directory(path);
    BOOST_TEST(!layout_objection(folders)->has_value());
    folders.outbox = root.path() / "inbox-out"; // a common beginning of the name is no nesting
    BOOST_TEST(!layout_objection(folders)->has_value());
}

BOOST_FIXTURE_TEST_CASE(one_inside_another_is_refused_and_both_are_named, four_folders) {
    folders.outbox = folders.inbox / "done/out";
    BOOST_TEST(refused_for("folders.outbox"));
    BOOST_TEST(refused_for("lies inside folders.inbox"));
    folders.outbox = root.path() / "x/../inbox/./out/";
    BOOST_TEST(refused_for("lies inside folders.inbox"));
    folders = {root.path() / "a/inbox", root.path(), root.path() / "b", root.path() / "c"};
    BOOST_TEST(refused_for("lies inside folders.work"));
}

BOOST_FIXTURE_TEST_CASE(nesting_through_a_link_is_refused, four_folders) {
    stdfs::create_directories(folders.inbox);
    stdfs::create_directory_symlink(folders.inbox, root.path() / "link");
    folders.outbox = root.path() / "link/out";
    BOOST_TEST(refused_for("lies inside folders.inbox"));
}

BOOST_FIXTURE_TEST_CASE(two_settings_for_one_folder_are_refused, four_folders) {
    folders.failed = folders.outbox;
    BOOST_TEST(refused_for("the same folder"));
    folders.failed = root.path() / "failed/../outbox/";
    BOOST_TEST(refused_for("the same folder"));
    stdfs::create_directories(folders.outbox);
    folders.failed = root.path() / "link";
    stdfs::create_directory_symlink(folders.outbox, folders.failed);
    BOOST_TEST(refused_for("the same folder"));
}

BOOST_FIXTURE_TEST_CASE(relative_paths_the_root_and_link_loops_are_refused, four_folders) {
    folders.work = "work";
    BOOST_TEST(refused_for("not an absolute path"));
    folders.work = "/tmp/..";
    BOOST_TEST(refused_for("root of the file system"));
    folders.work = root.path() / "loop";
    stdfs::create_symlink(folders.work, folders.work);
    BOOST_TEST(refused_for("cannot be resolved"));
}

BOOST_FIXTURE_TEST_CASE(a_probe_leaves_nothing_behind, four_folders) {
    stdfs::create_directory(folders.inbox);
    const auto probe = probe_folder(folders.inbox);
    BOOST_TEST(probe.usable, probe.problem);
    BOOST_REQUIRE(probe.file_system.has_value());
    BOOST_TEST(!probe.file_system->name.empty());
    BOOST_TEST(tree(root.path()).size() == 1u);

    const auto missing = probe_folder(folders.work);
    BOOST_TEST(!missing.usable);
    BOOST_TEST(missing.problem.find(folders.work.string()) != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_rename_between_folders_is_tried_for_real, four_folders) {
    stdfs::create_directory(folders.inbox);
    stdfs::create_directory(folders.work);
    const auto near = can_rename_between(folders.inbox, folders.work);
    BOOST_REQUIRE(near.has_value());
    BOOST_TEST(*near);
    BOOST_TEST(!can_rename_between(folders.inbox, folders.failed).has_value());
    const auto other = other_file_system();
    if (other.empty()) {
        BOOST_TEST_MESSAGE("skipped: this machine has no second file system");
        return;
    }
    const temporary_folder far{other};
    const auto across = can_rename_between(folders.inbox, far.path());
    BOOST_REQUIRE(across.has_value());
    BOOST_TEST(!*across);
    BOOST_TEST(file_system_of(other)->name == "tmpfs");
    BOOST_TEST(tree(far.path()).empty());
    BOOST_TEST(tree(folders.inbox).empty());
}

BOOST_AUTO_TEST_CASE(a_second_daemon_is_told_who_holds_the_spool) {
    const spool box;
    {
        const auto first = spool_lock::take(box.layout);
        BOOST_REQUIRE((first && *first));
        const auto second = spool_lock::take(box.layout);
        BOOST_REQUIRE(second.has_value());
        BOOST_REQUIRE(second->has_error());
        BOOST_TEST(second->error().pid == ::getpid());
        BOOST_TEST(second->error().message().find(std::to_string(::getpid())) != std::string::npos);
        const auto holder = spool_holder(box.layout);
        BOOST_REQUIRE((holder && *holder));
        BOOST_TEST((*holder)->pid == ::getpid());
    }
    BOOST_TEST(!spool_holder(box.layout)->has_value());
    const auto again = spool_lock::take(box.layout);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->has_value());
}

BOOST_AUTO_TEST_CASE(the_lock_dies_with_a_process_that_is_killed) {
    const spool box;
    int ready[2];
    BOOST_REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        const auto held = spool_lock::take(box.layout);
        const char sign = held && *held ? 'y' : 'n';
        if (::write(ready[1], &sign, 1) != 1) ::_exit(1);
        for (;;)
            ::pause();
    }
    char sign = 0;
    BOOST_REQUIRE(::read(ready[0], &sign, 1) == 1);
    BOOST_TEST(sign == 'y');
    const auto refused = spool_lock::take(box.layout);
    BOOST_REQUIRE((refused && refused->has_error()));
    BOOST_TEST(refused->error().pid == child);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    BOOST_TEST(spool_lock::take(box.layout)->has_value());
    ::close(ready[0]);
    ::close(ready[1]);
}

BOOST_AUTO_TEST_SUITE_END()
