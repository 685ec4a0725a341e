#pragma once
// How kycd stands, as far as one line of systemd's tells it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kyc {

struct case_world;
class intake;
class progress_marks;

/// A picture of one moment. Names no case, nor a path of one: everybody on the machine may read it.
struct service_state {
    enum class phase { starting, running, stopping };

    phase at = phase::starting;
    std::uint64_t inbox = 0;                     ///< cases that wait there
    std::uint64_t before = 0;                    ///< claimed, not uploading yet
    std::uint64_t uploading = 0;                 ///< uploads under way
    std::uint64_t pending = 0;                   ///< waiting for their answers
    std::uint64_t moved = 0;                     ///< grows while anything goes on: bytes sent, cases ended
    std::optional<std::chrono::seconds> oldest;  ///< the longest that one stands where it is; none: no case
    std::vector<std::string> paused;             ///< what keeps cases from moving, the gravest first
    std::string stuck;                           ///< which part stands still though it should not; empty: none
    std::chrono::milliseconds longest_upload{0}; ///< how long one that is under way may take at most
};

/// As of now. `moved` lacks the bytes sent, which the client knows.
[[nodiscard]] service_state look_at_service(const case_world& world, const intake& taking,
                                            const progress_marks& progress);

/// "12 uploading, 340 waiting for answers, oldest 41 s", with what is paused in front of it.
[[nodiscard]] std::string status_words(const service_state& state);

} // namespace kyc
