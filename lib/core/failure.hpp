#pragma once
// Why one case ended in failed/: the vocabulary of error.json (design section 6).

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kyc {

/// Where in a case's life it failed.
enum class stage { intake, prepare, submit, poll, deliver };

/// The `stage` word of error.json.
[[nodiscard]] std::string_view to_string(stage value);

/// The inverse; none for another word.
[[nodiscard]] std::optional<stage> stage_from(std::string_view word);

/// The codes of design section 6. Programs are written against the words, so a code is never renamed.
enum class failure_code {
    // intake
    unknown_service,
    bad_case_name,
    bad_manifest,
    case_incomplete,
    ambiguous_files,
    bad_ticket, ///< of a re-verification ticket, never of a case
    not_a_regular_file,
    file_unreadable,
    file_changed,
    hash_mismatch,
    // prepare
    not_an_image,
    image_damaged,
    image_too_small,
    image_too_large,
    file_too_large,
    // submit
    rejected,
    forbidden,
    not_found,
    too_large_for_api,
    api_refused,
    // submit, poll
    retries_exhausted,
    unknown_outcome,
    reply_not_understood,
    // poll
    task_rejected,
    task_failed,
    task_lost,
    task_deadline,
    task_unread, ///< kycd itself broke down at the answer, again
};

/// The `code` word of error.json, e.g. "NOT_AN_IMAGE".
[[nodiscard]] std::string_view to_string(failure_code value);

/// The inverse; none for another word.
[[nodiscard]] std::optional<failure_code> failure_code_from(std::string_view word);

/// What the operator or the producer should do about a code, in one sentence.
[[nodiscard]] std::string_view default_advice(failure_code value);

/// Whether the same case, dropped again unchanged, may succeed.
[[nodiscard]] bool is_retryable(failure_code value);

/// Whether a case that was sent ended so for a reason that the service's next cases share: nothing about its images,
/// its fields or its size.
[[nodiscard]] bool blames_service(failure_code value);

/// The end of one case, as error.json tells it. `message` names the file and the finding; it never holds personal data
/// beyond what the producer named the files, and never a secret.
struct failure {
    kyc::stage stage = kyc::stage::intake;
    failure_code code = failure_code::case_incomplete;
    std::string message;
    std::string advice;             ///< empty: default_advice(code)
    std::optional<int> http_status; ///< of the reply that ended the case
    std::optional<std::string> api; ///< that reply's body as it came

    failure() = default;

    failure(kyc::stage stage_, failure_code code_, std::string message_)
        : stage(stage_), code(code_), message(std::move(message_)) {}
};

} // namespace kyc
