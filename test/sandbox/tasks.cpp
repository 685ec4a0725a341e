#include "sandbox/tasks.hpp"

#include "sandbox/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>

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

std::int64_t milliseconds_of(time_point at) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

time_point time_of(const json::value& milliseconds) {
    return time_point(std::chrono::milliseconds(milliseconds.to_number<std::int64_t>()));
}

} // namespace

void task_store::keep_in(const std::filesystem::path& file) {
    std::ifstream old(file);
    for (std::string text; std::getline(old, text);) {
        json::error_code error;
        const auto line = json::parse(text, error);
        if (error) continue; // empty, or the last line of a process that was killed
        task known;
        known.end.what = static_cast<outcome::kind>(line.at("what").to_number<int>());
        known.end.wrapped = line.at("wrapped").as_bool();
        known.end.result = line.at("result");
        known.row = line.at("row").to_number<std::int64_t>();
        known.created = time_of(line.at("created"));
        known.done = time_of(line.at("done"));
        next_row_ = std::max(next_row_, known.row + 1);
        if (const auto& face = line.at("registers").as_string(); !face.empty()) faces_.emplace(face);
        tasks_.emplace(line.at("id").as_string(), std::move(known));
    }
    file_ = file;
    kept_.open(file_, std::ios::binary | std::ios::app);
    kept_ << '\n' << std::flush; // the last line may have no end
    if (!kept_) throw std::runtime_error("cannot write the tasks to " + file_.string());
}

void task_store::write_down(const std::string& id, const task& made, const std::string& registers) {
    const json::object line{{"id", id},
                            {"what", static_cast<int>(made.end.what)},
                            {"wrapped", made.end.wrapped},
                            {"result", made.end.result},
                            {"row", made.row},
                            {"created", milliseconds_of(made.created)},
                            {"done", milliseconds_of(made.done)},
                            {"registers", registers}};
    kept_ << json::serialize(line) << '\n' << std::flush;
    if (!kept_) throw std::runtime_error("cannot write the tasks to " + file_.string());
}

std::string task_store::start(outcome end, const settings& rules, std::string registers, time_point now) {
    std::uniform_int_distribution<std::int64_t> draw(rules.answer_after_min.count(), rules.answer_after_max.count());
    task made;
    made.end = std::move(end);
    made.row = next_row_++;
    made.created = now;
    made.done = now + std::chrono::milliseconds(draw(random_));
    auto id = random_uuid();
    if (kept_.is_open()) write_down(id, made, registers);
    if (!registers.empty()) faces_.insert(std::move(registers));
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
    if (kept_.is_open()) {
        kept_.close();
        kept_.open(file_, std::ios::binary | std::ios::trunc);
    }
    tasks_.clear();
    polls_.clear();
    faces_.clear();
    next_row_ = 2100;
    random_.seed(1);
}

} // namespace kyc::sandbox
