#include "progeny/https_api.hpp"

#include "async/turns.hpp"
#include "core/answer.hpp"
#include "core/concurrency_limit.hpp"
#include "net/multipart.hpp"
#include "progeny/messages.hpp"
#include "progeny/retry_after.hpp"
#include "progeny/token_keeper.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace kyc::progeny {
namespace {

/// One protected call, from its first try to the replay.
struct call {
    phase during = phase::poll;
    net::http_request request; ///< without Authorization
    const service* target = nullptr;
    kyc::lane lane = kyc::lane::live;
    std::string key;  ///< names the case
    std::string name; ///< for messages
    bool fresh_task = false;
    bool repeat = false;
    steady_time turn{};        ///< when it was let go
    std::size_t at_a_time = 1; ///< calls under way then, itself included

    call() = default;
};

/// Takes a call in and out of the limit of its kind, also when it is cancelled.
class counted_call {
  public:
    counted_call(concurrency_limit& limit, std::size_t bytes) : limit_(limit), call_(limit.begin(gate::now(), bytes)) {}

    counted_call(const counted_call&) = delete;
    counted_call& operator=(const counted_call&) = delete;

    ~counted_call() { limit_.done(call_, gate::now(), how_); }

    void came(const result<net::http_response, transport_error>& reply) { how_ = judge(reply); }

  private:
    using end = concurrency_limit::end;

    static end judge(const result<net::http_response, transport_error>& reply) {
        if (!reply) return reply.error().problem == transport_problem::timeout ? end::overload : end::other;
        switch (reply->status) {
        case 429:
        case 502:
        case 503:
        case 504:
            return end::overload;
        case 200:
        case 201:
        case 202:
        case 400: // the images were looked at
            return end::quick;
        default:
            return end::other;
        }
    }

    concurrency_limit& limit_;
    concurrency_limit::call call_;
    end how_ = end::other;
};

class https_api_impl final : public https_api {
  public:
    https_api_impl(const boost::asio::any_io_executor& executor, net::http_client& client, api_options options)
        : client_(client), options_(std::move(options)), gate_(executor, options_),
          tokens_(executor, client, options_, gate_), turns_(executor) {}

    async::awaitable<admission> admit(caller who) override;

    bool admits(const caller& who) const override { return gate_.admits(who); }

    async::awaitable<bool> turn(caller who, admission& leave, async::urgency urgency) override;

    async::awaitable<api_reply> submit(const submission& what, admission leave) override;
    async::awaitable<api_reply> poll(poll_question what, admission leave) override;

    void ended(const service& target, kyc::lane lane, std::uint32_t era, std::string_view code) override {
        gate_.ended(target, lane, era, code);
    }

    async::awaitable<login_outcome> login() override { return tokens_.login(); }

    api_health health() const override;

    void try_again() override { gate_.try_again(); }

    void set_retry(const retry_settings& rules) override {
        options_.retry = rules;
        gate_.breaker.set_rules(rules);
        gate_.budget.set_rules(rules);
        gate_.pace.set_first_rest(gate::first_rest(rules));
    }

    void adapt_within(std::size_t uploads, std::size_t polls, limits_function changed) override {
        uploads_.set_maximum(uploads);
        polls_.set_maximum(polls);
        limits_changed_ = std::move(changed);
        told_ = {};
        tell_limits();
    }

    const call_counts& counted() const override { return gate_.counts; }

    std::optional<std::chrono::milliseconds> token_age() const override { return gate_.tokens.age(gate::now()); }

    async::awaitable<void> stop() override { return tokens_.stop(); }

  private:
    async::awaitable<api_reply> exchange(call& what, const admission& leave);
    api_reply judge(const call& what, result<net::http_response, transport_error> came, std::uint64_t successes_before);
    void learn(const call& what, const api_reply& reply, bool probe);
    void tell_limits();
    void note_proof(const api_reply& reply, std::uint64_t generation);
    api_reply paused(const call& what, std::string why) const;

