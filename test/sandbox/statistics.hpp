#pragma once
// What went on, counted: connections, calls, who was refused, how much ran at a time.

#include "sandbox/call.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace kyc::sandbox {

struct statistics {
    std::uint64_t connections = 0;
    std::uint64_t open_connections = 0;
    std::uint64_t handshakes = 0;
    std::uint64_t resumed = 0;
    std::uint64_t failed_handshakes = 0;
    std::uint64_t body_bytes = 0;
    std::map<std::string, std::uint64_t> requests; ///< by call
    std::map<std::string, std::uint64_t> submits;  ///< by service
    std::map<int, std::uint64_t> replies;          ///< by status; scripted ones too
    std::map<std::string, std::uint64_t> refusals; ///< 401s by the reply's code
    std::uint64_t obtained = 0;
    std::uint64_t refreshed = 0;
    std::map<call_kind, std::uint64_t> running;
    std::map<call_kind, std::uint64_t> most_running;

    [[nodiscard]] boost::json::object to_json() const;
};

/// Counts a request as running while it lives.
class running_request {
  public:
    running_request(statistics& numbers, call_kind kind) : numbers_(numbers), kind_(kind) {
        auto& most = numbers_.most_running[kind_];
        most = std::max(most, ++numbers_.running[kind_]);
    }

    ~running_request() { --numbers_.running[kind_]; }

    running_request(const running_request&) = delete;
    running_request& operator=(const running_request&) = delete;

  private:
    statistics& numbers_;
    call_kind kind_;
};

} // namespace kyc::sandbox
