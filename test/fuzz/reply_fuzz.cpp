// What the API replies about a task or a submit. Input: a byte for the service, then the body.

#include "core/answer.hpp"
#include "fuzz.hpp"
#include "passing.hpp"

using kyc::fuzz::require;

namespace {

void check_answer(const kyc::service& target, const kyc::answer& said) {
    const auto good = [](const auto& one) {
        return one.second && *one.second == (one.first != kyc::check::document_expired);
    };
    const auto bad = [&](const auto& one) {
        return one.second && one.first != kyc::check::background_clear && !good(one);
    };
    const bool all_good = !said.checks.empty() && std::all_of(said.checks.begin(), said.checks.end(), good);
    const bool some_bad = std::any_of(said.checks.begin(), said.checks.end(), bad);
    require((said.verdict == kyc::verdict::fail) == some_bad, "fail is: some check is bad");
    require(said.verdict != kyc::verdict::pass || (all_good && said.issues.empty()), "pass is: all good, no issue");
    if (target.checks.empty()) return;
    require(std::equal(said.checks.begin(), said.checks.end(), target.checks.begin(), target.checks.end(),
                       [](const auto& one, kyc::check wanted) { return one.first == wanted; }),
            "a service has its own checks, in its order");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto body = kyc::fuzz::text_of(data, size);
    const auto& target = kyc::fuzz::take_service(body);

    const auto read = kyc::read_task_reply(target, body);
    require((read.state == kyc::task_state::answered) == read.answer.has_value(), "an answer is one");
    require(kyc::fuzz::is_one_line(read.detail) && read.detail.size() < 1024, "a detail is one line", read.detail);
    require(read.word.size() <= 64, "a word is short", read.word);
    if (read.answer) {
        check_answer(target, *read.answer);
        if (read.answer->verdict == kyc::verdict::pass)
            require(kyc::fuzz::may_pass(target, body), "an unknown reply never reads as success", body);
    }

    constexpr std::string_view in_an_id = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (const auto id = kyc::read_receipt(body))
        require(!id->empty() && id->size() <= 128 && id->find_first_not_of(in_an_id) == std::string::npos,
                "a task id can stand in a query", *id);
    return 0;
}
