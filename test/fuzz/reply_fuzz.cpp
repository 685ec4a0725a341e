// What the API replies about a task or a submit. Input: a byte for the service, then the body.

#include "core/answer.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/report_json.hpp"
#include "fuzz.hpp"
#include "passing.hpp"

#include <boost/json/parse.hpp>

using kyc::fuzz::require;

namespace json = boost::json;

namespace {

/// As anyone's reader of result.json would, who has no limit of depth as small as ours.
json::value read_report(const std::string& text) {
    json::parse_options options;
    options.max_depth = kyc::max_reply_depth + 8;
    json::error_code error;
    auto value = json::parse(text, error, {}, options);
    require(!error && value.is_object(), "a report is a JSON object", text);
    return value;
}

bool says(const json::value& report, std::string_view key, std::string_view text) {
    const auto* found = kyc::string_member(report.get_object(), key);
    return found != nullptr && kyc::view_of(*found) == text;
}

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

void check_result(const kyc::case_facts& about, const kyc::answer& said, std::string_view body) {
    const auto text = kyc::result_json(about, {}, said, std::nullopt, body);
    const auto report = read_report(text);
    require(says(report, "verdict", to_string(said.verdict)) && says(report, "case", about.name), "result.json", text);
    require(text.find("\n  \"response\": " + std::string(body) + "\n}") != std::string::npos,
            "the reply is kept as it came", text);
}

void check_failure(const kyc::case_facts& about, const kyc::task_reading& read, std::string_view body) {
    kyc::failure end(kyc::stage::poll, kyc::failure_code::task_failed, read.detail);
    end.api = std::string(body);
    const auto text = kyc::error_json(about, end, 1, {});
    const auto report = read_report(text);
    require(says(report, "code", "TASK_FAILED") && says(report, "case", about.name), "error.json", text);
    std::string error;
    static_cast<void>(kyc::parse_json(body, error));
    require(error.empty() ? text.find("\n  \"api\": " + std::string(body) + ",\n") != std::string::npos
                          : report.at("api").is_string(),
            "the reply is kept, as JSON if it is JSON", text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto body = kyc::fuzz::text_of(data, size);
    const auto& target = kyc::fuzz::take_service(body);
    kyc::case_facts about;
    about.name = "A-1001";
    about.service = target.name;

    const auto read = kyc::read_task_reply(target, body);
    require((read.state == kyc::task_state::answered) == read.answer.has_value(), "an answer is one");
    require(kyc::fuzz::is_one_line(read.detail) && read.detail.size() < 1024, "a detail is one line", read.detail);
    require(read.word.size() <= 64, "a word is short", read.word);
    if (read.answer) {
        check_answer(target, *read.answer);
        check_result(about, *read.answer, body);
        if (read.answer->verdict == kyc::verdict::pass)
            require(kyc::fuzz::may_pass(target, body), "an unknown reply never reads as success", body);
    }
    check_failure(about, read, body);

    constexpr std::string_view in_an_id = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (const auto id = kyc::read_receipt(body))
        require(!id->empty() && id->size() <= 128 && id->find_first_not_of(in_an_id) == std::string::npos,
                "a task id can stand in a query", *id);
    return 0;
}
