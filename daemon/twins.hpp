#pragma once
// Cases with the same bytes: told apart from all others by a fingerprint, and answered once (`intake.dedupe`).

#include "core/report_json.hpp"
#include "core/service.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc {

struct case_run;
struct case_world;

/// Stands for everything that the API would be sent: the service, the form fields, extend_data and the images' hashes
/// by field. Salted with the spool's identity, for form fields hold names and dates of birth that few guesses would
/// find again. 64 hex digits.
[[nodiscard]] std::string fingerprint_of(std::string_view spool, const service& target,
                                         std::vector<std::pair<std::string, std::string>> fields, bool extend_data,
                                         const std::vector<file_facts>& images);

/// Says that a case with this fingerprint was sent, or is about to be, and has not ended. RAII, movable; `world`
/// outlives it. Loop's thread only.
class sending_mark {
  public:
    sending_mark() = default;
    sending_mark(case_world& world, std::string fingerprint);
    sending_mark(sending_mark&& other) noexcept;
    sending_mark& operator=(sending_mark&& other) noexcept;
    ~sending_mark();

  private:
    case_world* world_ = nullptr;
    std::string fingerprint_;
};

} // namespace kyc
