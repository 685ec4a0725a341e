#pragma once
// What lies in the folders of a spool, for commands that only look.

#include "core/case_key.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"
#include "fs/inbox.hpp"
#include "fs/safe_open.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// A case's folder in work/, outbox/ or failed/.
struct case_folder_entry {
    case_key key; ///< as it is called there: in outbox/ and failed/ the name may end in ~2
    std::filesystem::path path;
    utc_time changed{};             ///< when something last came into the folder or left it
    utc_time moved{};               ///< when that, or a rename of the folder, last happened: the claim, in work/
    const fs::folder* in = nullptr; ///< the open folder of the service; valid during the visit
};

/// Visits <root>/<service>/<case>; what starts with a dot, what is no folder and what
/// belongs to tickets is passed over. A root that is not
/// there holds nothing. `visit` returns whether to go on.
[[nodiscard]] result<void> for_each_case_folder(const std::filesystem::path& root,
                                                const std::function<bool(const case_folder_entry&)>& visit);

/// As for_each_case_folder(), but only what is called `name` or that with "~2" and so on, in the service folders that
/// `of` accepts.
[[nodiscard]] result<std::vector<case_folder_entry>>
find_case_folders(const std::filesystem::path& root, const std::string& name,
                  const std::function<bool(const std::string& folder)>& of);

/// The names of the folders directly in a root, but for that of tickets; a root that is not there has none.
[[nodiscard]] result<std::vector<std::string>> service_folders_in(const std::filesystem::path& root);

/// What kycd wrote into a case's folder in work/ last of all.
struct last_word {
    bool answered = false; ///< result.json, else error.json
    utc_time written_at{};
};

/// None: the case has not come so far.
[[nodiscard]] std::optional<last_word> last_word_in(const std::filesystem::path& work_case);

/// When something of a waiting entry was last dropped: the folder's time, or the oldest of a flat case's files.
/// Reads each service folder once.
class inbox_times {
  public:
    explicit inbox_times(const settings& config) : config_(config) {}

    [[nodiscard]] std::optional<utc_time> of(const fs::inbox_entry& entry);

  private:
    const settings& config_;
    std::map<std::string, std::vector<std::pair<std::string, utc_time>>> flat_; ///< by service folder, sorted
};

/// The entry of this name, folder or flat files, in inbox/<folder>/; none if there is none. `name` as on disk or as
/// kycd writes it (percent-encoded).
[[nodiscard]] result<std::optional<fs::inbox_entry>> find_in_inbox(const settings& config, const std::string& folder,
                                                                   const std::string& name);

/// Whether a folder's name is a case's, or that with "~2" and so on.
[[nodiscard]] bool is_numbered(const std::string& folder, const std::string& name);

/// The case's name without what delivery appended: "A-1" for "A-1~2".
[[nodiscard]] std::string without_number(const std::string& folder);

} // namespace kyc
