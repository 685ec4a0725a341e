#pragma once
// The status page's files, which are part of the program: made at build time from lib/admin/page by cmake/embed.cmake.

#include <span>
#include <string_view>

namespace kyc::admin {

/// One of them, for as long as the program runs.
struct page_file {
    std::string_view path; ///< as it is asked for: "/" for index.html, else "/" and the file's name
    std::string_view content_type;
    std::string_view bytes;
    std::string_view etag; ///< of the bytes, with its quotes
};

[[nodiscard]] std::span<const page_file> page_files();

} // namespace kyc::admin
