#pragma once
// The steps of a claim, shared by claiming and by recovering from a claim that was cut short.
//
// A case is staged first (renamed out of the inbox to a place that is kycd's) and then brought in (its names made safe,
// one rename into work/). When work/ is on another file system it is staged on the inbox's and copied on the way in.

#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/safe_open.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// A case between inbox and work/.
struct staged_case {
    case_key key;
    bool flat = false;      ///< several files were moved into a folder made for them
    bool elsewhere = false; ///< it is in <inbox>/.kycd instead of work/.assembly
};

/// Makes and opens `names`, one beneath the other, private to kycd.
[[nodiscard]] result<folder> make_private(const folder& root, const std::vector<std::string>& names);

/// The folder that holds the staged case.
[[nodiscard]] result<folder> stage_parent(const folder& inbox, const folder& work, const staged_case& which);

/// What an interrupted claim of this name left staged, if there is anything.
[[nodiscard]] result<std::optional<staged_case>> find_staged(const folder& inbox, const folder& work,
                                                             const case_key& key);

/// What came of bringing a staged case in. Unless it is `done` the case stays staged, as after a fault.
struct arrival {
    enum outcome {
        done,
        occupied,     ///< a case of this name is in work/ already
        not_permitted ///< the case's own files or folders do not let kycd's user do it
    };

    outcome how = done;
    std::string why{}; ///< not permitted: a sentence for whoever mends it

    arrival(outcome how_, std::string why_ = {}) : how(how_), why(std::move(why_)) {}
};

/// From the stage into work/.
[[nodiscard]] result<arrival> bring_in(const folder& inbox, const folder& work, const staged_case& which,
                                       const access_rules& access);

/// Moves a flat case's files back to the inbox. False, with nothing moved, when one of the names is taken there or the
/// service folder is gone. `inbox_folder` is the service folder's name as it is in the inbox.
[[nodiscard]] result<bool> give_back(const folder& inbox, const folder& work, const staged_case& which,
                                     const std::string& inbox_folder);

/// settle_claims() where syncfs(2) is not to be had: each file of each case in work/, each folder, and the inbox'
/// service folders.
[[nodiscard]] result<void> settle_by_folder(const folder& inbox, const folder& work);

/// Puts a case in order that an interrupted claim left staged. False when it has to stay there. What is not permitted
/// is a fault here: the case can not always go back.
[[nodiscard]] result<bool> settle_staged(const folder& inbox, const folder& work, const staged_case& which,
                                         const access_rules& access);

} // namespace kyc::fs
