#include "commands/retry_choice.hpp"

#include "core/failure.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace kyc {

namespace {

/// The API may have the case, and what it answered can be asked for at the vendor's.
bool may_be_paid_already(std::string_view code) {
    return code == to_string(failure_code::unknown_outcome) || code == to_string(failure_code::reply_not_understood);
}

/// An earlier retry was cut short: it took the case's error.json away, and left its own mark.
bool was_begun(const fs::folder& which) {
    const auto there = [&which](const char* name) {
        return ::faccessat(which.get(), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    };
    return !there("error.json") && (there(fs::retried_mark) || there(fs::moving_note));
}

failed_choice make_choice(const spool_view& view, const case_folder_entry& entry) {
    failed_choice one;
    one.which.place = entry.key;
    one.which.name = entry.key.name;
    one.path = entry.path;
    one.failed_at = entry.changed;
    if (const auto folder = fs::open_folder(entry.path)) {
        auto paper = read_case_paper_file(*folder, "error.json");
        one.begun = was_begun(*folder);
        if (!paper) paper = read_case_paper_file(*folder, fs::retried_mark);
        if (paper) {
            one.code = paper->word;
            one.curable = paper->retryable;
            if (paper->ended_at != utc_time{}) one.failed_at = paper->ended_at;
            // What delivery numbered gets its own name back.
            if (is_numbered(entry.key.name, paper->about.name)) one.which.name = paper->about.name;
        }
    }
    one.which.flat = fs::looks_flat(entry.path, one.which.name, view.config().services.find(entry.key.folder));
    return one;
}

/// The conditions that are not names.
class conditions {
  public:
    conditions(const spool_view& view, const retry_options& options) : view_(view), options_(options) {
        const auto now = std::chrono::system_clock::now();
        if (!options.since.empty()) since_ = *parse_since(options.since, now);
        if (!options.before.empty()) before_ = *parse_since(options.before, now);
    }

    [[nodiscard]] bool fit(const failed_choice& one) const {
        const auto& codes = options_.codes;
        if (!codes.empty() && std::find(codes.begin(), codes.end(), one.code) == codes.end()) return false;
        if (!options_.service.empty() && !view_.is_of(one.which.place.folder, options_.service)) return false;
        if (since_ && one.failed_at < *since_) return false;
        return !before_ || one.failed_at < *before_;
    }

  private:
    const spool_view& view_;
    const retry_options& options_;
    std::optional<utc_time> since_;
    std::optional<utc_time> before_;
};

} // namespace

std::optional<std::string> why_to_be_named(std::string_view code, bool curable) {
    if (code.empty()) return "its error.json cannot be read, so the API may have billed it already";
    if (may_be_paid_already(code)) return "the API may have billed it already: this may be paid again";
    if (!curable) return std::string(code) + " is not cured by a retry: it fails again unless its files were changed";
    return std::nullopt;
}

retry_choice choose_failed(spool_view& view, const retry_options& options, const std::vector<case_words>& names) {
    retry_choice chosen;
    std::vector<bool> met(names.size(), false);
    const conditions wanted(view, options);
    const bool knowingly = !names.empty() || !options.codes.empty();
    const auto read = for_each_case_folder(view.layout().roots().failed, [&](const case_folder_entry& entry) {
        bool named = names.empty();
        for (std::size_t i = 0; i < names.size(); ++i) {
            const bool service = names[i].service.empty() || view.is_of(entry.key.folder, names[i].service);
            if (!service || !is_numbered(entry.key.name, names[i].name)) continue;
            named = true;
            met[i] = true;
        }
        if (!named) return true;
        auto one = make_choice(view, entry);
        if (!wanted.fit(one)) return true;
        // What somebody began knowingly is brought to its end.
        if (!knowingly && !one.begun && why_to_be_named(one.code, one.curable)) {
            ++chosen.left[one.code];
        } else {
            chosen.cases.push_back(std::move(one));
        }
        return true;
    });
    if (!read) view.add_trouble(read.error().message() + "; run this as kycd's user or as root");
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!met[i]) chosen.unknown.push_back(options.names[i]);
    return chosen;
}

} // namespace kyc