    net::http_client& client_;
    api_options options_;
    gate gate_;
    token_keeper tokens_;
    async::turns turns_; ///< for the pace
    concurrency_limit uploads_{limit_settings{}.uploads};
    concurrency_limit polls_{limit_settings{}.polls};
    limits_function limits_changed_;
    std::pair<std::size_t, std::size_t> told_{}; ///< what limits_changed_ knows
    std::uint64_t submits_accepted_ = 0;
};

async::awaitable<admission> https_api_impl::admit(caller who) {
    const gate::place place(gate_, who);
    for (;;) {
        if (const auto until = gate_.wait_in_line(place)) {
            co_await gate_.wait(*until);
            continue;
        }
        auto leave = gate_.take(who);
        if (gate_.tokens.ask(gate::now()) == token_state::need::use) co_return leave;
        // Here, before memory and permits are taken, is the place to wait for a token. The renewal is then the probe,
        // and what it taught decides about the call; so all is asked again.
        const bool ready = co_await tokens_.ensure();
        leave = admission{};
        if (!ready && gate_.tokens.ask(gate::now()) != token_state::need::hold)
            co_await gate_.wait(gate::now() + options_.retry.base);
    }
}

async::awaitable<bool> https_api_impl::turn(caller who, admission& leave, async::urgency urgency) {
    using lane = async::turns::lane;
    async::turns::place place(turns_, who.target != nullptr ? lane::first : lane::second, urgency);
    for (;;) {
        if (!leave.probe() && gate_.barred_until(who)) co_return false;
        const auto now = gate::now();
        const auto ready = gate_.pace.ready_at(now);
        if (place.is_next() && ready <= now) {
            place.take();
            gate_.begin_call(now);
            leave.take_turn(now);
            co_return true;
        }
        co_await place.sleep_until(ready);
    }
}

async::awaitable<api_reply> https_api_impl::submit(const submission& what, admission leave) {
    const auto& target = *what.target;
    net::multipart_form form(net::random_boundary());
    for (const auto& [name, value] : what.fields)
        form.add_text(name, value);
    if (target.extend_data) form.add_text("extend_data", what.extend_data ? "true" : "false");
    for (const auto& field : target.images) {
        for (const auto& image : what.images) {
            if (image.field == field) form.add_file(image.field, image.filename, image.content_type, image.bytes);
        }
    }

    call sending;
    sending.during = phase::submit;
    sending.request = net::http_request("POST", options_.base_path + "/services/" + target.path);
    sending.request.headers.emplace_back("Content-Type", form.content_type());
    sending.request.body = form.buffers();
    sending.target = what.target;
    sending.key = what.request_id;
    sending.repeat = what.repeat;
    sending.lane = what.lane;
    sending.name = "submit of " + target.name;
    const auto era = gate_.submitting(target, what.lane);
    auto reply = co_await exchange(sending, leave);
    reply.era = era;
    if (reply.ruling.action == action::accept) ++submits_accepted_;
    co_return reply;
}

async::awaitable<api_reply> https_api_impl::poll(poll_question what, admission leave) {
    call asking;
    asking.during = phase::poll;
    asking.request =
        net::http_request("GET", options_.base_path + "/services/task/?id=" + percent_encoded(what.task_id));
    asking.name = "poll of task " + what.task_id;
    asking.key = std::move(what.task_id);
    asking.fresh_task = what.age < fresh_task_age;
    asking.repeat = what.repeat;
    auto reply = co_await exchange(asking, leave);
    co_return reply;
}

async::awaitable<api_reply> https_api_impl::exchange(call& what, const admission& leave) {
    what.turn = leave.turn().value_or(gate::now());
    auto& limit = what.during == phase::submit ? uploads_ : polls_;
    for (int attempt = 1;; ++attempt) {
        const bool ready = co_await tokens_.ensure();
        if (!ready) co_return paused(what, gate_.token_why);
        const auto generation = gate_.tokens.generation();
        const secret access = gate_.tokens.access();
        const auto successes_before = gate_.breaker.successes();
        auto request = what.request;
        request.headers.emplace_back("Authorization", "Bearer " + std::string(access.reveal()));
        std::optional<counted_call> counted(std::in_place, limit, boost::asio::buffer_size(request.body));
        what.at_a_time = uploads_.under_way() + polls_.under_way();
        auto came = co_await client_.send(request);
        // A service that is silent by itself says nothing about how many calls the API can take.
        if (!gate_.is_suspect(caller(what.target, what.repeat, what.lane))) counted->came(came);
        counted.reset();
        gate_.counts.came(what.during, came);

        if (!came || !is_unauthorised(*came)) {
            auto reply = judge(what, std::move(came), successes_before);
            scrub(reply.what, access.reveal());
            learn(what, reply, leave.probe());
            // The trouble that opened the breaker is nobody's either, nor is a rate that all calls share.
            const bool shared = gate_.breaker.is_open() || gate_.is_of_the_rate(reply.http_status);
            if (reply.ruling.action == action::retry && shared) reply.charged = false;
            note_proof(reply, generation);
            co_return reply;
        }
        auto refusal = paused(what, describe(what.name, *came, call_kind::of_a_case));
        scrub(refusal.what, access.reveal());
        refusal.http_status = came->status;
        const auto said = read_error(came->body);
        if (said.code == "user_inactive") refusal.what += "; the account is disabled: ask the vendor";
        if (said.code == "user_not_found") refusal.what += "; the account was deleted: ask the vendor";
        auto lesson = refusal;
        lesson.ruling = rule_for_status(what.during, 401);
        learn(what, lesson, leave.probe());
        if (attempt == 1) {
            gate_.tokens.rejected(generation);
            continue;
        }
        // A token that others replaced or dropped while the replay was on its way has been dealt with.
        const bool current = generation == gate_.tokens.generation() && !gate_.tokens.access().empty();
        if (current) tokens_.replay_refused(refusal.what);
        co_return refusal;
    }
}

api_reply https_api_impl::judge(const call& what, result<net::http_response, transport_error> came,
                                std::uint64_t successes_before) {
    api_reply reply;
    if (came) {
        reply.http_status = came->status;
        reply.ruling = rule_for_status(what.during, came->status, {what.fresh_task, came->body_sent, is_page(*came)});
        reply.what = describe(what.name, *came, call_kind::of_a_case);
        reply.retry_after = retry_after_of(*came, options_.retry);
        reply.body = std::move(came->body);
        if (what.during == phase::submit && reply.ruling.action == action::accept) {
            if (auto id = read_receipt(reply.body)) {
                reply.task_id = std::move(*id);
            } else {
                reply.ruling = no_receipt();
                reply.what += " without a task id that could be polled";
            }
        }
    } else {
        if (came.error().problem == transport_problem::cancelled) reply.charged = false;
        reply.ruling = rule_for_transport(what.during, came.error());
        reply.what = describe(what.name, came.error());
    }
    if (reply.ruling.action == action::retry) {
        const bool others_got_through = gate_.breaker.charge(what.key, successes_before, reply.http_status == 503);
        reply.charged = reply.charged && others_got_through;
    } else if (reply.ruling.action != action::unknown_outcome) {
        gate_.breaker.forget(what.key);
    }
    return reply;
}

void https_api_impl::learn(const call& what, const api_reply& reply, bool probe) {
    gate::outcome lesson;
    lesson.during = what.during;
    lesson.ruling = reply.ruling;
    lesson.status = reply.http_status;
    lesson.wait = reply.retry_after;
    lesson.target = what.target;
    lesson.lane = what.lane;
    lesson.probe = probe;
    lesson.repeat = what.repeat;
    lesson.what = reply.what;
    lesson.sent_at = what.turn;
    lesson.at_a_time = what.at_a_time;
    const bool was_open = gate_.breaker.is_open();
    gate_.learn(lesson);
    if (was_open && !gate_.breaker.is_open()) {
        uploads_.restart();
        polls_.restart();
    }
    tell_limits();
    // Those in line wait for another time now, or in vain.
    if (gate_.breaker.is_open()) {
        turns_.wake_all();
    } else {
        turns_.wake_next();
    }
}

void https_api_impl::tell_limits() {
    const std::pair now(uploads_.limit(), polls_.limit());
    if (!limits_changed_ || std::exchange(told_, now) == now) return;
    limits_changed_(now.first, now.second);
}

void https_api_impl::note_proof(const api_reply& reply, std::uint64_t generation) {
    // A proxy's 429 or 5xx says nothing about the account.
    if (!reply.http_status || *reply.http_status >= 500 || *reply.http_status == 429) return;
    if (generation != gate_.tokens.generation() || !gate_.tokens.proved()) return;
    gate_.token_trouble_since.reset();
    gate_.say(notice::kind::credentials_accepted, "the API takes the credentials again");
    gate_.wake();
}

api_reply https_api_impl::paused(const call& what, std::string why) const {
    api_reply reply;
    reply.ruling = ruling{};
    reply.ruling.action = action::retry;
    reply.what = why.empty() ? what.name + ": there is no access token" : std::move(why);
    reply.charged = false;
    return reply;
}

api_health https_api_impl::health() const {
    api_health health;
    health.credentials_refused = gate_.tokens.is_refused() || gate_.tokens.unproven();
    health.host_down = gate_.breaker.is_open();
    health.no_token = gate_.lacks_token();
    health.why = gate_.why();
    health.since = gate_.since();
    health.next_try = gate_.until_next_call();
    health.token_renewing = gate_.tokens.renewing();
    health.token_life = gate_.tokens.life_left(gate::now());
    health.paused = gate_.paused(kyc::lane::live);
    health.paused_for_bulk = gate_.paused(kyc::lane::bulk);
    health.repeats_held_back = gate_.budget.is_empty();
    health.retry_budget_left = gate_.budget.left();
    health.submits_accepted = submits_accepted_;
    health.calls_answered = gate_.calls_answered;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(gate_.pace.held_until() - gate::now());
    health.pace.calls_per_second = gate_.pace.per_second();
    health.pace.resting_for = std::max(rest, std::chrono::milliseconds(0));
    health.pace.uploads_allowed = uploads_.limit();
    health.pace.polls_allowed = polls_.limit();
    health.pace.uploads_under_way = uploads_.under_way();
    health.pace.polls_under_way = polls_.under_way();
    return health;
}

} // namespace

std::unique_ptr<https_api> make_https_api(const boost::asio::any_io_executor& executor, net::http_client& client,
                                          api_options options) {
    if (!options.random) {
        auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
        options.random = [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
    }
    return std::make_unique<https_api_impl>(executor, client, std::move(options));
}

} // namespace kyc::progeny
