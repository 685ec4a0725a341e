#pragma once
// The columns of a file of cases that are to be imported, and what a row of it says. Pure.

#include "core/service.hpp"
#include "fs/import_cases.hpp"
#include "text/csv_rows.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Why a row is not imported.
struct bad_row {
    std::string_view word; ///< for programs: "unknown_service", "file_missing", … (docs/schemas/import.json)
    std::string why;       ///< a sentence without its end; no value of a form field, for those are about a person

    bad_row() = default;

    bad_row(std::string_view word_, std::string why_) : word(word_), why(std::move(why_)) {}
};

/// The same for a file of the row.
[[nodiscard]] bad_row bad_row_for(const fs::unfit_file& file);

/// What value() throws on a result that holds one; reaching it is a bug.
[[noreturn]] void throw_exception_from_error(const bad_row& error, const boost::source_location& where);

/// Which column is what. The names are those of the services' image and form fields, whatever their letters' case;
/// `name` and `service`, without which nothing goes; `extend_data`, `priority`, `label.X`; and `field.X` for a form
/// field whose own name is one of these. What begins with `import.` was added by an earlier import's report.
class import_columns {
  public:
    /// The error is a sentence: a column is missing, or is one that no service knows. `services` must outlive it.
    [[nodiscard]] static boost::system::result<import_columns, std::string> read(const csv_table& header,
                                                                                 const service_table& services);

    /// The case that a row stands for, by the rules that hold for a case of that service in the inbox. Its images'
    /// paths are beneath `root`, which is absolute; whether they are there is for others to see. `marker`: cases are to
    /// have one.
    [[nodiscard]] boost::system::result<fs::import_case, bad_row>
    case_of(const csv_row& row, const std::filesystem::path& root, bool marker) const;

    /// What the row calls its case, as it may be printed: for messages about it.
    [[nodiscard]] std::string_view name_in(const csv_row& row) const { return row.cell(name_); }

    [[nodiscard]] std::string_view service_in(const csv_row& row) const { return row.cell(service_); }

  private:
    explicit import_columns(const service_table& services) : services_(services) {}

    [[nodiscard]] std::optional<std::size_t> column_of(const std::string& field) const;
    [[nodiscard]] std::optional<bad_row> objection_to(const csv_row& row, const service& target) const;

    const service_table& services_;
    std::size_t name_ = 0;
    std::size_t service_ = 0;
    std::optional<std::size_t> priority_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> fields_; ///< of any service, and extend_data, in small letters
    std::map<std::string, std::size_t> labels_; ///< as written behind "label."
};

} // namespace kyc
