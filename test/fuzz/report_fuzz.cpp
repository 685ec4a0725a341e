// result.json and error.json: made of any reply they are JSON, and can be read back. Input: a byte for the service,
// then the reply's body, which is also read as a report.

#include "core/answer.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/report_json.hpp"
#include "core/report_read.hpp"
#include "fuzz.hpp"

#include <boost/json/parse.hpp>

using kyc::fuzz::require;

namespace json = boost::json;

namespace {

/// As anyone's reader would see it, who has no limit of depth as small as ours.
json::object parsed(const std::string& text) {
    json::parse_options options;
    options.max_depth = 100;
    json::error_code error;
    auto value = json::parse(text, error, {}, options);
    require(!error && value.is_object(), "a report is a JSON object", text);
    return std::move(value.get_object());
}

bool says(const json::object& report, std::string_view key, std::string_view text) {
    const auto* found = kyc::string_member(report, key);
    return found != nullptr && kyc::view_of(*found) == text;
}

void check_result(const kyc::case_facts& about, const kyc::answer& said, std::string_view body) {
    kyc::task_facts task;
    task.id = "08bc";
    task.attempts = 2;
    const auto text = kyc::result_json(about, task, said, std::nullopt, body);
    const auto report = parsed(text);
    require(says(report, "verdict", to_string(said.verdict)) && says(report, "case", about.name), "result.json", text);
    require(text.find("\n  \"response\": " + std::string(body) + "\n}") != std::string::npos,
            "the reply is kept as it came", text);
    const auto facts = kyc::read_report(text);
    require(facts && facts->answered && facts->word == to_string(said.verdict) && facts->about.name == about.name &&
                facts->task.id == task.id && facts->task.attempts == task.attempts,
            "a ledger can be rebuilt from result.json", text);
}

void check_failure(const kyc::case_facts& about, std::string_view detail, std::string_view body) {
    kyc::failure end(kyc::stage::poll, kyc::failure_code::task_failed, std::string(detail));
    end.api = std::string(body);
    const auto text = kyc::error_json(about, end, 1, {});
    const auto report = parsed(text);
    require(says(report, "code", "TASK_FAILED") && says(report, "case", about.name), "error.json", text);
    std::string error;
    static_cast<void>(kyc::parse_json(body, error));
    require(error.empty() ? text.find("\n  \"api\": " + std::string(body) + ",\n") != std::string::npos
                          : report.at("api").is_string(),
            "the reply is kept, as JSON if it is JSON", text);
    const auto facts = kyc::read_report(text);
    require(facts && !facts->answered && facts->word == "TASK_FAILED" && facts->about.name == about.name,
            "a ledger can be rebuilt from error.json", text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto body = kyc::fuzz::text_of(data, size);
    const auto& target = kyc::fuzz::take_service(body);
    kyc::case_facts about;
    about.name = "A-1001";
    about.service = target.name;
    const auto read = kyc::read_task_reply(target, body);
    if (read.answer) check_result(about, *read.answer, body);
    check_failure(about, read.detail, body);
    if (const auto facts = kyc::read_report(body))
        require(facts->answered || facts->task.id.empty(), "only an answered case has a task", body);
    return 0;
}
