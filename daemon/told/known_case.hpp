#pragma once
// What the running daemon knows of one case and nobody else: its own last look, and its plans. `why` asks for it
// through the status socket.

#include "core/lane.hpp"
#include "core/report_json.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Why an entry that was looked at lies in the inbox still.
enum class inbox_wait : std::uint8_t {
    not_ready,     ///< its producer has to do something
    settling,      ///< it only has to lie still
    same_name,     ///< a case of its name is still being worked on
    held_back,     ///< the API takes no cases of its service now
    not_permitted, ///< kycd's user may not take it
};

/// An entry of the inbox, as intake knows it.
struct known_entry {
    enum class place {
        queued,    ///< it is looked at when its turn comes
        examining, ///< it is being looked at, or taken
        waiting,   ///< as it was found at the last look
    };

    place where = place::queued;
    std::optional<inbox_wait> wait;       ///< what the last look came to; none: there was none
    std::string why;                      ///< of that look, in words
    std::optional<utc_time> still_since;  ///< nothing of it had changed since then
    std::optional<utc_time> fails_at;     ///< if nothing changes
    std::optional<utc_time> next_look_at; ///< without any event; none: this run does not look again
};

/// The task of a case that waits for its answer.
struct known_task {
    std::uint64_t polls_not_noted = 0; ///< beside those that the ledger has
    std::string heard;                 ///< what the last poll brought; empty: there was none
    utc_time next_poll_at{};
};

/// What is known of one name.
struct known_case {
    bool scans_again = true; ///< the inbox is read again: not by `run --once`
    std::optional<known_entry> entry;
    std::optional<known_task> task; ///< none: it has none, or is being asked for
};

/// What the machine's clock shows then, unless it is set.
[[nodiscard]] utc_time utc_of(std::chrono::steady_clock::time_point when);

/// Which case is meant.
struct case_question {
    std::string folder; ///< the service's, as spelt in the spool
    std::string name;   ///< in the inbox as on disk, else that of the case's key
    bool flat = false;  ///< in the inbox
    lane of = lane::live;
};

/// The line that asks, with its end. A name that is not UTF-8 is not found by it.
[[nodiscard]] std::string to_line(const case_question& question);

/// None: it asks something else, or nothing.
[[nodiscard]] std::optional<case_question> read_question(std::string_view line);

/// The document "kycd.known/1" (docs/schemas/known.json).
[[nodiscard]] std::string to_json(const known_case& known);

/// None: it is another document, a daemon of another version's answer, say.
[[nodiscard]] std::optional<known_case> read_known_case(std::string_view document);

} // namespace kyc
