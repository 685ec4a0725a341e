#pragma once
// What a ticket means but does not select. Its report tells it, and it is kept with the ticket until then.

#include "core/json_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::reverify {

/// Counts, and of each the first few.
struct left_out {
    std::uint64_t not_delivered = 0; ///< names, no patterns, that no delivered case of the services that are meant has
    std::vector<std::string> names;
    std::uint64_t unreadable = 0;     ///< folders whose result.json could not be read or understood
    std::vector<std::string> folders; ///< below outbox/

    void add_name(std::string_view name);
    void add_folder(std::string_view folder);
};

/// Its members, into an object that is open.
void write_left_out(json_writer& out, const left_out& what);

/// A sentence for each of the two that there are, without a full stop. They hold names as somebody chose them.
[[nodiscard]] std::vector<std::string> left_out_words(const left_out& what);

/// As a line that may stand in the text of a ticket and means nothing there; empty: nothing was left out.
[[nodiscard]] std::string left_out_comment(const left_out& what);

/// The way back, from a text that may have such a line.
[[nodiscard]] left_out left_out_in(std::string_view text);

} // namespace kyc::reverify
