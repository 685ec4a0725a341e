#pragma once
// What `kycd check` has found, in the order in which it is told.

#include "commands/colours.hpp"
#include "config/exit_code.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// The lines of the report, and the exit code of the first that is bad.
class check_report {
  public:
    void good(std::string what, std::string detail) { lines_.push_back({"ok", std::move(what), std::move(detail)}); }

    void note(std::string what, std::string detail) { lines_.push_back({"note", std::move(what), std::move(detail)}); }

    void bad(std::string what, std::string detail, exit_code code) {
        if (code_ == exit_code::done) code_ = code;
        lines_.push_back({"bad", std::move(what), std::move(detail)});
    }

    /// The lines of another report below these.
    void add(check_report later) {
        if (code_ == exit_code::done) code_ = later.code_;
        std::move(later.lines_.begin(), later.lines_.end(), std::back_inserter(lines_));
    }

    /// Prints them to standard output.
    exit_code print(bool as_json, const painter& paint) const;

  private:
    struct line {
        std::string state;
        std::string what;
        std::string detail;
    };

    std::vector<line> lines_;
    exit_code code_ = exit_code::done;
};

} // namespace kyc
