#pragma once
// The rows that were not imported, as a CSV file that can be mended and imported itself.

#include "import/import_rows.hpp"

#include <boost/system/result.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace kyc {

/// The columns import.line, import.problem and import.reason, then those of the file with their cells as they were. It
/// holds what the rows hold: mode 0600.
class import_report {
  public:
    /// Makes the file, with its header. The error is a sentence: it is there already, or cannot be made.
    [[nodiscard]] static boost::system::result<import_report, std::string> make(const std::filesystem::path& file,
                                                                                const csv_table& header);

    void add(const csv_row& row, const bad_row& why);

    /// Whether all of it was written.
    [[nodiscard]] bool finish();

  private:
    struct closing {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    import_report(std::unique_ptr<std::FILE, closing> file, char delimiter)
        : file_(std::move(file)), delimiter_(delimiter) {}

    std::unique_ptr<std::FILE, closing> file_;
    char delimiter_;
};

} // namespace kyc
