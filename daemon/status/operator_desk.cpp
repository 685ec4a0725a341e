#include "status/operator_desk.hpp"

#include "life/pending_tasks.hpp"
#include "log/log.hpp"
#include "status/live_status.hpp"
#include "status/take_readings.hpp"

#include <utility>

namespace kyc {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";
constexpr const char* json = "application/json";

/// The text format, https://prometheus.io/docs/instrumenting/exposition_formats/.
constexpr const char* prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

void log_news(const admin::http_news& news) {
    const auto where = to_string(news.where);
    if (!news.listening) {
        log::error("the admin page is not there: " + news.why + "; tried again every 10 s, all else goes on",
                   {{"listen", where}});
        return;
    }
    log::info("admin listening", {{"listen", where}});
    if (!is_private(news.where))
        log::warning("the admin page can be reached from other machines, and is not encrypted: let a proxy with TLS "
                     "stand before it, or listen on 127.0.0.1 and come by ssh -L",
                     {{"listen", where}});
}

bool is_same(const admin::http_access& a, const admin::http_access& b) {
    return a.where == b.where && a.group == b.group && a.token.has_value() == b.token.has_value() &&
           (!a.token || a.token->reveal() == b.token->reveal());
}

} // namespace

operator_desk::operator_desk(const boost::asio::any_io_executor& loop, case_world& world, intake& taking,
                             const async::loop_latency& latency, const progress_marks& progress, const api_link& link,
                             admin::http_access access)
    : world_(world), taking_(taking), latency_(latency), progress_(progress), link_(link), access_(std::move(access)),
      spool_(world.pool, world.layout, world.spool, world.config->ledger), disk_(world.layout, world.config->ledger),
      files_(world, [this] { return status(); }) {
    // The commands say less without it, so a spool on a file system without sockets, or a full one, is served all the
    // same.
    auto answer_to = [this](std::string_view question) { return answer(question); };
    auto opened = status_socket::open(loop, world.layout.roots().work, std::move(answer_to));
    if (opened) {
        socket_ = std::move(*opened);
    } else {
        log::warning("'kycd status' will say less: " + opened.error().message());
    }
    page_ = admin::make_http_server(loop, pages_, offer(), access_, {}, log_news);
}

void operator_desk::serve(async::task_group& observers) {
    observers.spawn(spool_.keep());
    observers.spawn(disk_.watch(world_.pool));
    if (socket_) observers.spawn(socket_->serve());
    observers.spawn(files_.keep());
    observers.spawn(page_->serve());
}

void operator_desk::change(admin::http_access access) {
    if (is_same(access_, access)) return;
    access_ = access;
    page_->change(std::move(access));
}

async::awaitable<void> operator_desk::stop() {
    co_await page_->stop();
    if (socket_) co_await socket_->stop();
    co_await files_.end();
}

health_report operator_desk::health() const {
    health_facts facts;
    facts.phase = world_.stopping ? run_phase::stopping : running_ ? run_phase::running : run_phase::starting;
    const auto now = progress_marks::clock::now();
    facts.progress = progress_.look(now);
    facts.faults = world_.faults.now();
    facts.commit_fault = world_.ledger.commit_fault();
    facts.spool_trouble = spool_.spool_trouble(now);
    facts.ledger_trouble = spool_.ledger_trouble();
    facts.api = world_.api.health();
    return judge_health(facts);
}

std::string operator_desk::status() const {
    return live_status(world_, taking_, latency_, disk_.last(), health());
}

/// For the status socket.
std::string operator_desk::answer(std::string_view question) const {
    const auto about = read_question(question);
    return about ? to_json(known(*about)) : status();
}

known_case operator_desk::known(const case_question& about) const {
    known_case known;
    known.scans_again = taking_.scans_again();
    known.entry = taking_.look_up({about.folder, about.name, about.flat});
    known.task = world_.pending.look_up({about.folder, about.name, about.of});
    return known;
}

/// What is at each path. Each text is made on the loop from figures that are there already.
admin::http_offer operator_desk::offer() const {
    const auto live = [this] {
        const auto now = health();
        return admin::route::page{now.is_live() ? 200 : 503, plain_text, live_lines(now)};
    };
    const auto ready = [this] {
        const auto now = health();
        return admin::route::page{now.is_ready() ? 200 : 503, plain_text, ready_lines(now)};
    };
    const auto document = [this] { return admin::route::page{200, json, status()}; };
    const auto past = [this] { return world_.day.history.to_json(std::chrono::system_clock::now()); };
    const auto history = [past] { return admin::route::page{200, json, past()}; };
    // Some hundred series: a millisecond or two, which the loop does not have.
    const auto metrics = [this] {
        return [text = world_.day.metrics.page(take_readings(world_, taking_, latency_, disk_.last(), link_))] {
            return admin::route::page{200, prometheus_text, text()};
        };
    };
    admin::http_offer all;
    all.routes = {{"/livez", live, {}},
                  {"/readyz", ready, {}},
                  {"/status.json", document, {}},
                  {"/history.json", history, {}},
                  {"/metrics", {}, metrics}};
    all.events = {{"status", std::chrono::seconds(1), [this] { return status(); }},
                  {"history", std::chrono::minutes(1), past}};
    return all;
}

} // namespace kyc
