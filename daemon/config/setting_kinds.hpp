#pragma once
// The kinds of value a setting can have: what each accepts, and what it says about anything else.

#include "config/yaml_reader.hpp"
#include "core/secret.hpp"
#include "core/time_window.hpp"
#include "core/units.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::yaml {

/// A kind is a function from what is written to a value; kinds with limits are made by the functions below.
template<class T>
using kind = std::function<parsed<T>(const scalar&)>;

/// `true` or `false`, not in quotes; no yes, no, on, off.
[[nodiscard]] parsed<bool> truth(const scalar& from);

/// A whole decimal number without sign or leading zero.
[[nodiscard]] kind<std::uint64_t> count(std::uint64_t least, std::uint64_t most);

/// A decimal number such as `0.5`, without sign, exponent, infinity.
[[nodiscard]] kind<double> decimal(double least, double most);

[[nodiscard]] kind<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most = longest_duration);

[[nodiscard]] kind<std::uint64_t> size(std::uint64_t least);

/// One of a few words.
template<class E>
[[nodiscard]] kind<E> one_of(std::vector<std::pair<std::string_view, E>> words) {
    return [words = std::move(words)](const scalar& from) -> parsed<E> {
        std::string allowed;
        for (const auto& [word, value] : words) {
            if (from.text == word) return value;
            allowed += (allowed.empty() ? "" : ", ") + std::string(word);
        }
        return refuse(quote_text(from.text) + " is not known here; allowed: " + allowed);
    };
}

/// `word` for nothing, else what `other` reads.
template<class T>
[[nodiscard]] kind<std::optional<T>> word_or(std::string_view word, kind<T> other) {
    return [word, other = std::move(other)](const scalar& from) -> parsed<std::optional<T>> {
        if (from.text == word) return std::optional<T>();
        auto read = other(from);
        if (read) return std::optional<T>(std::move(*read));
        return refuse(read.error().what + ", or " + std::string(word));
    };
}

/// An absolute path without `..`, in its plainest form: no doubled, single-dot or trailing parts.
[[nodiscard]] parsed<std::filesystem::path> absolute_path(const scalar& from);

/// `https://host[:port][/path]`; comes back without the trailing slash.
[[nodiscard]] parsed<std::string> https_url(const scalar& from);

/// `http://host[:port]`; comes back without the trailing slash.
[[nodiscard]] parsed<std::string> proxy_url(const scalar& from);

/// `host:port`, `[v6]:port` or `unix:/path`.
[[nodiscard]] parsed<std::string> listen_address(const scalar& from);

/// `HH:MM-HH:MM` or `HH:MM-HH:MM Zone`, two different times of day, the end may also be 24:00; or `always`.
[[nodiscard]] parsed<kyc::time_window> time_window(const scalar& from);

/// The name of a user group.
[[nodiscard]] parsed<std::string> group_name(const scalar& from);

/// `file:PATH`, `credential:NAME` or `env:NAME`; nothing else, and what was written instead is never repeated in the
/// message.
[[nodiscard]] parsed<secret_ref> reference(const scalar& from);

/// The same, or the value itself: for a user name.
[[nodiscard]] parsed<secret_ref> reference_or_value(const scalar& from);

/// A path below the API's `services/`: relative, with the trailing slash.
[[nodiscard]] parsed<std::string> service_path(const scalar& from);

/// A field of a multipart form: 1 to 64 letters, digits and underscores; not extend_data, which has a key of its own.
[[nodiscard]] parsed<std::string> form_field(const scalar& from);

} // namespace kyc::yaml
