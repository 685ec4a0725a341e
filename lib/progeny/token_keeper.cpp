#include "progeny/token_keeper.hpp"

#include "core/http_date.hpp"
#include "core/jwt.hpp"
#include "net/multipart.hpp"
#include "progeny/messages.hpp"
#include "progeny/retry_after.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kyc::progeny {

using need = token_state::need;

/// A token request's end, without the tokens.
struct token_keeper::exchanged {
    std::optional<net::http_response> reply;
    kyc::ruling ruling;
    std::optional<std::chrono::milliseconds> wait;
    kyc::sent sent = kyc::sent::all;
    std::string what;

    exchanged() = default;
};

namespace {

/// So many logins in a row without a token are more than a hiccup.
constexpr std::size_t worth_saying = 3;

/// Ends the renewal however the coroutine ends, and wakes who waits for it.
class flight {
  public:
    explicit flight(gate& shared) : gate_(shared) {}

    flight(const flight&) = delete;
    flight& operator=(const flight&) = delete;

    ~flight() {
        gate_.tokens.end();
        gate_.wake();
    }

  private:
    gate& gate_;
};

/// What may stand in an Authorization header. Anything else is no token, and might break the request apart.
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->get_string().c_str(), value->get_string().size());
}

} // namespace

token_keeper::token_keeper(const boost::asio::any_io_executor& executor, net::http_client& client,
                           const api_options& options, gate& shared)
    : client_(client), options_(options), gate_(shared), group_(executor, [this](const std::exception_ptr&) {
          gate_.token_why = "the token renewal failed by a fault of kycd's own";
          gate_.tokens.troubled(gate::now(), options_.retry.max);
      }) {}

async::awaitable<bool> token_keeper::ensure() {
    bool waited = false;
    for (;;) {
        const auto wanted = gate_.tokens.ask(gate::now());
        if (wanted == need::use) co_return true;
        if (wanted == need::hold || stopping_) co_return false;
        if (wanted != need::join) {
            // A renewal that ended without a token has set the time of the next one; whoever waited for it does not
            // start it.
            if (waited) co_return false;
            start();
        }
        while (gate_.tokens.renewing())
            co_await gate_.wait(until_notified);
        waited = true;
    }
}

async::awaitable<api::login_outcome> token_keeper::login() {
    while (gate_.tokens.renewing())
        co_await gate_.wait(until_notified);
    gate_.tokens.forget();
    last_login_ = {};
    start();
    while (gate_.tokens.renewing())
        co_await gate_.wait(until_notified);
    co_return last_login_;
}

void token_keeper::replay_refused(std::string what) {
    refuse(std::move(what), true);
}

async::awaitable<void> token_keeper::stop() {
    stopping_ = true;
    group_.cancel();
    co_await group_.join();
    gate_.wake();
}

void token_keeper::start() {
    if (stopping_) return;
    gate_.begin_renewal();
    group_.spawn(renew());
}

async::awaitable<void> token_keeper::renew() {
    const flight ends(gate_);
    if (!gate_.tokens.refresh().empty()) {
        const auto next = co_await refresh();
        if (next != progress::log_in) co_return;
    }
    co_await log_in();
}

async::awaitable<token_keeper::progress> token_keeper::refresh() {
    const secret old = gate_.tokens.refresh();
    std::vector<std::pair<std::string, secret>> form;
    form.emplace_back("refresh", old);
    const auto came = co_await post("/accounts/token/refresh/", std::move(form), "token refresh");
    if (came.ruling.action == action::accept && take(*came.reply, old)) {
        gate_.counts.renewed(renewal::refresh, renewal_end::ok);
        co_return progress::done;
    }
    const auto status = came.reply ? came.reply->status : 0;
    const bool not_taken = came.reply ? status == 408 || status == 425 || status == 429 : came.sent == sent::nothing;
    const bool refused = came.ruling.action == action::pause;
    gate_.counts.renewed(renewal::refresh, refused ? renewal_end::refused : renewal_end::failed);
    if (not_taken) {
        trouble(came);
        co_return progress::later;
    }
    // Refused, or its answer was lost: the token is burnt or may be, and a second use of it is an offence.
    gate_.tokens.drop_refresh();
    co_return progress::log_in;
}

