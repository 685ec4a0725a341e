// Prints the retry rules: as the table of docs/api-behaviour.md, or as JSON for the tests that are made from them.

#include "core/json_writer.hpp"
#include "core/retry_rules.hpp"

#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace kyc;

std::string_view word_of(phase value) {
    switch (value) {
    case phase::token:
        return "token";
    case phase::submit:
        return "submit";
    case phase::poll:
        return "poll";
    }
    return "";
}

std::string_view word_of(action value) {
    switch (value) {
    case action::accept:
        return "accept";
    case action::fail:
        return "fail";
    case action::retry:
        return "retry";
    case action::renew_token:
        return "renew_token";
    case action::pause:
        return "pause";
    case action::unknown_outcome:
        return "unknown_outcome";
    case action::not_yet:
        return "not_yet";
    }
    return "";
}

std::string_view word_of(row_condition value) {
    switch (value) {
    case row_condition::always:
        return "";
    case row_condition::fresh:
        return "fresh";
    case row_condition::wholly_sent:
        return "wholly_sent";
    case row_condition::page:
        return "page";
    }
    return "";
}

std::string_view word_of(sent value) {
    switch (value) {
    case sent::nothing:
        return "nothing";
    case sent::part:
        return "part";
    case sent::all:
        return "all";
    }
    return "";
}

void write_ruling(json_writer& out, const ruling& what) {
    out.key("action");
    out.text(word_of(what.action));
    out.key("code");
    out.text(what.code ? to_string(*what.code) : std::string_view());
    out.key("host_trouble");
    out.boolean(what.host_trouble);
    out.key("service_trouble");
    out.boolean(what.service_trouble);
    out.key("hold");
    out.boolean(what.hold);
}

std::string as_json() {
    json_writer out;
    out.begin_object();
    out.key("statuses");
    out.begin_array();
    for (const auto& row : status_rules()) {
        out.begin_object();
        out.key("phase");
        out.text(word_of(row.during));
        out.key("first");
        out.integer(std::int64_t{row.first});
        out.key("last");
        out.integer(std::int64_t{row.last});
        out.key("when");
        out.text(word_of(row.when));
        write_ruling(out, row.what);
        out.end_object();
    }
    out.end_array();
    out.key("transport");
    out.begin_array();
    for (const auto& row : transport_rules()) {
        out.begin_object();
        out.key("phase");
        out.text(word_of(row.during));
        out.key("problem");
        out.text(row.problem ? to_string(*row.problem) : std::string_view());
        out.key("sent");
        out.text(row.amount ? word_of(*row.amount) : std::string_view());
        write_ruling(out, row.what);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return std::move(out).finish();
}

std::string call_of(phase during) {
    switch (during) {
    case phase::token:
        return "login, refresh";
    case phase::submit:
        return "submit";
    case phase::poll:
        return "task";
    }
    return {};
}

std::string reply_of(const status_row& row) {
    std::string text;
    if (row.last == 0) {
        text = "any other status";
    } else if (row.first == row.last) {
        text = std::to_string(row.first);
    } else if (row.first % 100 == 0 && row.last % 100 == 99) {
        text = std::to_string(row.first / 100) + "xx, where no row above fits";
        if (row.first == 300) text = "3xx";
    } else {
        text = std::to_string(row.first) + " to " + std::to_string(row.last);
    }
    if (row.when == row_condition::fresh)
        text += ", within " + std::to_string(fresh_task_age.count()) + " s of the receipt";
    if (row.when == row_condition::wholly_sent) text += ", the request was wholly sent";
    if (row.when == row_condition::page) text += ", and the body is no JSON";
    return text;
}

std::string reply_of(const transport_row& row) {
    std::string text = row.problem ? std::string(to_string(*row.problem)) : "no reply for any other reason";
    if (row.amount == sent::all) text += ", the request was wholly sent";
    return text;
}

std::string deed_of(phase during, const ruling& what) {
    const std::string code = what.code ? "`" + std::string(to_string(*what.code)) + "`" : std::string();
    switch (what.action) {
    case action::accept:
        if (during == phase::token) return "the tokens are used";
        if (during == phase::submit) return "the receipt; without a usable task id: *unknown outcome*, never repeated";
        return "read: an answer, a failed task, or not yet";
    case action::fail:
        return "failed as " + code;
    case action::retry:
        return during == phase::poll ? "asked again" : "tried again with backoff";
    case action::renew_token:
        return "one refresh for all calls, then once more";
    case action::pause:
        return "after a refresh: login; after a login: all calls wait";
    case action::unknown_outcome:
        return what.hold ? "*unknown outcome*: failed as " + code + ", never repeated by itself"
                         : "*unknown outcome*: `on_unknown_outcome` decides";
    case action::not_yet:
        return "not there yet: asked again";
    }
    return {};
}

std::string counted(const ruling& what) {
    if (what.host_trouble && what.service_trouble) return "the service while others get through, else the host";
    if (what.host_trouble) return "the host";
    if (what.service_trouble) return "the service";
    return {};
}

std::string as_table() {
    std::string text = "| call | what comes back | what kycd does | counts against |\n|---|---|---|---|\n";
    const auto add = [&text](phase during, const std::string& reply, const ruling& what) {
        const auto against = counted(what);
        text += "| " + call_of(during) + " | " + reply + " | " + deed_of(during, what) + " |" +
                (against.empty() ? std::string() : " " + against) + " |\n";
    };
    for (const auto during : {phase::submit, phase::poll, phase::token}) {
        for (const auto& row : status_rules())
            if (row.during == during) add(during, reply_of(row), row.what);
        for (const auto& row : transport_rules())
            if (row.during == during) add(during, reply_of(row), row.what);
    }
    return text;
}

} // namespace

int main(int count, char** arguments) {
    const std::string_view wanted = count == 2 ? arguments[1] : "";
    if (wanted == "--json") {
        std::cout << as_json() << '\n';
    } else if (wanted == "--table") {
        std::cout << as_table();
    } else {
        std::cerr << "print-rules: write --json or --table\n";
        return 64;
    }
    return 0;
}
