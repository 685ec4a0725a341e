#pragma once
// The files that an import takes its images from: beneath one folder, and never through a link. Blocking.

#include "core/result.hpp"
#include "fs/safe_open.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kyc::fs {

/// What keeps one file from being imported, and nothing else. `refused`: it is no picture that the API takes.
enum class unfit { outside, missing, unreadable, not_regular, empty, too_large, changed, refused };

/// With a sentence that names the file, without its end.
struct unfit_file {
    unfit what = unfit::missing;
    std::string why;

    unfit_file() = default;

    unfit_file(unfit what_, std::string why_) : what(what_), why(std::move(why_)) {}
};

/// The file's own, or the system's trouble.
using source_trouble = std::variant<unfit_file, fault>;

/// One that was opened and looked at.
struct source_file {
    unique_fd fd;
    std::uint64_t bytes = 0;
    std::string name; ///< as it was asked for

    struct stat seen {};
};

/// The path beneath `root` that `path` means: relative ones are, an absolute one may lie in it by its words. A part
/// ".." is refused wherever it leads. Asks nothing of the disk.
[[nodiscard]] result<std::string, unfit_file> path_beneath(const std::filesystem::path& root, const std::string& path);

/// Opens a regular file of 1 to `most` bytes for reading. A file with several names is as good as another: it is
/// copied.
[[nodiscard]] result<source_file, source_trouble> open_source(const folder& root, const std::string& path,
                                                              std::uint64_t most);

/// All of it.
[[nodiscard]] result<std::vector<std::byte>, source_trouble> read_source(const source_file& from);

/// Copies it into an empty file: by sharing the blocks where the file system can, else in the kernel, else by reading.
/// A fault is one of the copy, or of the machine.
[[nodiscard]] result<void, source_trouble> copy_source(const source_file& from, int into);

} // namespace kyc::fs

namespace kyc {

/// What value() throws on a result that holds one; reaching it is a bug.
[[noreturn]] void throw_exception_from_error(const fs::unfit_file& error, const boost::source_location& where);

} // namespace kyc
