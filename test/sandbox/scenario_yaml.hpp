#pragma once
// Scenarios and settings as people write them: YAML, of which JSON is a part. The grammar is in docs/sandbox.md.

#include "sandbox/scenario.hpp"
#include "sandbox/settings.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace kyc::sandbox {

struct scenario_text {
    std::vector<rule> rules;
    sandbox::settings settings; ///< those given, changed by the text's own `settings:`
};

/// The error is a sentence with line and key. Unknown keys are errors.
[[nodiscard]] boost::system::result<scenario_text, std::string> read_scenario(const std::string& text,
                                                                              const settings& current);

/// A map of settings alone, as POST /sandbox/settings takes it.
[[nodiscard]] boost::system::result<settings, std::string> read_settings(const std::string& text,
                                                                         const settings& current);

/// "200ms" or "100ms-2s"; the error is a sentence.
[[nodiscard]] boost::system::result<std::pair<std::chrono::milliseconds, std::chrono::milliseconds>, std::string>
read_duration_range(const std::string& text);

} // namespace kyc::sandbox
