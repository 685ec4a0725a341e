#pragma once
// What lies in inbox/reverify/ and is no ticket, but may well have been meant as one: nobody would ever take it.

#include "core/report_json.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace kyc::fs {

/// One of them.
struct ticket_stray {
    std::string file; ///< its name; any bytes
    std::string why;  ///< what it is, and what to do; a sentence without its end
};

/// From when on something is told.
struct stray_patience {
    std::chrono::milliseconds wrong_name; ///< a name that no waiting makes a ticket's
    std::chrono::milliseconds unfinished; ///< what may still be on its way: a temporary file, a CSV before its ticket
};

/// In the order of their names: files and folders whose names are near a ticket's or another one's altogether,
/// leftovers of copies, and each CSV that no ticket there names. Not dot files and what systems leave in every folder
/// (Thumbs.db). None when inbox/reverify/ is not there. A fault: the inbox cannot be read. Blocking.
[[nodiscard]] result<std::vector<ticket_stray>> list_strays(const spool_layout& layout, utc_time now,
                                                            const stray_patience& patience);

} // namespace kyc::fs
