#include "core/failure.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using code = kyc::failure_code;

struct expected_code {
    code value;
    std::string word;
    bool retryable;
};

const std::vector<expected_code> codes{
    {code::unknown_service, "UNKNOWN_SERVICE", false},
    {code::bad_case_name, "BAD_CASE_NAME", false},
    {code::bad_manifest, "BAD_MANIFEST", false},
    {code::case_incomplete, "CASE_INCOMPLETE", false},
    {code::ambiguous_files, "AMBIGUOUS_FILES", false},
    {code::bad_ticket, "BAD_TICKET", false},
    {code::not_a_regular_file, "NOT_A_REGULAR_FILE", false},
    {code::file_unreadable, "FILE_UNREADABLE", true},
    {code::file_changed, "FILE_CHANGED", true},
    {code::hash_mismatch, "HASH_MISMATCH", false},
    {code::not_an_image, "NOT_AN_IMAGE", false},
    {code::image_damaged, "IMAGE_DAMAGED", false},
    {code::image_too_small, "IMAGE_TOO_SMALL", false},
    {code::image_too_large, "IMAGE_TOO_LARGE", false},
    {code::file_too_large, "FILE_TOO_LARGE", false},
    {code::rejected, "REJECTED", false},
    {code::forbidden, "FORBIDDEN", true},
    {code::not_found, "NOT_FOUND", true},
    {code::too_large_for_api, "TOO_LARGE_FOR_API", false},
    {code::api_refused, "API_REFUSED", true},
    {code::retries_exhausted, "RETRIES_EXHAUSTED", true},
    {code::unknown_outcome, "UNKNOWN_OUTCOME", true},
    {code::reply_not_understood, "REPLY_NOT_UNDERSTOOD", true},
    {code::task_rejected, "TASK_REJECTED", false},
    {code::task_failed, "TASK_FAILED", true},
    {code::task_lost, "TASK_LOST", true},
    {code::task_deadline, "TASK_DEADLINE", true},
    {code::task_unread, "TASK_UNREAD", false},
};

} // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(every_code_has_its_word_and_says_whether_a_retry_may_help) {
    for (const auto& expected : codes) {
        BOOST_TEST(kyc::to_string(expected.value) == expected.word);
        BOOST_TEST((kyc::failure_code_from(expected.word) == expected.value), expected.word);
        BOOST_TEST(kyc::is_retryable(expected.value) == expected.retryable, expected.word);
    }
}

BOOST_AUTO_TEST_CASE(every_code_has_advice_in_one_sentence) {
    for (const auto& expected : codes) {
        const auto advice = kyc::default_advice(expected.value);
        BOOST_TEST(advice.size() > 20, expected.word);
        BOOST_TEST(advice.back() == '.', expected.word);
        BOOST_TEST(advice.find(". ") == std::string_view::npos, expected.word);
    }
}

BOOST_AUTO_TEST_CASE(every_stage_has_its_word) {
    const std::vector<std::pair<kyc::stage, std::string>> stages{{kyc::stage::intake, "intake"},
                                                                 {kyc::stage::prepare, "prepare"},
                                                                 {kyc::stage::submit, "submit"},
                                                                 {kyc::stage::poll, "poll"},
                                                                 {kyc::stage::deliver, "deliver"}};
    for (const auto& [value, word] : stages) {
        BOOST_TEST(kyc::to_string(value) == word);
        BOOST_TEST((kyc::stage_from(word) == value), word);
    }
    BOOST_TEST(!kyc::stage_from("Intake"));
    BOOST_TEST(!kyc::stage_from(""));
    BOOST_TEST(!kyc::failure_code_from("NO_SUCH_CODE"));
    BOOST_TEST(!kyc::failure_code_from(""));
}

BOOST_AUTO_TEST_CASE(what_concerns_one_case_alone_does_not_blame_its_service) {
    for (const auto& each : codes) {
        const bool shared = each.value == code::forbidden || each.value == code::not_found ||
                            each.value == code::api_refused || each.value == code::unknown_outcome ||
                            each.value == code::reply_not_understood || each.value == code::task_failed ||
                            each.value == code::task_lost || each.value == code::task_deadline;
        BOOST_TEST_CONTEXT(each.word) {
            BOOST_TEST(kyc::blames_service(each.value) == shared);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
