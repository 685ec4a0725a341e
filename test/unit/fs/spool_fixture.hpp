#pragma once
// A spool in a temporary folder, and short words for putting things into it.

#include "fs/case_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace kyc::test {

namespace stdfs = std::filesystem;

class temporary_folder {
  public:
    explicit temporary_folder(const stdfs::path& below = stdfs::temp_directory_path()) {
        std::string pattern = (below / "kycd-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
        path_ = pattern;
    }

    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    ~temporary_folder() {
        std::error_code ignored;
        stdfs::remove_all(path_, ignored);
    }

    [[nodiscard]] const stdfs::path& path() const { return path_; }

  private:
    stdfs::path path_;
};

inline void put(const stdfs::path& file, const std::string& text) {
    stdfs::create_directories(file.parent_path());
    std::ofstream out{file, std::ios::binary};
    out << text;
    if (!out.flush()) throw std::runtime_error("write " + file.string());
}

inline std::string text_of(const stdfs::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error("read " + file.string());
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline unsigned mode_of(const stdfs::path& path) {
    struct stat found {};

    if (::lstat(path.c_str(), &found) != 0) throw std::runtime_error("lstat " + path.string());
    return found.st_mode & 07777;
}

/// Every file beneath a folder with its text; a folder ends in '/', a link shows its target.
inline std::map<std::string, std::string> tree(const stdfs::path& root) {
    std::map<std::string, std::string> found;
    for (const auto& entry : stdfs::recursive_directory_iterator{root}) {
        const auto name = entry.path().lexically_relative(root).string();
        if (entry.is_symlink())
            found[name] = "-> " + stdfs::read_symlink(entry.path()).string();
        else if (entry.is_directory())
            found[name + "/"] = "";
        else if (entry.is_regular_file())
            found[name] = text_of(entry.path());
        else
            found[name] = "special";
    }
    return found;
}

/// inbox and work/outbox/failed may be on different file systems.
struct spool {
    temporary_folder near;
    std::unique_ptr<temporary_folder> far;
    fs::spool_layout layout;
    service_table services;
    fs::access_rules access;

    explicit spool(const stdfs::path& far_inbox = {}, const stdfs::path& far_outbox = {})
        : far(far_inbox.empty() && far_outbox.empty()
                  ? nullptr
                  : std::make_unique<temporary_folder>(far_inbox.empty() ? far_outbox : far_inbox)),
          layout(folder_settings{far_inbox.empty() ? near.path() / "inbox" : far->path() / "inbox",
                                 near.path() / "work",
                                 far_outbox.empty() ? near.path() / "outbox" : far->path() / "outbox",
                                 far_outbox.empty() ? near.path() / "failed" : far->path() / "failed"}) {
        if (const auto done = fs::prepare_spool(layout, {"kyc_card", "liveness"}, access); !done)
            throw std::runtime_error(done.error().message());
    }

    [[nodiscard]] stdfs::path inbox() const { return layout.roots().inbox; }

    [[nodiscard]] stdfs::path work() const { return layout.roots().work; }

    [[nodiscard]] stdfs::path outbox() const { return layout.roots().outbox; }

    [[nodiscard]] stdfs::path failed() const { return layout.roots().failed; }

    fs::claim_outcome claim(const std::string& folder, const std::string& name, bool flat = false,
                            const failure* refused = nullptr) {
        const fs::inbox_entry entry{folder, name, flat, false};
        const auto outcome = fs::claim(layout, entry, services, access, {}, refused);
        if (!outcome) throw std::runtime_error(outcome.error().message());
        return *outcome;
    }

    std::vector<fs::claimed_case> recover(std::vector<std::string>* strays = nullptr) {
        const auto found = fs::recover_work(layout, access, strays);
        if (!found) throw std::runtime_error(found.error().message());
        return *found;
    }
};

/// One case alone on its way out, as the daemon takes it.
inline result<stdfs::path> leave(const fs::spool_layout& layout, const fs::claimed_case& which, bool answered,
                                 const fs::access_rules& access) {
    fs::departure one{which, answered};
    fs::deliver(layout, access, {&one});
    if (one.needs_copy) fs::deliver_elsewhere(layout, access, one);
    return one.where;
}

inline result<stdfs::path> publish(const fs::spool_layout& layout, const fs::claimed_case& which,
                                   const fs::access_rules& access) {
    return leave(layout, which, true, access);
}

inline result<stdfs::path> reject(const fs::spool_layout& layout, const fs::claimed_case& which,
                                  const fs::access_rules& access) {
    return leave(layout, which, false, access);
}

/// Works as an ordinary user for as long as it lives, so that permissions count. Nothing happens when that is so
/// anyway.
class ordinary_user {
  public:
    ordinary_user() : was_root_(::geteuid() == 0) {
        if (was_root_ && ::seteuid(65534) != 0) throw std::runtime_error("seteuid");
    }

    ordinary_user(const ordinary_user&) = delete;
    ordinary_user& operator=(const ordinary_user&) = delete;

    ~ordinary_user() {
        if (was_root_ && ::seteuid(0) != 0) std::abort();
    }

    /// Whether there is another user whose files can be made.
    [[nodiscard]] static bool has_others() { return ::geteuid() == 0; }

  private:
    bool was_root_;
};

/// A folder on another file system than the temporary one; empty when this machine has none.
inline stdfs::path other_file_system() {
    struct stat a {};

    struct stat b {};

    const stdfs::path other = "/dev/shm";
    if (::stat(other.c_str(), &a) != 0 || ::stat(stdfs::temp_directory_path().c_str(), &b) != 0) return {};
    return a.st_dev == b.st_dev ? stdfs::path{} : other;
}

} // namespace kyc::test
