#pragma once
// Where everything of a spool is: the layout on disk.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"

#include <filesystem>
#include <string>

namespace kyc::fs {

// clang-format off
/// The paths of a spool. A value; asks nothing of the disk. What kycd keeps in work/ and beside shares (the steps of claim and
/// delivery build the names below these folders):
///
///   work/<folder>/<name>                     a claimed case
///   work/.identity                           which spool this is
///   work/.mounts/<root>                      the mark of an inbox, outbox or failed that is mounted apart from work/, and its path
///   work/.lock                               held by the daemon
///   work/.control                            the socket on which the daemon says how it stands
///   work/.crashes                            the cases at which the process broke down, a line each time
///   work/.receipts                           receipts that the ledger's full disk could not take (ledger/reserve.hpp)
///   work/.assembly/<folder>/<name>           a folder case on its way in: its names are not yet made safe
///   work/.assembly/.flat/<folder>/<name>     a flat case whose files are being moved in one by one
///   work/.assembly/.copy/<folder>/<name>     the growing copy of a case from another file system
///   work/.flat/<folder>/<name>               an empty file: the case of this name is a flat one. Made before the case appears
///                                            in work/, removed after it has left; a mark without a case means nothing
///   work/.refused/<folder>/<name>            JSON: the case of this name goes to failed/, and why. As durable as the case that it
///                                            stops from being paid for; made before the case leaves the inbox
///   work/.copied/[.flat/]<folder>/<name>     an empty file: the case was copied in, but its source in <inbox>/.kycd could not be
///                                            removed; it must be removed and never be claimed again
///   work/.delivering/<folder>/<name>         how far a delivery to another file system has come
///   <root>/.kycd/.identity                   that mark: a folder without it is not the one that was mounted there
///   <inbox>/.kycd/.owner, .lock              the spool whose half-claimed cases lie there, and the lock of its daemon
///   <inbox>/.kycd/[.flat/]<folder>/<name>    a claimed case on the inbox's own file system, until it is copied
///   <inbox>/.kycd-retry/<id>/<name>          a failed case's copy on its way back from another file system (fs/retry.cpp)
///   <inbox>/.kycd-import/<id>/<folder>/<name> an imported case before it is whole (fs/import_cases.cpp)
///   <outbox>/.kycd/<id>/<name>               the growing copy of a case that goes to another file system (failed/ likewise)
/// No service folder starts with a dot, so these names meet nobody's.
// clang-format on
class spool_layout {
  public:
    explicit spool_layout(folder_settings folders) : folders_(std::move(folders)) {}

    [[nodiscard]] const folder_settings& roots() const { return folders_; }

    [[nodiscard]] std::filesystem::path inbox_service(const std::string& folder) const {
        return folders_.inbox / folder;
    }

    /// The claimed case's folder in work/.
    [[nodiscard]] std::filesystem::path work_case(const case_key& key) const {
        return folders_.work / key.folder / key.name;
    }

    /// Says which spool this is, so that a ledger is never used with another one (or with an unmounted one).
    [[nodiscard]] std::filesystem::path identity_file() const { return folders_.work / ".identity"; }

    /// Where the ledger keeps receipts that its own file cannot take.
    [[nodiscard]] std::filesystem::path receipts_file() const { return folders_.work / ".receipts"; }

    /// The cases at which the process broke down.
    [[nodiscard]] std::filesystem::path crashes_file() const { return folders_.work / ".crashes"; }

    /// The lock that keeps a second daemon out.
    [[nodiscard]] std::filesystem::path lock_file() const { return folders_.work / ".lock"; }

  private:
    folder_settings folders_;
};

} // namespace kyc::fs
