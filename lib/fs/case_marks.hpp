#pragma once
// What work/ remembers about a case beside its folder: that it is a flat one, that it was refused. A mark is made
// before the case appears in work/ and removed after it has left; a mark without a case means nothing, and a claim of
// the same name sets both right first.

#include "core/failure.hpp"
#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/safe_open.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// The folders above a mark, from work/ down.
using mark_folders = std::vector<std::string>;

/// An empty file <where>/<name> in work/. `durable`: it survives a power cut when this returns.
[[nodiscard]] result<void> set_mark(const folder& work, const mark_folders& where, const std::string& name,
                                    bool durable);
[[nodiscard]] result<bool> has_mark(const folder& work, const mark_folders& where, const std::string& name);

/// Nothing there is success. Not durable.
[[nodiscard]] result<void> clear_mark(const folder& work, const mark_folders& where, const std::string& name);

/// Makes `folders` beneath work/ if need be, writes the file, and makes all of that survive a power cut.
[[nodiscard]] result<void> write_note(const folder& work, const mark_folders& folders, const std::string& name,
                                      std::string_view text);

/// Whether the case of this name in work/ is flat.
[[nodiscard]] result<bool> has_flat_mark(const folder& work, const case_key& key);

/// Makes the flat mark say what is so. A case that comes from another file system is not safe in the inbox any more
/// once it is in work/, so its mark is `durable`.
[[nodiscard]] result<void> put_flat_mark(const folder& work, const case_key& key, bool flat, bool durable);

/// Notes why the case of this name goes to failed/ as it is, or that it does not. Durable: without its mark a refused
/// case would look like any other after a crash, and be paid for.
[[nodiscard]] result<void> put_refusal(const folder& work, const case_key& key, const failure* why);

/// Why the case of this name was refused, if it was. A note that cannot be understood still refuses.
[[nodiscard]] result<std::optional<failure>> refusal_of(const folder& work, const case_key& key);

/// For when the case has left work/. Failing is harmless: see above.
void forget_marks(const folder& work, const case_key& key);

} // namespace kyc::fs