async::awaitable<void> token_keeper::log_in() {
    auto found = options_.read_credentials();
    if (!found) {
        gate_.counts.renewed(renewal::obtain, renewal_end::failed);
        last_login_.what = found.error();
        refuse(found.error(), false);
        co_return;
    }
    const secret password = found->password;
    std::vector<std::pair<std::string, secret>> form;
    form.emplace_back("username", found->username);
    form.emplace_back("password", found->password);
    auto came = co_await post("/accounts/token/obtain/", std::move(form), "login");
    scrub(came.what, password.reveal());
    last_login_.reachable = came.reply.has_value();
    last_login_.what = came.what;
    if (came.ruling.action == action::accept) {
        if (take(*came.reply, secret{})) {
            gate_.counts.renewed(renewal::obtain, renewal_end::ok);
            last_login_.accepted = true;
            last_login_.what.clear();
            co_return;
        }
        came.what += ", but the reply holds no tokens; check api.base_url";
        last_login_.what = came.what;
    }
    const bool refused = came.ruling.action == action::pause;
    gate_.counts.renewed(renewal::obtain, refused ? renewal_end::refused : renewal_end::failed);
    if (refused) {
        refuse(came.what + "; check api.credentials", false);
    } else {
        trouble(came);
    }
}

async::awaitable<token_keeper::exchanged>
token_keeper::post(std::string path, std::vector<std::pair<std::string, secret>> form, std::string call) {
    net::multipart_form body(net::random_boundary());
    for (const auto& [name, value] : form)
        body.add_text(name, value.reveal());
    net::http_request request("POST", options_.base_path + path);
    request.headers.emplace_back("Content-Type", body.content_type());
    request.body = body.buffers();
    const auto sent_at = gate::now();
    auto reply = co_await client_.send(request);
    gate_.counts.came(phase::token, reply);

    exchanged came;
    gate::outcome lesson;
    if (reply) {
        came.reply = std::move(*reply);
        came.ruling = rule_for_status(phase::token, came.reply->status, {false, sent::all, is_page(*came.reply)});
        came.wait = retry_after_of(*came.reply, options_.retry);
        came.what = describe(call, *came.reply, call_kind::of_tokens);
        lesson.status = came.reply->status;
    } else {
        came.ruling = rule_for_transport(phase::token, reply.error());
        came.sent = reply.error().sent;
        came.what = describe(call, reply.error());
    }
    for (const auto& [name, value] : form) {
        if (name != "username") scrub(came.what, value.reveal());
    }
    lesson.during = phase::token;
    lesson.sent_at = sent_at;
    lesson.ruling = came.ruling;
    lesson.wait = came.wait;
    // Only a call that may probe gets as far as a renewal while the breaker is open.
    lesson.probe = true;
    lesson.what = came.what;
    gate_.learn(lesson);
    co_return came;
}

bool token_keeper::take(const net::http_response& reply, const secret& old_refresh) {
    boost::json::error_code error;
    const auto parsed = boost::json::parse(reply.body, error);
    if (error || !parsed.is_object()) return false;
    auto access = text_of(parsed.get_object(), "access");
    auto refresh = text_of(parsed.get_object(), "refresh");
    if (!is_token(access)) return false;
    const auto date = reply.date ? parse_http_date(*reply.date) : std::nullopt;
    const auto lifetime = token_lifetime(read_jwt_times(access), date);
    // Without rotation a refresh brings no new refresh token, and the old one stays good.
    auto next = refresh.empty() ? old_refresh : secret(std::move(refresh));
    const bool news = gate_.tokens.took(secret(std::move(access)), std::move(next), lifetime, gate::now());
    troubles_ = 0;
    if (std::exchange(said_no_token_, false)) gate_.say(notice::kind::token_again, "the API gives tokens again");
    gate_.token_why.clear();
    if (!gate_.tokens.unproven()) gate_.token_trouble_since.reset();
    gate_.say(notice::kind::token_renewed, "new access token for " + std::to_string(lifetime.count()) + " s");
    if (news) gate_.say(notice::kind::credentials_accepted, "the API takes the credentials again");
    return true;
}

void token_keeper::note_since() {
    if (!gate_.token_trouble_since) gate_.token_trouble_since = std::chrono::system_clock::now();
}

void token_keeper::trouble(const exchanged& came) {
    gate_.token_why = came.what;
    note_since();
    auto delay = backoff_delay(options_.retry, ++troubles_, options_.random());
    if (came.wait) delay = std::max(delay, *came.wait);
    gate_.tokens.troubled(gate::now(), delay);
    // A host that is in trouble is the breaker's to tell of. One that takes logins and answers none holds up all for
    // long before it is known to be.
    const bool unanswered = !came.reply && came.sent == sent::all && gate_.renewal_is_slow();
    const bool is_worth_saying = unanswered || (troubles_ >= worth_saying && !came.ruling.host_trouble);
    if (is_worth_saying && !std::exchange(said_no_token_, true)) gate_.say(notice::kind::no_token, came.what);
}

void token_keeper::refuse(std::string what, bool by_call) {
    gate_.token_why = what;
    note_since();
    if (gate_.tokens.refused(gate::now(), options_.random(), by_call)) {
        gate_.say(notice::kind::credentials_refused, std::move(what));
    }
    gate_.wake();
}

} // namespace kyc::progeny
