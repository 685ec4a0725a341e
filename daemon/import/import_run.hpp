#pragma once
// The work of `kycd import`: once through the file to see what it comes to, and once more to do it.

#include "fs/import_cases.hpp"
#include "import/import_rows.hpp"
#include "import/known_cases.hpp"
#include "text/csv_stream.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kyc {

/// How many rows came to what.
struct import_tally {
    std::uint64_t rows = 0;
    std::uint64_t imported = 0;      ///< or would be
    std::uint64_t already_there = 0; ///< a case of that name has come to kycd before
    std::uint64_t bad = 0;
    std::uint64_t bytes = 0;          ///< of the imported cases' images
    std::uint64_t room_for_bytes = 0; ///< that the new cases take on the disk, with what a file costs beside its bytes
    std::uint64_t room_for_files = 0;
};

/// Why an import ended before the file's end.
struct import_end {
    enum cause {
        finished,
        not_csv, ///< the file itself is no text: nothing behind that line was read
        no_room, ///< nothing was imported
        trouble, ///< the system's: what was imported before is in the inbox
        stopped, ///< by a signal
    };

    cause why = finished;
    std::string words; ///< a sentence without its end; empty when it finished

    import_end() = default;

    import_end(cause why_, std::string words_) : why(why_), words(std::move(words_)) {}
};

/// One import. Blocking; everything it is given must outlive it.
class import_run {
  public:
    struct surroundings {
        const settings& config;
        const import_columns& columns;
        std::istream& file; ///< is read from its begin, twice
        const fs::folder& root;
        std::filesystem::path root_path; ///< absolute; where an absolute path in the file has to begin
        known_cases& known;
        bool again = false;        ///< also what has ended before
        bool check_images = false; ///< by the image gate
        std::function<void(const csv_row&, const bad_row&)> on_bad;
        std::function<void(const import_tally&)> on_progress; ///< after each row
        std::function<bool()> stop;                           ///< asked before each row
    };

    explicit import_run(surroundings with) : with_(std::move(with)) {}

    /// Looks at every row and changes nothing. `telling`: bad rows are handed over, and images checked.
    [[nodiscard]] import_end survey(bool telling);

    /// Brings in what is good. The survey comes first: for the room that all of it takes.
    [[nodiscard]] import_end carry_out(fs::case_import& into);

    /// Of the last of the two.
    [[nodiscard]] const import_tally& tally() const { return tally_; }

  private:
    /// Half of a hash of a case's key: a million of them take little, however long the names are.
    struct name_print {
        std::uint64_t first = 0;
        std::uint64_t second = 0;

        bool operator==(const name_print&) const = default;
    };

    struct hash_of_print {
        std::size_t operator()(const name_print& of) const { return of.first; }
    };

    static name_print print_of(const case_key& key);

    /// Rows that are staged, to be counted when they have arrived.
    struct staged_row {
        case_key key;
        std::uint64_t bytes = 0;
    };

    import_end each_row(const std::function<import_end(const csv_row&)>& visit);
    boost::system::result<std::optional<fs::import_case>, import_end> good_case(const csv_row& row);
    import_end look_at(const csv_row& row);
    import_end stage(fs::case_import& into, const csv_row& row);
    import_end bring_in(fs::case_import& into);
    void refuse(const csv_row& row, const bad_row& why);

    surroundings with_;
    import_tally tally_;
    std::unordered_map<name_print, std::size_t, hash_of_print> names_; ///< the line where each first stood
    std::vector<staged_row> staged_;
    std::uint64_t staged_bytes_ = 0;
    bool telling_ = true;
};

/// What value() throws on a result that holds one; reaching it is a bug.
[[noreturn]] void throw_exception_from_error(const import_end& error, const boost::source_location& where);

} // namespace kyc
