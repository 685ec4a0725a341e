#include "fs/inbox_watch.hpp"
#include "support/run_coroutine.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sys/stat.h>

namespace {

namespace asio = boost::asio;
namespace fs = kyc::fs;
using namespace std::chrono_literals;

class fixture {
  public:
    fixture() {
        rules.watch = kyc::watch_mode::inotify;
        for (const auto* folder : {"ocr_card", "liveness", "authenticate_face"})
            make(folder);
    }

    asio::io_context loop;
    kyc::async::blocking_pool pool{1};
    kyc::intake_settings rules;

    [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "inbox"; }

    [[nodiscard]] std::filesystem::path stage() const { return folder_.path() / "stage"; }

    std::filesystem::path make(const std::string& name) {
        std::filesystem::create_directories(root() / name);
        return root() / name;
    }

    void write(const std::string& name) { std::ofstream(root() / name) << "image"; }

    /// Moves a new file or folder into place, as a careful producer does.
    void move_in(const std::string& name, bool as_folder) {
        if (as_folder) {
            std::filesystem::create_directories(stage());
            std::ofstream(stage() / "front_id.jpg") << "image";
        } else {
            std::ofstream(stage()) << "image";
        }
        std::filesystem::rename(stage(), root() / name);
    }

    fs::inbox_watch& watch() {
        if (!watch_) {
            kyc::folder_settings folders;
            folders.inbox = root();
            auto made =
                fs::make_inbox_watch(loop.get_executor(), pool, fs::spool_layout(folders), rules, kyc::service_table());
            if (made.has_error()) throw std::runtime_error(made.error().message());
            watch_ = std::move(*made);
        }
        return *watch_;
    }

    /// What one wait tells.
    fs::inbox_changes changes(std::chrono::milliseconds limit = 30s) {
        fs::inbox_changes found;
        kyc::test::run_coroutine(loop, wait_into(found, limit));
        return found;
    }

    /// "ocr_card/A-1 renamed, liveness/B flat", sorted; "scan" when one is needed.
    std::string told(std::chrono::milliseconds limit = 30s) {
        const auto found = changes(limit);
        std::vector<std::string> words;
        for (const auto& one : found.changed) {
            words.push_back(one.entry.folder + "/" + one.entry.name + (one.entry.flat ? " flat" : "") +
                            (one.renamed_in ? " renamed" : ""));
        }
        if (found.scan_needed) words.emplace_back("scan");
        std::sort(words.begin(), words.end());
        std::string text;
        for (const auto& word : words)
            text += (text.empty() ? "" : ", ") + word;
        return text;
    }

  private:
    asio::awaitable<void> wait_into(fs::inbox_changes& found, std::chrono::milliseconds limit) {
        found = co_await watch().wait(limit);
    }

