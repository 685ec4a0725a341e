#include "core/report_json.hpp"

#include "core/json_text.hpp"
#include "core/json_writer.hpp"

namespace kyc {
namespace {

constexpr std::size_t api_text_limit = 2048;

void write_checks(json_writer& out, const answer& said) {
    out.begin_object();
    for (const auto& [judged, value] : said.checks) {
        out.key(to_string(judged));
        out.boolean_or_null(value);
    }
    out.end_object();
}

void write_document(json_writer& out, const std::optional<document>& about) {
    if (!about) {
        out.null();
        return;
    }
    const auto line = [&out](std::string_view name, const std::optional<std::string>& value) {
        out.key(name);
        out.text_or_null(value);
    };
    out.begin_object();
    line("type", about->type);
    line("number", about->number);
    line("full_name", about->full_name);
    line("first_name", about->first_name);
    line("last_name", about->last_name);
    line("date_of_birth", about->date_of_birth);
    line("sex", about->sex);
    line("nationality", about->nationality);
    line("country", about->country);
    line("issued_on", about->issued_on);
    line("expires_on", about->expires_on);
    line("portrait_url", about->portrait_url);
    out.end_object();
}

void write_issues(json_writer& out, const std::vector<issue>& issues) {
    out.begin_array();
    for (const auto& one : issues) {
        out.begin_object();
        out.key("check");
        out.text(one.check);
        out.key("code");
        out.text(one.code);
        out.key("message");
        out.text(one.message);
        out.key("advice");
        out.text(one.advice);
        out.end_object();
    }
    out.end_array();
}

void write_background(json_writer& out, const std::optional<background>& about) {
    if (!about) {
        out.null();
        return;
    }
    out.begin_object();
    out.key("potential_match");
    out.boolean_or_null(about->potential_match);
    out.key("risk_level");
    out.text_or_null(about->risk_level);
    out.key("total_matches");
    if (about->total_matches) {
        out.integer(*about->total_matches);
    } else {
        out.null();
    }
    out.key("hits");
    out.value(about->hits);
    out.end_object();
}

void write_task(json_writer& out, const task_facts& task) {
    out.begin_object();
    out.key("id");
    out.text(task.id);
    out.key("submitted_at");
    out.text(to_iso8601(task.submitted_at));
    out.key("answered_at");
    out.text(to_iso8601(task.answered_at));
    out.key("attempts");
    out.integer(std::uint64_t{task.attempts});
    out.key("polls");
    out.integer(std::uint64_t{task.polls});
    out.end_object();
}

void write_duplicate(json_writer& out, const std::optional<duplicate_facts>& earlier) {
    if (!earlier) {
        out.null();
        return;
    }
    out.begin_object();
    out.key("case");
    out.text(earlier->case_name);
    out.key("service");
    out.text(earlier->service);
    out.key("answered_at");
    if (earlier->answered_at) {
        out.text(to_iso8601(*earlier->answered_at));
    } else {
        out.null();
    }
    out.end_object();
}

void write_reply(json_writer& out, const std::optional<std::string>& reply) {
    if (!reply) {
        out.null();
        return;
    }
    std::string error;
    static_cast<void>(parse_json(*reply, error));
    if (error.empty()) {
        out.verbatim(*reply);
    } else {
        out.text(utf8_prefix(*reply, api_text_limit));
    }
}

} // namespace

void write_files(json_writer& out, const std::vector<file_facts>& files) {
    out.begin_array();
    for (const auto& file : files) {
        out.begin_object();
        out.key("field");
        out.known_text(file.field);
        out.key("name");
        out.text(file.name);
        out.key("bytes");
        out.integer(file.bytes);
        out.key("sha256");
        out.known_text(file.sha256);
        out.key("width");
        out.known_integer(file.width);
        out.key("height");
        out.known_integer(file.height);
        out.end_object();
    }
    out.end_array();
}

std::string result_json(const case_facts& about, const task_facts& task, const answer& said,
                        const std::optional<duplicate_facts>& duplicate_of, std::string_view reply) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.result/1");
    out.key("case");
    out.text(about.name);
    out.key("service");
    out.text(about.service);
    out.key("lane");
    out.text(to_string(about.lane));
    out.key("verdict");
    out.text(to_string(said.verdict));
    out.key("checks");
    write_checks(out, said);
    out.key("document");
    write_document(out, said.document);
    out.key("issues");
    write_issues(out, said.issues);
    out.key("registered_face");
    out.text_or_null(said.registered_face);
    out.key("background");
    write_background(out, said.background);
    out.key("task");
    write_task(out, task);
    out.key("files");
    write_files(out, about.files);
    out.key("duplicate_of");
    write_duplicate(out, duplicate_of);
    out.key("response");
    out.verbatim(reply);
    out.end_object();
    return std::move(out).finish();
}

std::string error_json(const case_facts& about, const failure& end, std::uint32_t attempts, utc_time failed_at) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.error/1");
    out.key("case");
    out.text(about.name);
    out.key("service");
    out.text(about.service);
    out.key("stage");
    out.text(to_string(end.stage));
    out.key("code");
    out.text(to_string(end.code));
    out.key("message");
    out.text(end.message);
    out.key("advice");
    out.text(end.advice.empty() ? default_advice(end.code) : std::string_view{end.advice});
    out.key("retryable");
    out.boolean(is_retryable(end.code));
    out.key("http_status");
    if (end.http_status) {
        out.integer(std::int64_t{*end.http_status});
    } else {
        out.null();
    }
    out.key("api");
    write_reply(out, end.api);
    out.key("attempts");
    out.integer(std::uint64_t{attempts});
    out.key("failed_at");
    out.text(to_iso8601(failed_at));
    out.key("files");
    write_files(out, about.files);
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc
