#pragma once
// Whether a case of a name has come to kycd before.

#include "core/case_key.hpp"
#include "core/settings.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/reader.hpp"

#include <boost/system/result.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace kyc {

/// Looks in the order in which a case goes, so that one that moves on meanwhile is not overlooked. Blocking.
class known_cases {
  public:
    template<class T>
    using outcome = boost::system::result<T, std::string>;

    /// The error is a sentence: a root, or the ledger, cannot be read. `config` must outlive it.
    [[nodiscard]] static outcome<std::unique_ptr<known_cases>> open(const settings& config);

    /// Whether a case of this name is in the inbox or work/, or, with `ended`, has ended: in outbox/, failed/, or only
    /// known to the ledger.
    [[nodiscard]] outcome<bool> has(const case_key& key, bool ended);

  private:
    explicit known_cases(const settings& config) : config_(config) {}

    std::string open_ledger(); ///< empty, or why not
    outcome<bool> is_flat_in_inbox(const case_key& key);
    outcome<bool> is_in_ledger(const case_key& key);

    const settings& config_;
    fs::folder inbox_;
    std::optional<fs::folder> work_; ///< none: it was never made
    std::optional<fs::folder> outbox_;
    std::optional<fs::folder> failed_;
    std::unique_ptr<ledger::reader> ledger_; ///< null: there is none yet
    std::map<std::string, std::set<std::string>>
        flat_; ///< by service's folder: cases of flat files when it was first read
};

} // namespace kyc