    kyc::test::temporary_folder folder_;
    std::unique_ptr<fs::inbox_watch> watch_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(inbox_watch)

BOOST_AUTO_TEST_CASE(a_folder_moved_in_is_told_as_a_whole) {
    fixture in;
    (void)in.watch();
    in.move_in("ocr_card/A-1", true);
    BOOST_TEST(in.told() == "ocr_card/A-1 renamed");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_filled_in_place_is_told_file_by_file) {
    fixture in;
    (void)in.watch();
    in.make("ocr_card/A-1");
    BOOST_TEST(in.told() == "ocr_card/A-1");
    in.write("ocr_card/A-1/front_id.jpg");
    BOOST_TEST(in.told() == "ocr_card/A-1");
    in.write("ocr_card/A-1/.done");
    BOOST_TEST(in.told() == "ocr_card/A-1");
    in.write("ocr_card/A-1/.front_id.jpg.swp");
    BOOST_TEST(in.told(1ms) == "");
}

BOOST_AUTO_TEST_CASE(a_change_after_the_rename_takes_the_wholeness_back) {
    fixture in;
    (void)in.watch();
    in.move_in("ocr_card/A-1", true);
    BOOST_TEST(in.told() == "ocr_card/A-1 renamed");
    in.write("ocr_card/A-1/back_id.jpg");
    BOOST_TEST(in.told() == "ocr_card/A-1");
}

BOOST_AUTO_TEST_CASE(a_folder_that_was_there_before_is_watched_too) {
    fixture in;
    in.make("ocr_card/A-1");
    (void)in.watch();
    in.write("ocr_card/A-1/front_id.jpg");
    BOOST_TEST(in.told() == "ocr_card/A-1");
}

BOOST_AUTO_TEST_CASE(flat_files_are_told_as_their_case_and_once) {
    fixture in;
    (void)in.watch();
    in.write("ocr_card/A-1.front_id.jpg");
    in.write("ocr_card/A-1.back_id.jpg");
    in.write("ocr_card/A-1.done");
    in.write("liveness/B.jpg");
    BOOST_TEST(in.told() == "liveness/B flat, ocr_card/A-1 flat");
}

BOOST_AUTO_TEST_CASE(only_a_file_that_is_its_whole_case_is_told_as_renamed) {
    fixture in;
    (void)in.watch();
    in.move_in("liveness/B.jpg", false);
    in.move_in("liveness/C.json", false);
    in.move_in("authenticate_face/D.jpg", false);
    in.move_in("ocr_card/A-1.front_id.jpg", false);
    BOOST_TEST(in.told() == "authenticate_face/D flat, liveness/B flat renamed, liveness/C flat, ocr_card/A-1 flat");
}

BOOST_AUTO_TEST_CASE(junk_wakes_nobody) {
    fixture in;
    (void)in.watch();
    in.write("ocr_card/.A.jpg");
    in.write("ocr_card/A.front_id.jpg.part");
    in.make("ocr_card/A.tmp");
    in.make("reverify");
    in.make(".kycd");
    const auto begun = std::chrono::steady_clock::now();
    BOOST_TEST(in.told(20ms) == "");
    BOOST_TEST((std::chrono::steady_clock::now() - begun >= 20ms));
}

BOOST_AUTO_TEST_CASE(a_claimed_case_is_not_watched_any_more) {
    fixture in;
    in.make("ocr_card/A-1");
    (void)in.watch();
    const auto work = in.root().parent_path() / "claimed";
    std::filesystem::rename(in.root() / "ocr_card/A-1", work);
    std::ofstream(work / "result.json") << "{}";
    (void)in.told(1ms); // the claim's own event drops the watch
    std::ofstream(work / "result.json") << "{ }";
    BOOST_TEST(in.told(1ms) == "");
}

BOOST_AUTO_TEST_CASE(a_new_service_folder_asks_for_a_scan_and_is_watched) {
    fixture in;
    (void)in.watch();
    in.make("kyc_passport");
    BOOST_TEST(in.told() == "scan");
    in.move_in("kyc_passport/A-1", true);
    BOOST_TEST(in.told() == "kyc_passport/A-1 renamed");
    std::filesystem::rename(in.root() / "kyc_passport", in.root() / "unknown");
    BOOST_TEST(in.told() == "scan");
    in.write("unknown/x.jpg");
    BOOST_TEST(in.told() == "unknown/x flat");
}

BOOST_AUTO_TEST_CASE(a_link_in_a_service_folders_place_is_not_watched) {
    fixture in;
    const auto elsewhere = in.root().parent_path() / "elsewhere";
    std::filesystem::create_directory(elsewhere);
    std::filesystem::create_directory_symlink(elsewhere, in.root() / "kyc_card");
    (void)in.watch();
    std::ofstream(elsewhere / "A.jpg") << "image";
    BOOST_TEST(in.told(1ms) == "");
}

BOOST_AUTO_TEST_CASE(an_inbox_that_vanishes_and_returns_is_told_and_watched_again) {
    fixture in;
    in.rules.poll = 5ms;
    (void)in.watch();
    const auto away = in.root().parent_path() / "away";
    std::filesystem::rename(in.root(), away);
    BOOST_TEST(in.told() == "scan");
    BOOST_TEST(in.told(20ms) == ""); // no busy loop while it is away
    std::filesystem::rename(away, in.root());
    BOOST_TEST(in.told() == "scan");
    in.move_in("ocr_card/A-1", true);
    BOOST_TEST(in.told() == "ocr_card/A-1 renamed");

    std::filesystem::remove_all(in.root());
    BOOST_TEST(in.told().ends_with("scan"));
    in.make("ocr_card");
    while (in.told() != "scan")
        continue;
    in.move_in("ocr_card/A-2", true);
    std::string told;
    while (told.empty() || told == "scan")
        told = in.told();
    BOOST_TEST(told == "ocr_card/A-2 renamed");
}

BOOST_AUTO_TEST_CASE(an_inbox_that_is_replaced_by_another_is_noticed) {
    fixture in;
    (void)in.watch();
    std::filesystem::rename(in.root(), in.root().parent_path() / "old");
    in.make("ocr_card");
    BOOST_TEST(in.told() == "scan");
    in.move_in("ocr_card/A-1", true);
    std::string told;
    while (told.empty() || told == "scan")
        told = in.told();
    BOOST_TEST(told == "ocr_card/A-1 renamed");
}

BOOST_AUTO_TEST_CASE(an_overflow_asks_for_a_scan_and_loses_no_folder) {
    std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
    long most = 0;
    limit >> most;
    BOOST_REQUIRE(most > 0);
    if (most > 200'000) return; // more events than a test should make
    fixture in;
    (void)in.watch();
    // Renames of junk: the cheapest events, two each, and none like the one before it.
    in.write("ocr_card/.a");
    for (long i = 0; i <= most / 4 + 10; ++i) {
        std::filesystem::rename(in.root() / "ocr_card/.a", in.root() / "ocr_card/.b");
        std::filesystem::rename(in.root() / "ocr_card/.b", in.root() / "ocr_card/.a");
    }
    in.make("kyc_card"); // its event is lost
    BOOST_TEST(in.told().ends_with("scan"));
    BOOST_TEST(in.told() == "scan");
    in.move_in("kyc_card/A-1", true);
    BOOST_TEST(in.told() == "kyc_card/A-1 renamed");
}

BOOST_AUTO_TEST_CASE(an_event_during_the_wait_ends_it) {
    fixture in;
    (void)in.watch();
    asio::post(in.loop, [&] { in.move_in("ocr_card/A-1", true); });
    BOOST_TEST(in.told() == "ocr_card/A-1 renamed");
}

BOOST_AUTO_TEST_CASE(the_callers_cancellation_ends_the_wait) {
    for (const auto mode : {kyc::watch_mode::inotify, kyc::watch_mode::poll}) {
        fixture in;
        in.rules.watch = mode;
        asio::cancellation_signal stop;
        boost::system::error_code ended;
        auto done = [&](const std::exception_ptr& thrown, const fs::inbox_changes&) {
            try {
                if (thrown) std::rethrow_exception(thrown);
            } catch (const boost::system::system_error& error) {
                ended = error.code();
            }
        };
        asio::co_spawn(in.loop, in.watch().wait(1h), asio::bind_cancellation_slot(stop.slot(), done));
        asio::post(in.loop, [&] { stop.emit(asio::cancellation_type::terminal); });
        in.loop.run_for(30s);
        BOOST_TEST(in.loop.stopped());
        BOOST_TEST(ended == asio::error::operation_aborted);
        // The watch still works.
        in.rules.poll = 1ms;
        if (mode == kyc::watch_mode::inotify) {
            in.move_in("ocr_card/A-1", true);
            BOOST_TEST(in.told() == "ocr_card/A-1 renamed");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_watch_may_be_destroyed_right_after_its_time_ran_out) {
    for (int i = 0; i < 50; ++i) {
        fixture in;
        BOOST_TEST(in.told(1ms) == "");
    }
}

BOOST_AUTO_TEST_CASE(without_events_a_scan_is_asked_for_at_each_interval) {
    fixture in;
    in.rules.watch = kyc::watch_mode::poll;
    in.rules.poll = 30ms;
    BOOST_TEST((in.watch().scan_interval() == 30ms));
    BOOST_TEST(in.watch().describe().starts_with("poll"));
    BOOST_TEST(in.told() == "scan");
    BOOST_TEST(in.told() == "scan");
    fixture slow;
    slow.rules.watch = kyc::watch_mode::poll;
    slow.rules.poll = 1h;
    BOOST_TEST(slow.told(1ms) == "");
}

BOOST_AUTO_TEST_CASE(a_local_inbox_is_watched_by_events_and_says_so) {
    fixture in;
    in.rules.watch = kyc::watch_mode::automatic;
    BOOST_TEST(in.watch().describe() == "inotify: a local file system");
    BOOST_TEST((in.watch().scan_interval() == in.rules.rescan));
}

BOOST_AUTO_TEST_CASE(a_missing_inbox_is_a_fault_at_the_start) {
    fixture in;
    std::filesystem::remove_all(in.root());
    kyc::folder_settings folders;
    folders.inbox = in.root();
    const auto made = fs::make_inbox_watch(in.loop.get_executor(), in.pool, fs::spool_layout(folders), in.rules,
                                           kyc::service_table());
    BOOST_TEST(made.has_error());
}

BOOST_AUTO_TEST_SUITE_END()
