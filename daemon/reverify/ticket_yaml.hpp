#pragma once
// The text of a ticket as a core/ticket.hpp value.

#include "config/settings_yaml.hpp"
#include "core/result.hpp"
#include "core/service.hpp"
#include "core/ticket.hpp"

#include <boost/system/result.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::reverify {

/// Gives the text of a CSV that lies beside the ticket, by its plain file name.
using read_beside = std::function<result<std::string>(const std::string& file)>;

/// Whose quotes they are: by hand they make a text of a value; of flags each value is put in quotes, whatever it is.
enum class written_by { hand, flags };

/// Why a file that a ticket is read from could not be read, in words.
[[nodiscard]] std::string why_unreadable(const fault& met);

/// Reads and checks a ticket: a text without any value ("{}" is one: every case), unknown keys, wrong types, values out
/// of range, unknown services, verdicts and zones are errors that name file, line, key and what is allowed. `name` is
/// the ticket's; `file` how it is called in errors. All errors in the order of their lines. Pure but for `beside`.
[[nodiscard]] boost::system::result<ticket, std::vector<config_error>>
parse_ticket(const std::string& name, const std::string& file, std::string_view text, const service_table& services,
             const read_beside& beside, written_by whom = written_by::hand);

/// The way back, for tickets made from flags: parse_ticket() of it gives the same ticket.
[[nodiscard]] std::string ticket_text(const ticket& what);

/// Every key of a ticket, in the order of reading: "service", "names", "names.csv", "budget.calls".
[[nodiscard]] std::vector<std::string> ticket_keys();

} // namespace kyc::reverify
