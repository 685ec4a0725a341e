#pragma once
// What the clients of scripts/bench transport are told on their command line.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace kyc::bench {

/// A case is three images of this size in one upload, and one poll; with images of no bytes it is the poll alone.
struct transport_plan {
    std::uint16_t port = 0; ///< of localhost
    std::string ca_file;
    std::size_t cases = 0;
    std::size_t at_a_time = 0;
    std::size_t image_bytes = 0;
    std::size_t threads = 1; ///< kycd's only
};

inline constexpr std::size_t images_per_case = 3;

/// None, and a word on stderr, when it is not PORT CA-FILE CASES AT-A-TIME IMAGE-BYTES [THREADS].
inline std::optional<transport_plan> read_plan(int count, char** arguments) {
    const auto number = [arguments](int which) {
        const std::string_view text = arguments[which];
        std::size_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    if (count != 6 && count != 7) {
        std::cerr << arguments[0]
                  << " PORT CA-FILE CASES AT-A-TIME IMAGE-BYTES [THREADS]: uploads and polls, for scripts/bench\n";
        return std::nullopt;
    }
    transport_plan plan;
    plan.port = static_cast<std::uint16_t>(number(1));
    plan.ca_file = arguments[2];
    plan.cases = number(3);
    plan.at_a_time = number(4);
    plan.image_bytes = number(5);
    if (count == 7) plan.threads = number(6);
    return plan;
}

/// Bytes that nothing on the way could shorten.
template<class Bytes>
void fill(Bytes& bytes) {
    std::uint32_t state = 1;
    for (auto& byte : bytes)
        byte = static_cast<typename Bytes::value_type>((state = state * 1664525 + 1013904223) >> 24);
}

} // namespace kyc::bench
