#include "core/advice_again.hpp"

#include <array>
#include <cstddef>

namespace kyc {
namespace {

struct code_advice {
    failure_code code;
    std::string_view advice;
};

// A case that is verified again has to be as it was sent before, and it is not in failed/.
constexpr std::string_view as_it_was =
    "Put the case's files back as they were sent before, and verify the case again with another ticket.";
constexpr std::string_view other_images =
    "The API's messages are in 'api' of history/<time>.error.json in the case's folder: verify the case again if the "
    "API may take the same images another time, or drop other ones as a new case.";
constexpr std::string_view with_the_task_id =
    "Verify the case again with another ticket, and report the task id to the vendor if it happens again.";

/// In the order of the enumeration, so that a code is its own index.
constexpr std::array<code_advice, 28> codes{{
    {failure_code::unknown_service,
     "Add the service under 'services' in the configuration, and verify the case again with another ticket."},
    {failure_code::bad_case_name, as_it_was},
    {failure_code::bad_manifest, as_it_was},
    {failure_code::case_incomplete, as_it_was},
    {failure_code::ambiguous_files, as_it_was},
    {failure_code::bad_ticket, "Correct the ticket as the message says and drop it into inbox/reverify/ again."},
    {failure_code::not_a_regular_file, as_it_was},
    {failure_code::file_unreadable, "Let kycd's user read the file, and verify the case again with another ticket."},
    {failure_code::file_changed, as_it_was},
    {failure_code::hash_mismatch, as_it_was},
    {failure_code::not_an_image, as_it_was},
    {failure_code::image_damaged, as_it_was},
    {failure_code::image_too_small, as_it_was},
    {failure_code::image_too_large, as_it_was},
    {failure_code::file_too_large, as_it_was},
    {failure_code::rejected,
     "The API's messages are in 'api' of history/<time>.error.json in the case's folder: correct the fields in "
     "case.json that they name and verify the case again, or drop other images as a new case."},
    {failure_code::forbidden,
     "Ask the vendor to enable this service for the account, and verify the case again with another ticket."},
    {failure_code::not_found, "Check the service's path and the base URL, and that the account has the service, and "
                              "verify the case again with another ticket."},
    {failure_code::too_large_for_api,
     "Ask the vendor why the API does not take any more what it took before, or drop smaller images as a new case."},
    {failure_code::api_refused, "Check the base URL, the service's path and any proxy between kycd and the API, and "
                                "verify the case again with another ticket."},
    {failure_code::retries_exhausted,
     "Look at the last error in the message; if other cases get through, verify this one again with another ticket."},
    {failure_code::unknown_outcome, "The API may have accepted and billed this case: check the vendor's console before "
                                    "verifying it again with another ticket."},
    {failure_code::reply_not_understood, "Show the vendor the reply, which is in 'api' of history/<time>.error.json in "
                                         "the case's folder; verified again, the case may be billed again."},
    {failure_code::task_rejected, other_images},
    {failure_code::task_failed, with_the_task_id},
    {failure_code::task_lost, with_the_task_id},
    {failure_code::task_deadline, with_the_task_id},
    {failure_code::task_unread, "The call is paid: report the log of the crashes to whoever maintains kycd, and ask "
                                "the vendor for the answer to the task; verified again, the case is paid again."},
}};

/// How cases end that were verified again, where there is no error.json.
struct other_end {
    std::string_view word;
    std::string_view advice;
};

constexpr std::array<other_end, 3> other_ends{{
    {left_outbox, "Where 'why' names a task, ask the vendor for its answer, which is paid; let nothing purge or move "
                  "cases while a ticket verifies them."},
    {not_replaced,
     "Clear away what 'why' names as standing in the way; it says where the new answer is, which is paid."},
    {not_repeated, "It was sent before and got no answer: clear away what 'why' says is in the way of sending it "
                   "again, and verify the case again with another ticket."},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < codes.size(); ++i)
        if (static_cast<std::size_t>(codes[i].code) != i) return false;
    return static_cast<std::size_t>(failure_code::task_unread) + 1 == codes.size();
}

static_assert(in_order(), "a row for each failure_code, in the order of the enumeration");

} // namespace

std::string_view advice_again(failure_code value) {
    return codes.at(static_cast<std::size_t>(value)).advice;
}

std::string_view advice_again(std::string_view word) {
    if (const auto code = failure_code_from(word)) return advice_again(*code);
    for (const auto& end : other_ends)
        if (end.word == word) return end.advice;
    return {};
}

} // namespace kyc
