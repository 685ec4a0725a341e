#include "sandbox/tasks.hpp"

#include "sandbox/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace kyc::sandbox {

namespace {

namespace json = boost::json;

reply envelope(const json::value& row, std::string_view status, const json::value& result) {
    return json_reply(200, json::object{{"id", row}, {"status", status}, {"result", result}});
}

reply missing(missing_task how) {
    switch (how) {
    case missing_task::pending:
        return envelope(nullptr, "PENDING", nullptr);
    case missing_task::not_found:
        return detail_reply(404, "Not found.");
    case missing_task::server_error:
        break;
    }
    return django_page(500, "Server Error (500)");
}

} // namespace

std::string task_store::start(outcome end, const settings& rules, std::string registers, time_point now) {
    std::uniform_int_distribution<std::int64_t> draw(rules.answer_after_min.count(), rules.answer_after_max.count());
    task made;
    made.end = std::move(end);
    made.row = next_row_++;
    made.created = now;
    made.done = now + std::chrono::milliseconds(draw(random_));
    if (!registers.empty()) faces_.insert(std::move(registers));
    auto id = random_uuid();
    tasks_.emplace(id, std::move(made));
    return id;
}

reply task_store::poll(const std::string& id, const settings& rules, time_point now) {
    ++polls_[id];
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) return missing(rules.unknown_task);
    const auto& [end, row, created, done] = found->second;
    if (now < created + rules.fresh_for) return missing(rules.fresh_task);
    if (end.what == outcome::kind::never) return missing(missing_task::pending);
    if (now < done) {
        // The first fifth of its time it waits for a worker.
        if (now < created + (done - created) / 5) return missing(missing_task::pending);
        if (rules.retry_state && now >= created + (done - created) / 2) {
            const json::object error{{"exc_type", "ConnectionError"},
                                     {"exc_message", json::array{"provider did not answer"}},
                                     {"exc_module", "requests.exceptions"}};
            return envelope(row, "RETRY", error);
        }
        return envelope(row, "STARTED", json::object{{"pid", 27}, {"hostname", "celery@worker-1"}});
    }
    switch (end.what) {
    case outcome::kind::failure:
        return envelope(row, "FAILURE", end.result);
    case outcome::kind::revoked:
        return envelope(row, "REVOKED", end.result);
    case outcome::kind::http_400:
        return json_reply(400, end.result);
    case outcome::kind::garbage: {
        auto page = django_page(200, "Maintenance", "Please come back later.");
        return page;
    }
    case outcome::kind::never:
    case outcome::kind::data:
        break;
    }
    if (!end.wrapped) return json_reply(200, end.result);
    return envelope(row, "SUCCESS", end.result);
}

void task_store::clear() {
    tasks_.clear();
    polls_.clear();
    faces_.clear();
    next_row_ = 2100;
    random_.seed(1);
}

} // namespace kyc::sandbox
