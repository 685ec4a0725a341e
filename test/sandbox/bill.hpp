#pragma once
// The list of paid calls: what the tests compare with what kycd believes it has paid for.

#include <boost/json/array.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace kyc::sandbox {

struct billed_file {
    std::string field;
    std::string name;
    std::uint64_t bytes = 0;
    std::string sha256;
};

struct bill_entry {
    std::string service;
    std::string task;
    std::vector<billed_file> files;
    std::vector<std::string> fields; ///< the names of the text parts; never what they say
    std::string texts_sha256;        ///< a hash of the texts, to know a repeated call
    std::uint64_t bytes = 0;         ///< of the whole body
    bool reply_lost = false;         ///< accepted, but a scenario kept the reply back
};

/// Kept in memory and, line by line, in a file.
class bill {
  public:
    /// Goes on with the file's lines when it exists. Throws when it cannot be written.
    explicit bill(std::filesystem::path file);

    /// On disk (flushed) when it returns. `time` as ISO 8601.
    void add(const bill_entry& entry, const std::string& time);

    [[nodiscard]] const boost::json::array& lines() const { return lines_; }

    /// Entries whose service, files and texts had been billed before.
    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

    void clear();

  private:
    void open(std::ios::openmode mode);
    void remember(boost::json::object line);

    std::filesystem::path path_;
    std::ofstream file_;
    boost::json::array lines_;
    std::set<std::string> seen_;
    std::uint64_t duplicates_ = 0;
};

} // namespace kyc::sandbox
