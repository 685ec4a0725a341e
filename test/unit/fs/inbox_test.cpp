#include "fs/inbox.hpp"
#include "fs/inbox_clock.hpp"
#include "fs/sha256.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

namespace fs = kyc::fs;
using namespace std::chrono_literals;
using kyc::failure_code;

/// An inbox in a temporary folder whose time stands still unless told otherwise. The limits are hours, so that no
/// machine is too slow for "not settled yet".
class fixture {
  public:
    explicit fixture(bool only_observe = false,
                     const std::filesystem::path& below = std::filesystem::temp_directory_path())
        : folder_(below), only_observe_(only_observe) {
        rules.settle = 1h;
        rules.incomplete_after = 10h;
        std::filesystem::create_directory(root());
    }

    kyc::intake_settings rules;
    kyc::service_table services;
    std::chrono::milliseconds reading_time{50};

    [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "inbox"; }

    std::filesystem::path make(const std::string& name) {
        std::filesystem::create_directories(root() / name);
        return root() / name;
    }

    void write(const std::string& name, const std::string& text = "image") {
        std::filesystem::create_directories((root() / name).parent_path());
        std::ofstream(root() / name, std::ios::binary) << text;
    }

    void age(const std::string& name, std::chrono::seconds seconds) {
        std::filesystem::last_write_time(root() / name, std::filesystem::file_time_type::clock::now() - seconds);
    }

    void advance(std::chrono::milliseconds time) { elapsed_ += time.count(); }

    fs::inbox& box() {
        if (!box_) {
            kyc::folder_settings folders;
            folders.inbox = root();
            fs::intake::inbox_clock clock;
            clock.steady = [this] {
                return std::chrono::steady_clock::time_point(std::chrono::milliseconds(elapsed_));
            };
            clock.system = [this] { return start_ + std::chrono::milliseconds(elapsed_); };
            clock.only_observe = only_observe_;
            clock.reading_time = reading_time;
            box_ = fs::intake::make_inbox(fs::spool_layout(folders), rules, services, std::move(clock));
        }
        return *box_;
    }

    fs::examination look(const fs::inbox_entry& entry, bool renamed_in = false) {
        auto seen = box().examine(entry, renamed_in);
        if (seen.has_error()) throw std::runtime_error(seen.error().message());
        return *seen;
    }

    bool is_ready(const fs::inbox_entry& entry, bool renamed_in = false) {
        return std::holds_alternative<fs::entry_ready>(look(entry, renamed_in));
    }

    bool is_gone(const fs::inbox_entry& entry) { return std::holds_alternative<fs::entry_gone>(look(entry)); }

    /// Why it waits; fails the test when it does not.
    fs::entry_waiting waits(const fs::inbox_entry& entry, bool renamed_in = false) {
        auto seen = look(entry, renamed_in);
        if (const auto* refused = std::get_if<fs::entry_refused>(&seen)) BOOST_TEST_MESSAGE(refused->why.message);
        BOOST_REQUIRE(std::holds_alternative<fs::entry_waiting>(seen));
        return std::get<fs::entry_waiting>(seen);
    }

    void waits_for(const fs::inbox_entry& entry, const std::string& word, bool renamed_in = false) {
        const auto why = waits(entry, renamed_in).why;
        BOOST_TEST(why.find(word) != std::string::npos, why);
    }

    void refuses(const fs::inbox_entry& entry, failure_code code, const std::string& word) {
        auto seen = look(entry);
        if (const auto* waiting = std::get_if<fs::entry_waiting>(&seen)) BOOST_TEST_MESSAGE(waiting->why);
        BOOST_REQUIRE(std::holds_alternative<fs::entry_refused>(seen));
        const auto& why = std::get<fs::entry_refused>(seen).why;
        BOOST_TEST(to_string(why.code) == to_string(code));
        BOOST_TEST(why.message.find(word) != std::string::npos, why.message);
    }

    std::vector<std::string> listed() {
        auto entries = box().list();
        if (entries.has_error()) throw std::runtime_error(entries.error().message());
        std::vector<std::string> names;
        for (const auto& entry : entries->entries) {
            names.push_back(entry.folder + "/" + entry.name + (entry.flat ? " flat" : "") +
                            (entry.high_priority ? " high" : ""));
        }
        return names;
    }

    /// The folders that may not be read, at a listing.
    std::vector<std::string> unread() {
        auto entries = box().list();
        if (entries.has_error()) throw std::runtime_error(entries.error().message());
        std::vector<std::string> names;
        for (const auto& each : entries->unread)
            names.push_back(each.folder + (each.is_service ? "" : " of a stranger") + ": " + each.why.message());
        std::sort(names.begin(), names.end());
        return names;
    }

