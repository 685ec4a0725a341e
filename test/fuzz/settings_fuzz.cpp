// A configuration file: checked settings, or errors that can be shown.

#include "config/settings_yaml.hpp"
#include "fuzz.hpp"

#include <set>

using kyc::fuzz::require;

namespace {

void check_settings(const kyc::settings& s) {
    const std::set<std::filesystem::path> places{s.folders.inbox, s.folders.work, s.folders.outbox, s.folders.failed,
                                                 s.ledger};
    require(places.size() == 5, "the folders and the ledger are apart");
    for (const auto& place : places)
        require(place.is_absolute() && place == place.lexically_normal() && place.has_relative_path(),
                "a place is a plain absolute path", place.native());
    require(s.api.base_url.starts_with("https://") && s.api.base_url.find_first_of("@?# ") == std::string::npos,
            "the API is reached by TLS, without a secret in its URL", s.api.base_url);
    require(s.api.password.from != kyc::secret_ref::source::none &&
                s.api.password.from != kyc::secret_ref::source::inline_value,
            "the password is a reference");
    require(s.poll.min <= s.poll.max && s.poll.min >= std::chrono::milliseconds(100), "polls have order and bounds");
    require(s.retry.base <= s.retry.max && s.retry.base >= std::chrono::milliseconds(50), "retries, too");
    require(s.limits.uploads > 0 && s.limits.polls > 0 && s.limits.pending > 0 && s.limits.memory >= 8'000'000,
            "something can run");
    require(s.limits.rate >= 0 && s.poll.factor >= 1 && s.poll.jitter >= 0 && s.poll.jitter <= 1, "numbers in range");
    const auto window = kyc::time_window::parse(s.bulk.window.describe());
    require(window && *window == s.bulk.window && s.bulk.share >= 0 && s.bulk.share <= 1, "the window is one");
    for (const auto& one : s.services.all()) {
        require(one.path.ends_with('/') && !one.path.starts_with('/') && one.path.find("..") == std::string::npos,
                "a service's path stays below services/", one.path);
        require(!one.images.empty() || !one.fields.empty(), "a service sends something", one.name);
        require(one.name.find_first_of("/.") == std::string::npos && !one.name.empty(), "its folder is one", one.name);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = kyc::parse_settings(kyc::fuzz::text_of(data, size), "kycd.yaml");
    if (read) {
        check_settings(*read);
        return 0;
    }
    require(!read.error().empty(), "a refusal has a reason");
    int line = 0;
    for (const auto& error : read.error()) {
        const auto text = to_string(error);
        require(kyc::fuzz::is_one_line(text), "an error is one line", text);
        require(text.size() <= 1024, "an error can be read", text);
        require(error.line >= line, "the errors come in the order of their lines", text);
        line = error.line;
    }
    return 0;
}
