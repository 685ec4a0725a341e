#pragma once
// Which failed cases go back: what a person named, and what is held back because a retry alone would only be paid for.

#include "commands/spool_view.hpp"
#include "config/options.hpp"
#include "fs/retry.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// A case in failed/ that was chosen, and what became of it.
struct failed_choice {
    fs::failed_case which;
    std::filesystem::path path;
    std::string code;      ///< empty when its error.json cannot be read
    utc_time failed_at{};  ///< as its error.json tells, else when its folder last changed
    bool begun = false;    ///< an earlier retry of it was cut short
    bool curable = true;   ///< unchanged, it may do better another time
    fs::retried outcome{}; ///< filled by whoever moves it

    /// "kyc_card/A-1", as it is called in failed/.
    [[nodiscard]] std::string words() const { return which.place.folder + "/" + which.place.name; }
};

/// What the words of a command come to.
struct retry_choice {
    std::vector<failed_choice> cases;
    std::map<std::string, std::uint64_t>
        left;                         ///< by code: they fit, but have to be named, or their code if they have one
    std::vector<std::string> unknown; ///< words that name no failed case
};

/// Reads failed/. `names` are options.names, read. What cannot be read is a trouble of the view. Blocking.
[[nodiscard]] retry_choice choose_failed(spool_view& view, const retry_options& options,
                                         const std::vector<case_words>& names);

/// Why cases of this code go back only when they, or the code, are named: a sentence without its end. None when they
/// need not be. The rule guards money: such a case would fail again, or may have been paid for already.
[[nodiscard]] std::optional<std::string> why_to_be_named(std::string_view code, bool curable);

} // namespace kyc
