#include "core/failure.hpp"

#include <array>

namespace kyc {
namespace {

struct code_facts {
    failure_code code;
    std::string_view word;
    bool retryable; ///< the same bytes may do better another time
    std::string_view advice;
};

/// In the order of the enumeration, so that a code is its own index.
constexpr std::array<code_facts, 28> codes{{
    {failure_code::unknown_service, "UNKNOWN_SERVICE", false,
     "Drop the case into a folder named after a service, or add the service under 'services' in the configuration."},
    {failure_code::bad_case_name, "BAD_CASE_NAME", false,
     "Rename the case to 1 to 200 bytes of UTF-8 without control characters and without a leading dot, and drop it "
     "again."},
    {failure_code::bad_manifest, "BAD_MANIFEST", false,
     "Correct case.json as the message says and drop the case again."},
    {failure_code::case_incomplete, "CASE_INCOMPLETE", false, "Add what is missing and drop the case again."},
    {failure_code::ambiguous_files, "AMBIGUOUS_FILES", false,
     "Leave one file per field, or name the right one under 'files' in case.json, and drop the case again."},
    {failure_code::bad_ticket, "BAD_TICKET", false,
     "Correct the ticket as the message says and drop it into inbox/reverify/ again."},
    {failure_code::not_a_regular_file, "NOT_A_REGULAR_FILE", false,
     "Put the image itself in place of the folder, link or device, and drop the case again."},
    {failure_code::file_unreadable, "FILE_UNREADABLE", true, "Let kycd's user read the file, then retry the case."},
    {failure_code::file_changed, "FILE_CHANGED", true,
     "Let the producer finish writing before the case is complete, for instance with a rename at the end, then retry "
     "the case."},
    {failure_code::hash_mismatch, "HASH_MISMATCH", false,
     "Copy the file again, or correct its hash in case.json, and drop the case again."},
    {failure_code::not_an_image, "NOT_AN_IMAGE", false,
     "Replace the file with a JPEG or PNG image and drop the case again."},
    {failure_code::image_damaged, "IMAGE_DAMAGED", false, "Copy or scan the image again and drop the case again."},
    {failure_code::image_too_small, "IMAGE_TOO_SMALL", false,
     "Take or scan the image again with at least 480 x 480 pixels and drop the case again."},
    {failure_code::image_too_large, "IMAGE_TOO_LARGE", false,
     "Scale the image down to at most 4096 x 4096 pixels and drop the case again."},
    {failure_code::file_too_large, "FILE_TOO_LARGE", false,
     "Save the image with fewer pixels or as JPEG so that it stays under 2 MB, and drop the case again."},
    {failure_code::rejected, "REJECTED", false,
     "Correct what the API's messages in 'api' name and drop the case again."},
    {failure_code::forbidden, "FORBIDDEN", true,
     "Ask the vendor to enable this service for the account, then retry the case."},
    {failure_code::not_found, "NOT_FOUND", true,
     "Check the service's path and the base URL, and that the account has the service, then retry the case."},
    {failure_code::too_large_for_api, "TOO_LARGE_FOR_API", false,
     "Save the images with fewer pixels or more compression, so that they are smaller together, and drop the case "
     "again."},
    {failure_code::api_refused, "API_REFUSED", true,
     "Check the base URL, the service's path and any proxy between kycd and the API, then retry the case."},
    {failure_code::retries_exhausted, "RETRIES_EXHAUSTED", true,
     "Look at the last error in the message; if other cases get through, retry this one later."},
    {failure_code::unknown_outcome, "UNKNOWN_OUTCOME", true,
     "The API may have accepted and billed this case: check the vendor's console, then retry it knowingly if it is "
     "missing there."},
    {failure_code::reply_not_understood, "REPLY_NOT_UNDERSTOOD", true,
     "Show the reply in 'api' to the vendor; retry the case once it is explained, knowing that a retry may be billed "
     "again."},
    {failure_code::task_rejected, "TASK_REJECTED", false,
     "Replace the images as the API's messages in 'api' say and drop the case again."},
    {failure_code::task_failed, "TASK_FAILED", true,
     "The job broke down at the vendor: retry the case later and report the task id if it happens again."},
    {failure_code::task_lost, "TASK_LOST", true,
     "The API no longer knows the task: retry the case and report the task id to the vendor."},
    {failure_code::task_deadline, "TASK_DEADLINE", true,
     "The API gave no answer in time: retry the case later and report the task id if it happens again."},
    {failure_code::task_unread, "TASK_UNREAD", false,
     "The call is paid: report the log of the crashes to whoever maintains kycd, and ask the vendor for the answer to "
     "the task; dropped again, the case is paid again."},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (static_cast<std::size_t>(codes[i].code) != i) {
            return false;
        }
    }
    return static_cast<std::size_t>(failure_code::task_unread) + 1 == codes.size();
}

static_assert(in_order(), "a row for each failure_code, in the order of the enumeration");

constexpr const code_facts& facts_of(failure_code value) {
    return codes.at(static_cast<std::size_t>(value));
}

} // namespace

std::string_view to_string(stage value) {
    switch (value) {
    case stage::intake:
        return "intake";
    case stage::prepare:
        return "prepare";
    case stage::submit:
        return "submit";
    case stage::poll:
        return "poll";
    case stage::deliver:
        return "deliver";
    }
    return "intake";
}

std::optional<stage> stage_from(std::string_view word) {
    for (const auto value : {stage::intake, stage::prepare, stage::submit, stage::poll, stage::deliver})
        if (to_string(value) == word) return value;
    return std::nullopt;
}

std::string_view to_string(failure_code value) {
    return facts_of(value).word;
}

std::optional<failure_code> failure_code_from(std::string_view word) {
    for (const auto& facts : codes)
        if (facts.word == word) return facts.code;
    return std::nullopt;
}

std::string_view default_advice(failure_code value) {
    return facts_of(value).advice;
}

bool is_retryable(failure_code value) {
    return facts_of(value).retryable;
}

bool blames_service(failure_code value) {
    switch (value) {
    case failure_code::forbidden:
    case failure_code::not_found:
    case failure_code::api_refused:
    case failure_code::unknown_outcome:
    case failure_code::reply_not_understood:
    case failure_code::task_failed:
    case failure_code::task_lost:
    case failure_code::task_deadline:
        return true;
    default:
        return false;
    }
}

} // namespace kyc