    /// Everything that reading on finds to be urgent.
    std::vector<std::string> found_later(const std::vector<fs::inbox_entry>& changed = {}) {
        std::vector<std::string> names;
        for (bool done = false; !done;) {
            const auto urgent = box().read_priorities(changed);
            for (const auto& entry : urgent.found)
                names.push_back(entry.folder + "/" + entry.name + (entry.flat ? " flat" : ""));
            done = urgent.done;
        }
        return names;
    }

  private:
    kyc::test::temporary_folder folder_;
    bool only_observe_;
    std::chrono::system_clock::time_point start_ = std::chrono::system_clock::now();
    std::atomic<std::int64_t> elapsed_ = 0;
    std::unique_ptr<fs::inbox> box_;
};

using lines = std::vector<std::string>;

/// Another user than root, for whom permissions count.
class as_nobody {
  public:
    explicit as_nobody(const fixture& in) {
        if (::geteuid() != 0) return;
        for (const auto& folder : std::vector{in.root().parent_path(), in.root()})
            if (::chown(folder.c_str(), nobody, nobody) != 0) throw std::runtime_error("chown");
        if (::seteuid(nobody) != 0) throw std::runtime_error("seteuid");
    }

    as_nobody(const as_nobody&) = delete;
    as_nobody& operator=(const as_nobody&) = delete;

    ~as_nobody() {
        if (::getuid() == 0 && ::seteuid(0) != 0) std::abort();
    }

  private:
    static constexpr uid_t nobody = 65534;
};

void allow(const std::filesystem::path& folder, unsigned mode) {
    std::filesystem::permissions(folder, static_cast<std::filesystem::perms>(mode));
}

std::string hash_of(const std::string& text) {
    return fs::sha256_hex(std::as_bytes(std::span(text)));
}

const fs::inbox_entry card{"ocr_card", "A-1", false, false};
const fs::inbox_entry face{"liveness", "A-1", true, false};
const fs::inbox_entry flat_card{"ocr_card", "A-1", true, false};

void write_card(fixture& in) {
    in.write("ocr_card/A-1/front_id.jpg");
    in.write("ocr_card/A-1/back_id.jpg");
}

} // namespace

BOOST_AUTO_TEST_SUITE(inbox)

