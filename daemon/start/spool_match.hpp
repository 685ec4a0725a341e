#pragma once
// Whether what lies there is the spool that an earlier start left, and the ledger its own: what a start asks before it
// makes anything, and who only looks as well.

#include "core/fault.hpp"
#include "core/settings.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_layout.hpp"

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace kyc {

/// The roots without which a start ends: an inbox, outbox or failed folder that is not mounted; work/, when it cannot
/// be read, or is not there though the ledger is. Changes nothing.
[[nodiscard]] std::vector<fs::missing_root> missing_roots(const settings& config, const fs::spool_layout& layout);

/// A ledger and a work/ that belong together.
struct spool_match {
    std::string spool;         ///< the identity that they share; empty: neither has one yet
    bool history_lost = false; ///< the ledger is new, the spool is not
};

/// `known_spool` is what the ledger knows, empty for a new one. A spool whose mount is missing looks like an empty one,
/// and its ledger would be closed case by case: so each names the other. A new ledger takes the spool it finds. The
/// error: work/ is another one's, or cannot be read. Changes nothing.
[[nodiscard]] boost::system::result<spool_match, fs::missing_root>
match_spool_and_ledger(const settings& config, const fs::spool_layout& layout, const std::string& known_spool);

/// Why the ledger cannot be opened, and what to do where that is known: a sentence.
[[nodiscard]] std::string why_no_ledger(const fault& met);

} // namespace kyc

namespace kyc::fs {

/// Reaching this is a bug: who asks for a match looks whether there is one.
[[noreturn]] inline void throw_exception_from_error(const missing_root& error, const boost::source_location&) {
    throw std::logic_error(error.why);
}

} // namespace kyc::fs
