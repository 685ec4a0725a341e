#pragma once
// The configuration file (design section 4): from YAML to checked settings, or to everything that is wrong with it.

#include "core/settings.hpp"

#include <boost/system/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// One thing that is wrong with a configuration file.
struct config_error {
    std::string file;
    int line = 0;        ///< counted from 1; 0: there is no line to point at
    std::string key;     ///< the path of the key, "api.timeouts.connect"; empty: the file as a whole
    std::string message; ///< what is wrong and what is allowed; never a secret's value
};

/// "/etc/kycd/kycd.yaml:12: api.timeouts.connect: '10' is not a duration; write e.g. 250ms, 5s, 15m"
[[nodiscard]] std::string to_string(const config_error& error);

/// All errors, a line each: what value() throws on a result that holds them.
[[noreturn]] void throw_exception_from_error(const std::vector<config_error>& errors, const boost::source_location&);

/// Reads and checks a configuration file: every key known, every value of its type and in its range, the folders apart
/// from each other as far as their names show. Nothing on the disk is looked at but the file itself; secrets stay
/// references. On failure every error found, in the order of the lines; never an empty list.
[[nodiscard]] boost::system::result<settings, std::vector<config_error>>
load_settings(const std::filesystem::path& file);

/// The same for a text already in memory; `file_name` is for the errors.
[[nodiscard]] boost::system::result<settings, std::vector<config_error>> parse_settings(std::string_view yaml,
                                                                                        const std::string& file_name);

/// Every key that a file may have, as "api.timeouts.connect"; a free name is "*", as in "services.*.path". Maps
/// themselves are not listed.
[[nodiscard]] std::vector<std::string> settings_keys();

} // namespace kyc