BOOST_AUTO_TEST_CASE(every_kind_of_entry_is_listed_the_urgent_first_then_the_oldest) {
    fixture in;
    in.make("ocr_card/newer");
    in.make("liveness/older");
    in.make("strange/x");
    in.write("face_liveness/flat.jpg");
    in.write("face_liveness/flat.json", R"({"priority": "high"})");
    in.write("ocr_card/urgent/case.json", R"({"priority": "hi\u0067h"})");
    in.write("ocr_card/broken/case.json", R"({"priority": "high")");
    in.age("ocr_card/newer", 10s);
    in.age("liveness/older", 50s);
    in.age("strange/x", 20s);
    in.age("face_liveness/flat.jpg", 5s);
    in.age("ocr_card/urgent", 4s);
    in.age("ocr_card/broken", 60s);
    const lines expected{"face_liveness/flat flat high",
                         "ocr_card/urgent high",
                         "ocr_card/broken",
                         "liveness/older",
                         "strange/x",
                         "ocr_card/newer"};
    BOOST_TEST(in.listed() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(junk_reserved_folders_and_links_are_not_listed) {
    fixture in;
    in.write("ocr_card/.DS_Store");
    in.write("ocr_card/A.front_id.jpg.part");
    in.make("ocr_card/@eaDir/x");
    in.make("reverify/ticket");
    in.make(".kycd/x");
    in.make("lost+found/x");
    in.write("stray.txt");
    const auto elsewhere = in.make("../elsewhere/outside");
    std::filesystem::create_directory_symlink(elsewhere.parent_path(), in.root() / "kyc_card");
    BOOST_TEST(in.listed() == lines{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_link_or_a_file_in_place_of_a_services_folder_is_told_as_unread) {
    fixture in;
    write_card(in);
    const auto elsewhere = in.make("../elsewhere/A-1").parent_path();
    std::filesystem::create_directory_symlink(elsewhere, in.root() / "kyc_card");
    std::filesystem::create_directory_symlink(elsewhere, in.root() / "foo");
    std::filesystem::create_symlink("/nowhere", in.root() / "kyc_passport");
    in.write("ocr_passport");
    BOOST_TEST(in.listed() == lines{"ocr_card/A-1"}, boost::test_tools::per_element());
    const auto told = in.unread();
    BOOST_REQUIRE(told.size() == 3u);
    const auto begins = [&](std::size_t which, const std::string& folder, const std::string& what) {
        BOOST_TEST(told[which].starts_with(folder + ": " + (in.root() / folder).string() + what), told[which]);
    };
    begins(0, "kyc_card", " is a link, which kycd does not follow (");
    begins(1, "kyc_passport", " is a link, which kycd does not follow (");
    begins(2, "ocr_passport", " stands where a folder belongs (");
    BOOST_TEST(!in.box().look_into("kyc_card"));
    BOOST_TEST(!in.box().list_folder("kyc_card"));
    fs::inbox_entry entry;
    entry.folder = "kyc_card";
    entry.name = "A-1";
    BOOST_TEST(!in.box().examine(entry, false)); // nobody has taken it
    std::filesystem::remove(in.root() / "kyc_card");
    std::filesystem::rename(elsewhere, in.root() / "kyc_card");
    BOOST_TEST(in.box().list_folder("kyc_card")->size() == 1u);
}

BOOST_AUTO_TEST_CASE(flat_files_of_one_case_are_one_entry) {
    fixture in;
    for (const auto* end : {"front_id.jpg", "back_id.jpg", "json", "done"})
        in.write(std::string("ocr_card/A-1.") + end, "{}");
    in.make("ocr_card/A-1");
    auto found = in.listed();
    std::sort(found.begin(), found.end());
    BOOST_TEST(found == (lines{"ocr_card/A-1", "ocr_card/A-1 flat"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_vanished_inbox_is_a_fault_and_no_empty_list) {
    fixture in;
    in.make("ocr_card/A-1");
    std::filesystem::rename(in.root(), in.root().string() + "-away");
    BOOST_REQUIRE(in.box().list().has_error());
    BOOST_TEST(in.box().list().error().what.find(in.root().string()) != std::string::npos);
    BOOST_TEST(in.box().examine(card, false).has_error());
    std::filesystem::rename(in.root().string() + "-away", in.root());
    BOOST_TEST(in.listed().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_may_not_be_read_keeps_nobody_from_the_others) {
    fixture in;
    const as_nobody mortal(in);
    in.write("liveness/A-1.jpg");
    in.write("foo/B-1/image.jpg");
    write_card(in);
    for (const unsigned mode : {0U, 0400U}) {
        for (const auto* folder : {"liveness", "foo"})
            allow(in.root() / folder, mode);
        BOOST_TEST(in.listed() == lines{"ocr_card/A-1"}, boost::test_tools::per_element());
        const auto path = (in.root() / "liveness").string();
        const auto expected = lines{"foo of a stranger: read " + (in.root() / "foo").string() + ": Permission denied",
                                    "liveness: read " + path + ": Permission denied"};
        BOOST_TEST(in.unread() == expected, boost::test_tools::per_element());
        BOOST_TEST(!in.box().look_into("liveness"));
        BOOST_TEST(in.box().look_into("ocr_card").has_value());
        const auto alone = in.box().list_folder("liveness");
        BOOST_REQUIRE(!alone);
        BOOST_TEST(alone.error().message() == "read " + path + ": Permission denied");
        // It is not gone: that is what nobody can tell.
        BOOST_TEST(!in.box().examine(face, false));
        for (const auto* folder : {"liveness", "foo"})
            allow(in.root() / folder, 0700);
        BOOST_TEST(in.unread().empty());
        BOOST_TEST(in.box().list_folder("liveness")->size() == 1u);
    }
    BOOST_TEST(in.box().list_folder("ocr_passport")->empty()); // it is not there
}

BOOST_AUTO_TEST_CASE(what_is_known_of_a_case_outlasts_a_folder_that_may_not_be_read) {
    fixture in(true); // only what was observed counts
    in.rules.settle = 100ms;
    const as_nobody mortal(in);
    write_card(in);
    in.waits(card);
    in.advance(60ms);
    allow(in.root() / "ocr_card", 0);
    BOOST_TEST(in.listed().empty());
    allow(in.root() / "ocr_card", 0700);
    in.advance(60ms);
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_complete_case_is_ready_once_it_has_settled) {
    fixture in;
    write_card(in);
    const auto waiting = in.waits(card);
    BOOST_TEST(waiting.why.find("settling") != std::string::npos, waiting.why);
    BOOST_TEST((waiting.retry_in > 0ms && waiting.retry_in <= 60s));
    in.advance(2h);
    BOOST_TEST(in.is_ready(card));
    // The first look of a new daemon sees the same.
    fixture fresh;
    write_card(fresh);
    fresh.advance(2h);
    BOOST_TEST(fresh.is_ready(card));
}

BOOST_AUTO_TEST_CASE(retry_comes_when_settling_ends) {
    fixture in;
    in.rules.settle = 20s;
    write_card(in);
    BOOST_TEST((in.waits(card).retry_in == 20s));
    in.advance(5s);
    const auto retry = in.waits(card).retry_in;
    BOOST_TEST((retry >= 15s && retry <= 20s));
}

BOOST_AUTO_TEST_CASE(without_settling_a_complete_case_is_ready_at_once) {
    fixture in;
    in.rules.settle = 0ms;
    write_card(in);
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_folder_renamed_into_place_is_ready_at_once_when_everything_is_in_it) {
    fixture in;
    write_card(in);
    BOOST_TEST(in.is_ready(card, true));
    in.write("ocr_card/A-1/back_id.jpg", "");
    in.waits_for(card, "back_id.jpg is empty", true);
    std::filesystem::remove(in.root() / "ocr_card/A-1/back_id.jpg");
    in.waits_for(card, "back_id is missing", true);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_open_for_writing_is_not_ready) {
    fixture in;
    write_card(in);
    const int writer = ::open((in.root() / "ocr_card/A-1/back_id.jpg").c_str(), O_WRONLY | O_CLOEXEC);
    BOOST_REQUIRE(writer >= 0);
    in.waits_for(card, "back_id.jpg is still being written", true);
    in.advance(2h);
    in.waits_for(card, "back_id.jpg is still being written");
    in.advance(10h);
    in.refuses(card, failure_code::case_incomplete, "back_id.jpg is still being written");
    ::close(writer);
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_writer_that_opens_during_the_check_does_no_harm) {
    // A read lease signals its holder when somebody writes; the default signal would end this process.
    fixture in;
    in.rules.settle = 0ms;
    write_card(in);
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        while (!stop) {
            const int fd = ::open((in.root() / "ocr_card/A-1/back_id.jpg").c_str(), O_WRONLY | O_CLOEXEC);
            if (fd >= 0) ::close(fd);
        }
    });
    for (int i = 0; i < 2000; ++i)
        (void)in.look(card);
    stop = true;
    writer.join();
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(where_the_clock_is_foreign_only_our_own_observation_counts) {
    fixture in(true);
    write_card(in);
    in.advance(100h); // the files look old, but nobody has watched them yet
    in.waits_for(card, "settling");
    in.advance(59min);
    in.waits_for(card, "settling");
    in.write("ocr_card/A-1/back_id.jpg", "longer image");
    in.waits_for(card, "settling");
    in.advance(59min);
    in.waits_for(card, "settling");
    in.advance(1min);
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_changed_file_settles_anew) {
    fixture in;
    write_card(in);
    in.advance(-2h); // the files now carry a time that is in the future for us
    in.waits_for(card, "settling");
    in.advance(1h);
    BOOST_TEST(in.is_ready(card));
    in.write("ocr_card/A-1/back_id.jpg", "longer image");
    in.waits_for(card, "settling");
    in.advance(1h);
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(an_incomplete_case_waits_names_what_is_missing_and_fails_at_the_limit) {
    fixture in;
    in.make("kyc_card/A-1");
    in.write("kyc_card/A-1/front_id.jpg", "");
    const fs::inbox_entry entry{"kyc_card", "A-1", false, false};
    in.waits_for(entry, "selfie_image is missing; back_id is missing; front_id.jpg is empty");
    in.advance(9h);
    const auto waiting = in.waits(entry);
    BOOST_TEST((waiting.age >= 8h + 59min));
    BOOST_TEST((waiting.retry_in == 60s));
    in.advance(1h);
    in.refuses(entry, failure_code::case_incomplete,
               "selfie_image is missing; back_id is missing; front_id.jpg is empty");
    in.write("kyc_card/A-1/notes.txt"); // a change starts the time again
    in.advance(-10h);
    in.waits_for(entry, "selfie_image is missing");
}

BOOST_AUTO_TEST_CASE(an_empty_case_folder_is_incomplete_too) {
    fixture in;
    in.make("ocr_card/A-1");
    in.waits_for(card, "front_id is missing; back_id is missing");
    in.advance(11h);
    in.refuses(card, failure_code::case_incomplete, "front_id is missing");
}

BOOST_AUTO_TEST_CASE(a_growing_partial_file_keeps_an_incomplete_case_alive) {
    fixture in(true);
    in.write("ocr_card/A-1/front_id.jpg");
    in.write("ocr_card/A-1/back_id.jpg.part", "1");
    in.waits_for(card, "back_id is missing");
    in.advance(9h);
    in.write("ocr_card/A-1/back_id.jpg.part", "12");
    in.waits_for(card, "back_id is missing");
    in.advance(9h);
    in.waits_for(card, "back_id is missing");
    in.advance(1h);
    in.refuses(card, failure_code::case_incomplete, "back_id is missing");
}

BOOST_AUTO_TEST_CASE(form_fields_are_awaited_like_files) {
    fixture in;
    in.make("background_check/B");
    const fs::inbox_entry entry{"background_check", "B", false, false};
    in.waits_for(entry, "fullname is missing from the fields of case.json; birth_date is missing");
    in.write("background_check/B/case.json", R"({"fields": {"fullname": "A B", "birth_date": "1990-1-2"}})");
    in.advance(2h);
    BOOST_TEST(in.is_ready(entry));
}

BOOST_AUTO_TEST_CASE(under_marker_only_the_marker_makes_a_case_ready) {
    fixture in;
    in.rules.ready = kyc::ready_rule::marker;
    write_card(in);
    in.advance(2h);
    in.waits_for(card, "the marker .done is missing");
    in.waits_for(card, "the marker .done is missing", true);
    in.write("ocr_card/A-1/back_id.jpg", ""); // empty: the gate will say so
    in.write("ocr_card/A-1/.done", "");
    BOOST_TEST(in.is_ready(card));

    in.write("ocr_card/A-2.front_id.jpg");
    in.write("ocr_card/A-2.back_id.jpg");
    const fs::inbox_entry flat{"ocr_card", "A-2", true, false};
    in.waits_for(flat, "the marker A-2.done is missing");
    in.write("ocr_card/A-2.done", "");
    BOOST_TEST(in.is_ready(flat));
}

BOOST_AUTO_TEST_CASE(under_marker_what_is_wrong_is_refused_at_once) {
    fixture in;
    in.rules.ready = kyc::ready_rule::marker;
    in.write("ocr_card/A-1/front_id.jpg");
    in.write("ocr_card/A-1/.done", "");
    in.refuses(card, failure_code::case_incomplete, "back_id is missing");
    in.write("ocr_card/A-1/case.json", "{");
    in.refuses(card, failure_code::bad_manifest, "not valid JSON");
    in.write("ocr_card/A-1/case.json", "");
    in.refuses(card, failure_code::bad_manifest, "not valid JSON");
    in.write("ocr_card/A-1/case.json", R"({"files": {"back_id": "late.jpg"}})");
    in.waits_for(card, "back_id (late.jpg) is missing");
    in.advance(11h);
    in.refuses(card, failure_code::case_incomplete, "back_id (late.jpg) is missing");
    in.advance(-11h);
    std::filesystem::remove(in.root() / "ocr_card/A-1/case.json");
    in.write("ocr_card/A-1/front_id.png");
    in.refuses(card, failure_code::ambiguous_files, "front_id.jpg and front_id.png");
    std::filesystem::remove(in.root() / "ocr_card/A-1/front_id.png");
    in.make("ocr_card/A-1/back_id.jpg");
    in.refuses(card, failure_code::not_a_regular_file, "back_id.jpg of case A-1 is a folder");
}

BOOST_AUTO_TEST_CASE(under_marker_a_hash_that_differs_still_waits) {
    fixture in;
    in.rules.ready = kyc::ready_rule::marker;
    write_card(in);
    in.write("ocr_card/A-1/case.json", R"({"sha256": {"back_id.jpg": ")" + hash_of("other") + R"("}})");
    in.write("ocr_card/A-1/.done", "");
    in.waits_for(card, "back_id.jpg does not match");
    in.write("ocr_card/A-1/back_id.jpg", "other");
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_listed_hash_that_differs_is_not_ready_and_fails_with_both_hashes) {
    fixture in;
    write_card(in);
    in.write("ocr_card/A-1/case.json", R"({"sha256": {"back_id.jpg": ")" + hash_of("whole") + R"("}})");
    in.advance(2h);
    in.waits_for(card, "back_id.jpg does not match its sha256 in case.json");
    in.advance(9h);
    in.refuses(card, failure_code::hash_mismatch, "expected " + hash_of("whole") + ", found " + hash_of("image"));
    in.write("ocr_card/A-1/back_id.jpg", "whole");
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_listed_file_that_is_missing_is_incomplete) {
    fixture in;
    write_card(in);
    in.write("ocr_card/A-1/case.json", R"({"sha256": {"notes.txt": ")" + hash_of("x") + R"("}})");
    in.advance(2h);
    in.waits_for(card, "notes.txt, listed under sha256, is missing");
    in.advance(9h);
    in.refuses(card, failure_code::case_incomplete, "notes.txt, listed under sha256, is missing");
    in.write("ocr_card/A-1/notes.txt", "x");
    BOOST_TEST(in.is_ready(card));
}

BOOST_AUTO_TEST_CASE(a_broken_manifest_may_be_half_written_and_is_refused_only_once_it_rests) {
    fixture in;
    write_card(in);
    in.write("ocr_card/A-1/case.json", "{\"fields\"");
    in.waits_for(card, "not valid JSON");
    in.advance(2h);
    {
        std::ofstream writer(in.root() / "ocr_card/A-1/case.json", std::ios::app);
        in.waits_for(card, "case.json is still being written");
    }
    in.refuses(card, failure_code::bad_manifest, "not valid JSON");
    in.write("ocr_card/A-1/case.json", R"({"colour": "red"})");
    in.refuses(card, failure_code::bad_manifest, "\"colour\" is unknown");
    in.write("ocr_card/A-1/case.json", "");
    in.waits_for(card, "case.json is empty");
    in.write("ocr_card/A-1/case.json", std::string(70'000, ' '));
    in.refuses(card, failure_code::bad_manifest, "at most 65536");
}

BOOST_AUTO_TEST_CASE(two_files_for_a_field_are_refused_once_they_rest) {
    fixture in;
    write_card(in);
    in.write("ocr_card/A-1/front_id.png");
    in.waits_for(card, "two files stand for front_id");
    in.advance(2h);
    in.refuses(card, failure_code::ambiguous_files, "front_id.jpg and front_id.png");
}

BOOST_AUTO_TEST_CASE(only_regular_files_are_images) {
    const auto outside = [](fixture& in) {
        in.write("../elsewhere.jpg");
        return in.root().parent_path() / "elsewhere.jpg";
    };
    const std::pair<std::string, std::function<void(fixture&, const std::filesystem::path&)>> table[] = {
        {"a folder", [](fixture&, const auto& at) { std::filesystem::create_directory(at); }},
        {"a link", [&](fixture& in, const auto& at) { std::filesystem::create_symlink(outside(in), at); }},
        {"a link", [](fixture&, const auto& at) { std::filesystem::create_symlink("/nowhere", at); }},
        {"pipe", [](fixture&, const auto& at) { ::mkfifo(at.c_str(), 0600); }},
        {"hard link", [&](fixture& in, const auto& at) { std::filesystem::create_hard_link(outside(in), at); }},
    };
    for (const auto& [word, place] : table) {
        fixture in;
        in.write("ocr_card/A-1/front_id.jpg");
        place(in, in.root() / "ocr_card/A-1/back_id.jpg");
        in.waits_for(card, word);
        in.advance(2h);
        in.refuses(card, failure_code::not_a_regular_file, word);

        fixture flat;
        flat.make("liveness");
        place(flat, flat.root() / "liveness/A-1.jpg");
        if (word != "a folder") {
            flat.advance(2h);
            flat.refuses(face, failure_code::not_a_regular_file, word);
        }

        fixture said;
        write_card(said);
        place(said, said.root() / "ocr_card/A-1/case.json");
        said.advance(2h);
        said.refuses(card, failure_code::not_a_regular_file, "case.json");
    }
}

BOOST_AUTO_TEST_CASE(a_link_in_a_cases_place_is_refused_and_not_followed) {
    fixture in;
    const auto elsewhere = in.make("../elsewhere");
    in.write("../elsewhere/front_id.jpg");
    in.write("../elsewhere/back_id.jpg");
    in.make("ocr_card");
    std::filesystem::create_directory_symlink(elsewhere, in.root() / "ocr_card/A-1");
    BOOST_TEST(in.listed() == lines{"ocr_card/A-1 flat"}, boost::test_tools::per_element());
    in.advance(2h);
    in.refuses(flat_card, failure_code::not_a_regular_file, "A-1 of case A-1 is a link");
    in.refuses(card, failure_code::not_a_regular_file, "link");
}

BOOST_AUTO_TEST_CASE(flat_cases_follow_the_same_rules) {
    fixture in;
    in.write("ocr_card/A-1.front_id.jpg");
    in.waits_for(flat_card, "back_id is missing");
    in.write("ocr_card/A-1.back_id.jpg");
    in.waits_for(flat_card, "settling");
    in.advance(2h);
    BOOST_TEST(in.is_ready(flat_card));
    in.write("ocr_card/A-1.back_id.png");
    in.refuses(flat_card, failure_code::ambiguous_files, "A-1.back_id.jpg and A-1.back_id.png");
    std::filesystem::remove(in.root() / "ocr_card/A-1.back_id.png");
    in.write("ocr_card/A-1.json", R"({"files": {"front_id": "x.jpg"}})");
    in.refuses(flat_card, failure_code::bad_manifest, "<case>.<field>.<ext>");
    in.write("ocr_card/A-1.json", R"({"sha256": {"A-1.front_id.jpg": ")" + hash_of("image") + R"("}})");
    BOOST_TEST(in.is_ready(flat_card));

    in.write("liveness/A-1.jpg");
    BOOST_TEST(in.is_ready(face));
    in.write("ocr_card/stray.pdf");
    const fs::inbox_entry stray{"ocr_card", "stray", true, false};
    in.advance(10h);
    in.refuses(stray, failure_code::case_incomplete, "front_id is missing");
}

BOOST_AUTO_TEST_CASE(unknown_services_and_bad_names_are_refused_once_they_rest) {
    fixture in;
    in.write("passports/A-1/x.jpg");
    in.write("passports/A-2.jpg");
    const fs::inbox_entry folder{"passports", "A-1", false, false};
    const fs::inbox_entry flat{"passports", "A-2", true, false};
    in.waits_for(folder, "no service passports");
    in.advance(2h);
    in.refuses(folder, failure_code::unknown_service, "kyc_passport");
    in.refuses(flat, failure_code::unknown_service, "liveness");

    in.make("ocr_card/a\nb");
    in.write("ocr_card/\xFF.front_id.jpg");
    in.refuses({"ocr_card", "a\nb", false, false}, failure_code::bad_case_name, "a%0Ab");
    in.refuses({"ocr_card", "\xFF", true, false}, failure_code::bad_case_name, "%FF");
}

BOOST_AUTO_TEST_CASE(an_entry_that_left_is_gone) {
    fixture in;
    in.make("ocr_card");
    BOOST_TEST(in.is_gone(card));
    BOOST_TEST(in.is_gone(flat_card));
    BOOST_TEST(in.is_gone({"kyc_card", "A-1", false, false}));
    in.write("ocr_card/A-1.front_id.jpg");
    in.waits_for(flat_card, "back_id");
    std::filesystem::remove(in.root() / "ocr_card/A-1.front_id.jpg");
    BOOST_TEST(in.is_gone(flat_card));
}

BOOST_AUTO_TEST_CASE(a_case_of_the_same_name_starts_anew_after_the_first_was_forgotten) {
    fixture in(true);
    write_card(in);
    in.waits_for(card, "settling");
    in.advance(2h);
    BOOST_TEST(in.is_ready(card));
    in.box().forget(card);
    in.waits_for(card, "settling");
    in.advance(2h);
    BOOST_TEST(in.is_ready(card));
    // A scan that does not see it any more forgets it as well.
    std::filesystem::rename(in.root() / "ocr_card/A-1", in.root().parent_path() / "taken");
    BOOST_TEST(in.listed().empty());
    std::filesystem::rename(in.root().parent_path() / "taken", in.root() / "ocr_card/A-1");
    in.waits_for(card, "settling");
}

BOOST_AUTO_TEST_CASE(of_very_many_entries_some_priorities_are_read_later) {
    fixture in;
    in.reading_time = 0ms;
    const std::string urgent = R"({"priority": "high"})";
    for (int i = 0; i < 400; ++i) {
        in.write("ocr_card/" + std::to_string(i) + "/case.json", "{}");
        in.age("ocr_card/" + std::to_string(i), std::chrono::seconds(1000 - i));
    }
    in.write("liveness/flat.jpg");
    in.write("liveness/flat.json", urgent);
    for (const auto* name : {"ocr_card/0", "ocr_card/350", "ocr_card/300"})
        in.write(std::string(name) + "/case.json", urgent);
    auto names = in.listed();
    BOOST_REQUIRE(names.size() == 401u);
    BOOST_TEST(names[0] == "ocr_card/0 high");
    BOOST_TEST(names[1] == "ocr_card/1");
    BOOST_TEST(names[400] == "liveness/flat flat");
    std::filesystem::remove_all(in.root() / "ocr_card/399"); // goes in between
    const lines later{"ocr_card/300", "ocr_card/350", "liveness/flat flat"};
    BOOST_TEST(in.found_later() == later, boost::test_tools::per_element());
    BOOST_TEST(in.found_later().empty());
    names = in.listed();
    const lines known{"ocr_card/0 high", "ocr_card/300 high", "ocr_card/350 high", "liveness/flat flat high",
                      "ocr_card/1"};
    names.resize(known.size());
    BOOST_TEST(names == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_priority_that_is_written_later_is_noticed_though_the_folder_does_not_change) {
    fixture in;
    write_card(in);
    in.write("ocr_card/A-2/case.json", "{}");
    in.write("liveness/A-3.jpg");
    in.write("liveness/A-3.json", "{}");
    in.age("ocr_card/A-1", 30s);
    in.age("ocr_card/A-2", 20s);
    in.age("liveness/A-3.jpg", 10s);
    const lines by_age{"ocr_card/A-1", "ocr_card/A-2", "liveness/A-3 flat"};
    BOOST_TEST(in.listed() == by_age, boost::test_tools::per_element());
    in.advance(1min); // from here on the stamps of what was read are trusted
    BOOST_TEST(in.listed() == by_age, boost::test_tools::per_element());
    BOOST_TEST(in.listed() == by_age, boost::test_tools::per_element());
    in.write("ocr_card/A-2/case.json", R"({"priority": "high"})");
    BOOST_TEST(in.listed().front() == "ocr_card/A-2 high");
    in.write("liveness/A-3.json", R"({"priority": "high"})");
    BOOST_TEST(in.listed()[1] == "liveness/A-3 flat high");
    in.write("ocr_card/A-1/case.json", R"({"priority": "high"})");
    BOOST_TEST(in.listed()[2] == "ocr_card/A-1 high");
    in.advance(1min);
    std::filesystem::remove(in.root() / "ocr_card/A-2/case.json");
    in.write("liveness/A-3.json", R"({"labels": {}})");
    (void)in.listed();
    const lines calmed{"ocr_card/A-1 high", "ocr_card/A-2", "liveness/A-3 flat"};
    auto names = in.listed();
    std::sort(names.begin() + 1, names.end(), std::greater<>());
    BOOST_TEST(names == calmed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_priority_of_what_has_just_changed_can_be_asked_for) {
    fixture in;
    write_card(in);
    (void)in.listed();
    BOOST_TEST(in.found_later({card, flat_card, {"nowhere", "x", false, false}}).empty());
    in.write("ocr_card/A-1/case.json", R"({"priority": "high"})");
    BOOST_TEST(in.found_later({card}) == lines{"ocr_card/A-1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(entries_may_be_examined_on_several_threads) {
    fixture in;
    in.rules.settle = 0ms;
    for (int i = 0; i < 40; ++i)
        in.write("liveness/" + std::to_string(i) + ".jpg");
    (void)in.box(); // made before the threads start: the fixture itself is for one thread
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = t; i < 40; i += 4)
                ready += in.is_ready({"liveness", std::to_string(i), true, false});
        });
    }
    for (int i = 0; i < 10; ++i)
        (void)in.listed();
    for (auto& thread : threads)
        thread.join();
    BOOST_TEST(ready == 40);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_entries_are_listed_quickly) {
    // In memory where that is possible: making the files is what takes long.
    const std::filesystem::path memory = "/dev/shm";
    fixture in(false, ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path());
    in.rules.settle = 0ms;
    const auto folder = in.make("ocr_card");
    const auto flat = in.make("liveness");
    for (int i = 0; i < 50'000; ++i) {
        ::mkdir((folder / std::to_string(i)).c_str(), 0700);
        ::close(::open((flat / (std::to_string(i) + ".jpg")).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    const auto begun = std::chrono::steady_clock::now();
    BOOST_TEST(in.listed().size() == 100'000u);
    const auto listed = std::chrono::steady_clock::now();
    BOOST_TEST(in.listed().size() == 100'000u);
    const auto again = std::chrono::steady_clock::now();
    in.write("liveness/7.jpg");
    int ready = 0;
    for (int i = 0; i < 1000; ++i)
        ready += in.is_ready({"liveness", "7", true, false});
    const auto examined = std::chrono::steady_clock::now();
    BOOST_TEST(ready == 1000);
    using ms = std::chrono::milliseconds;
    std::cout << "100,000 entries listed in " << std::chrono::duration_cast<ms>(listed - begun).count()
              << " ms, and again in " << std::chrono::duration_cast<ms>(again - listed).count()
              << " ms; 1,000 looks at a flat case among 50,000 in "
              << std::chrono::duration_cast<ms>(examined - again).count() << " ms\n";
}

BOOST_AUTO_TEST_SUITE_END()
