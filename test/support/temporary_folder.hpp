#pragma once
// A folder that is there for one test.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace kyc::test {

/// Made in the system's temporary folder, removed with all that is in it.
class temporary_folder {
  public:
    temporary_folder() : path_(make(std::filesystem::temp_directory_path())) {}

    /// Below another folder, e.g. to have it on another file system.
    explicit temporary_folder(const std::filesystem::path& below) : path_(make(below)) {}

    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    static std::filesystem::path make(const std::filesystem::path& below) {
        std::string pattern = (below / "kycd-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
        return pattern;
    }

    std::filesystem::path path_;
};

} // namespace kyc::test
