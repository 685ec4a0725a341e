#include "commands/case_paper.hpp"

#include "fs/atomic_file.hpp"

namespace kyc {

namespace {

/// The API's reply is in it, which http_client bounds far below this.
constexpr std::uint64_t max_bytes = 64ull << 20;

} // namespace

std::optional<report_facts> read_case_paper_file(const fs::folder& which, const std::string& file) {
    const auto text = fs::read_text(which, file, max_bytes);
    if (!text) return std::nullopt;
    return read_report(*text);
}

std::optional<report_facts> read_case_paper(const fs::folder& in, const std::string& name) {
    const auto which = fs::open_folder_in(in, name);
    if (!which) return std::nullopt;
    for (const auto* file : {"result.json", "error.json"}) {
        if (auto paper = read_case_paper_file(*which, file)) return paper;
    }
    return std::nullopt;
}

} // namespace kyc
