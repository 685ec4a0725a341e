#pragma once
// What the fuzz targets share: how an input is cut into parts, and how a broken promise ends the program.

#include "core/service.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What libFuzzer, or replay_main.cpp, calls with one input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kyc::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program as a crash would, so that the input is kept.
inline void require(bool holds, std::string_view promise, std::string_view about = {}) {
    if (holds) return;
    std::fprintf(stderr, "broken: %.*s\n%.*s\n", static_cast<int>(promise.size()), promise.data(),
                 static_cast<int>(about.size()), about.data());
    std::abort();
}

/// What stands before the next `end`, which is taken off `input` with it; all of it when there is no `end`.
inline std::string_view take_until(std::string_view& input, std::string_view end) {
    const auto at = input.find(end);
    const auto part = input.substr(0, at);
    input.remove_prefix(at == std::string_view::npos ? input.size() : at + end.size());
    return part;
}

/// The service that the first byte stands for, and takes it off: '0' to '9' are the API's in their order, ':' is one of
/// the configuration's own, without checks.
inline const service& take_service(std::string_view& input) {
    static const auto table = [] {
        service_table made;
        service own;
        own.name = own.path = "my_service";
        own.images = {"a", "b"};
        own.fields = {"x"};
        made.set(own);
        return made;
    }();
    const auto byte = input.empty() ? 0u : static_cast<unsigned char>(input.front());
    if (!input.empty()) input.remove_prefix(1);
    return table.all()[static_cast<std::uint8_t>(byte - '0') % table.all().size()];
}

/// Whether the text can stand in a log line or a terminal as it is.
inline bool is_one_line(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

} // namespace kyc::fuzz
