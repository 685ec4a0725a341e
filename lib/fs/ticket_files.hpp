#pragma once
// The tickets in inbox/reverify/: a ticket's file stays there while it runs, and its name says what is wanted of it
// (design section 9). Blocking: call it on the pool.

#include "core/failure.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/spool_layout.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc::fs {

/// The folder below inbox/, outbox/ and failed/ that belongs to tickets: no service is called so.
inline constexpr const char* ticket_folder = "reverify";

/// Of a ticket, and of a CSV beside it: what is larger is not read.
inline constexpr std::uint64_t largest_ticket = 16ull << 20;

/// What the name of a ticket's file asks for.
enum class ticket_wish {
    run,    ///< NAME.yaml or NAME.yml
    pause,  ///< the same with ".paused" behind it
    cancel, ///< the same with ".cancelled" behind it
};

/// A file in inbox/reverify/ that is a ticket by its name. Junk, folders and other endings (a CSV of names, say) are
/// not.
struct ticket_file {
    std::string name; ///< the ticket's: without the endings; any bytes
    std::string file; ///< the file's own name in inbox/reverify/
    ticket_wish wish = ticket_wish::run;
    utc_time written_at{}; ///< its time of last change
    bool empty = false;    ///< no byte yet: somebody may be about to write it
};

/// What a file of this name in inbox/reverify/ would be; none: no ticket.
[[nodiscard]] std::optional<ticket_file> ticket_named(const std::string& file);

/// All of them, sorted by time of last change, then name; none when inbox/reverify/ is not there. Where one ticket has
/// several files, the one that asks for the least work is taken: cancel before pause before run. A fault means that the
/// inbox cannot be read (a vanished mount is a fault, not an empty list).
[[nodiscard]] result<std::vector<ticket_file>> list_tickets(const spool_layout& layout);

/// Its text, of a regular file of at most 16 MiB that is read without following links; FILE_TOO_LARGE, FILE_UNREADABLE
/// and NOT_A_REGULAR_FILE are the ticket's own end.
[[nodiscard]] result<std::string, trouble> read_ticket(const spool_layout& layout, const ticket_file& which);

/// The text of another regular file in inbox/reverify/, as a ticket names it: a CSV of names. At most 16 MiB (EFBIG).
[[nodiscard]] result<std::string> read_beside_ticket(const spool_layout& layout, const std::string& file);

/// Renames its file so that it asks for `wish` instead; never over anything (EEXIST). ENOENT: there is no such ticket.
[[nodiscard]] result<void> wish_for(const spool_layout& layout, const std::string& name, ticket_wish wish);

/// Puts a new ticket there, NAME.yaml, as a whole or not at all, durably; never over a ticket of that name, whatever it
/// asks for (EEXIST). Makes inbox/reverify/ if it is missing.
[[nodiscard]] result<void> drop_ticket(const spool_layout& layout, const std::string& name, std::string_view text,
                                       const access_rules& access);

/// Removes its file, if it still has this text: a ticket that was dropped anew under the same name stays.
[[nodiscard]] result<void> remove_ticket(const spool_layout& layout, const ticket_file& which, std::string_view text);

/// Removes the file of a ticket that is cancelled before anything came of it, whatever it is: a link and what is too
/// large are no tickets, but they are in the way. Other files of the ticket go along if they have the same text.
[[nodiscard]] result<void> remove_unbegun_ticket(const spool_layout& layout, const ticket_file& which);

/// A ticket that cannot be run: to failed/reverify/<name>/ (numbered like a case where that is taken; the name
/// percent-encoded where it is no case name), with an error.json of this text, durably, and out of the inbox. Returns
/// where it is.
[[nodiscard]] result<std::filesystem::path> reject_ticket(const spool_layout& layout, const ticket_file& which,
                                                          const std::string& error_text, const access_rules& access);

/// A report of more bytes is not read again.
inline constexpr std::uint64_t largest_ticket_report = 64ull << 20;

/// The text of outbox/reverify/<name>/report.json; empty when there is none, or none that can be read.
[[nodiscard]] std::string read_ticket_report(const spool_layout& layout, const std::string& name);

/// Where write_ticket_report() would put the first report of a ticket of this name. Record it before, and give it as
/// `made_before`: then a report that a crash left there without a record is written to again, not beside.
[[nodiscard]] result<std::filesystem::path> free_report_place(const spool_layout& layout, const std::string& name);

/// Puts files as a whole into outbox/reverify/<place>/, where `place` is the ticket's name or, if that is taken, the
/// name with ~2 and so on; or, when `place` was made before, replaces the files of these names one by one (readers see
/// the old one or the new one). Durable. Returns the folder.
[[nodiscard]] result<std::filesystem::path>
write_ticket_report(const spool_layout& layout, const std::string& name, const std::filesystem::path& made_before,
                    const std::vector<std::pair<std::string, std::string>>& files, const access_rules& access);

} // namespace kyc::fs
