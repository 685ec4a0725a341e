#pragma once
// The rules for names in the inbox: which are cases, which are junk, which belong together (design section 3).

#include "core/service.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Why a case name is not acceptable (1..200 bytes of UTF-8, no control characters, no leading dot, no '/'); none if it
/// is.
[[nodiscard]] std::optional<std::string> case_name_objection(std::string_view name);

/// A name that is safe as one path component: bytes other than unreserved ones (RFC 3986) and harmless UTF-8 become
/// %XX. Longer than 200 bytes it is cut and ends in a hash of the whole, so that two names stay two.
[[nodiscard]] std::string percent_encode_name(std::string_view name);

/// The ending of the notes that kycd puts beside waiting cases (`intake.explain`).
inline constexpr std::string_view note_ending = ".status.txt";

/// Whether a name is one that such a note may have, by whoever made it.
[[nodiscard]] bool is_note_name(std::string_view name);

/// Files that are never a case and never uploaded: dot files, temporary and partial files, file managers' litter, and
/// kycd's own notes, so that no service ever takes one for a case.
/// `.done` is junk too: it is a marker, not content.
[[nodiscard]] bool is_junk(std::string_view name);

/// What a flat file's name says.
struct flat_name {
    std::string case_name;
    std::optional<std::string>
        field; ///< canonical spelling; none: `<case>.json`, `<case>.done`, or no field recognised
    enum class kind { image, manifest, marker, other } what = kind::other;
};

/// Reads the name of a file that lies directly in inbox/<service>/.
/// `<case>.<field>.<ext>`, `<case>.<ext>` for a one-image service, `<case>.json`, `<case>.done`; anything else is
/// `other` with the stem as its case, so that it ends as an incomplete case instead of lying there unseen.
[[nodiscard]] flat_name read_flat_name(const service& target, std::string_view file);

} // namespace kyc
