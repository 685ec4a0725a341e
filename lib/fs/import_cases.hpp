#pragma once
// Cases from files elsewhere into the inbox, whole and durable, a group at a time. Blocking.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/import_source.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_layout.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kyc::fs {

/// A case as it is to be in the inbox: inbox/<folder>/<name>/.
struct import_case {
    case_key key;
    std::vector<std::pair<std::string, std::string>> images; ///< a file's name there, and its path beneath the root
    std::string manifest;                                    ///< the text of case.json; empty: it has none
    bool marker = false;                                     ///< with an empty .done, for `ready: marker`
};

/// What a group came to.
struct import_group {
    std::vector<case_key> arrived; ///< in the inbox, in their order
    std::vector<case_key> taken;   ///< somebody has dropped a case of that name meanwhile: these stayed out
    std::optional<fault> trouble;  ///< what kept the others out; nothing of them is in the inbox
};

/// Room on the inbox' file system.
struct import_room {
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> files; ///< none: it has no fixed number of them
};

/// One import: it stages cases in <inbox>/.kycd-import/<id>/, and renames them in. What is staged and not yet renamed
/// goes when this ends, or when the next one begins, should the process be killed.
class case_import {
  public:
    /// Another one is at work on this inbox.
    struct busy {};

    using outcome = std::variant<std::unique_ptr<case_import>, busy>;

    /// What a picture must be; the error is a sentence without its end. Sees the bytes that are then copied.
    using image_check = std::function<std::optional<std::string>(std::span<const std::byte>)>;

    /// Removes what a killed one has left.
    [[nodiscard]] static result<outcome> begin(const spool_layout& layout, const access_rules& access);

    case_import(const case_import&) = delete;
    case_import& operator=(const case_import&) = delete;
    ~case_import();

    [[nodiscard]] result<import_room> room() const;

    /// Copies a case into the stage; its bytes. `check` may be empty. After a trouble nothing of it is left there.
    [[nodiscard]] result<std::uint64_t, source_trouble> stage(const folder& root, const import_case& wanted,
                                                              std::uint64_t most_bytes, const image_check& check);

    [[nodiscard]] std::size_t staged() const { return staged_.size(); }

    /// Makes all that is staged survive a power cut, renames each case into the inbox, never over anything, and makes
    /// that durable, too. Afterwards nothing is staged.
    [[nodiscard]] import_group bring_in();

  private:
    case_import(folder inbox, folder staging, access_rules access);

    result<std::uint64_t, source_trouble> fill(const folder& root, const folder& target, const import_case& wanted,
                                               std::uint64_t most_bytes, const image_check& check);
    result<folder*> stage_of(const std::string& service);
    result<void> make_durable() const;

    folder inbox_;
    folder staging_; ///< .kycd-import; its lock is ours
    folder own_;     ///< .kycd-import/<id>
    std::string id_;
    access_rules access_;
    std::vector<std::pair<std::string, folder>> services_; ///< own_/<service>, as they come up
    std::vector<case_key> staged_;
};

} // namespace kyc::fs
