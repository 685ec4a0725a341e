#include "core/token_state.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;
using namespace std::chrono_literals;
using need = token_state::need;

namespace {

const steady_time start{1000h};

void give(token_state& tokens, steady_time now, std::chrono::milliseconds lifetime = 300s) {
    tokens.begin();
    (void)tokens.took(secret("access"), secret("refresh"), lifetime, now);
    tokens.end();
}

} // namespace

BOOST_AUTO_TEST_SUITE(tokens)

BOOST_AUTO_TEST_CASE(the_times_of_a_jwt_are_read_without_its_key) {
    // {"token_type":"access","exp":1700000300,"iat":1700000000.5}
    const auto got = read_jwt_times(
        "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzAwMDAwMzAwLCJpYXQiOjE3MDAwMDAwMDAuNX0.c2ln");
    BOOST_REQUIRE(got.expires_at.has_value());
    BOOST_TEST(*got.expires_at == 1700000300);
    BOOST_TEST((got.issued_at == 1700000000));
    for (const std::string text :
         {"", ".", "..", "a.b", "a.!!.c", "a.W10.c" /* [] */, "a.eyJleHAiOiJ4In0.c" /* exp: "x" */,
          "a.eyJleHAiOjFlNDAwfQ.c" /* exp: 1e400 */, "a.eyJleHAiOi01fQ.c" /* exp: -5 */}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!read_jwt_times(text).expires_at.has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_lifetime_does_not_depend_on_our_clock) {
    const auto date = [](std::int64_t seconds) { return std::chrono::sys_seconds{std::chrono::seconds{seconds}}; };
    const std::int64_t now = 1'700'000'000;
    BOOST_TEST((token_lifetime({now + 300, now}, {}) == 300s));
    BOOST_TEST((token_lifetime({now + 300, {}}, date(now)) == 300s));
    // A server whose clock is ten hours off to either side signs and dates by the same clock.
    for (const std::int64_t skew : {-36'000, 36'000}) {
        BOOST_TEST((token_lifetime({now + skew + 300, {}}, date(now + skew)) == 300s));
        BOOST_TEST((token_lifetime({now + skew + 300, now + skew}, date(now)) == 300s));
    }
    BOOST_TEST((token_lifetime({}, date(now)) == 300s));
    BOOST_TEST((token_lifetime({now + 300, {}}, {}) == 300s));
    BOOST_TEST((token_lifetime({now - 300, {}}, date(now)) == 300s));
    BOOST_TEST((token_lifetime({now + 900'000, now}, {}) == std::chrono::hours{24}));
}

BOOST_AUTO_TEST_CASE(a_token_is_renewed_before_it_ends) {
    token_state tokens{login_backoff{}};
    BOOST_TEST((tokens.ask(start) == need::login));
    give(tokens, start);
    BOOST_TEST((tokens.ask(start) == need::use));
    BOOST_TEST((tokens.ask(start + 239s) == need::use));
    BOOST_TEST((tokens.ask(start + 240s) == need::refresh));
    tokens.begin();
    BOOST_TEST((tokens.ask(start + 240s) == need::join));
    tokens.end();
    give(tokens, start, 10s);
    BOOST_TEST((tokens.ask(start + 7999ms) == need::use));
    BOOST_TEST((tokens.ask(start + 8s) == need::refresh));
}

BOOST_AUTO_TEST_CASE(a_lost_or_blacklisted_refresh_is_followed_by_a_login) {
    token_state tokens{login_backoff{}};
    give(tokens, start);
    tokens.drop_refresh();
    BOOST_TEST((tokens.ask(start + 240s) == need::login));
}

BOOST_AUTO_TEST_CASE(a_renewal_in_trouble_leaves_the_old_token_its_last_minute) {
    token_state tokens{login_backoff{}};
    give(tokens, start);
    tokens.troubled(start + 240s, 120s);
    BOOST_TEST((tokens.ask(start + 250s) == need::use));
    BOOST_TEST((tokens.ask(start + 300s) == need::hold));
    BOOST_TEST((tokens.ask(start + 360s) == need::refresh));
}

BOOST_AUTO_TEST_CASE(a_401_of_an_older_token_changes_nothing) {
    token_state tokens{login_backoff{}};
    give(tokens, start);
    const auto old = tokens.generation();
    tokens.rejected(old);
    BOOST_TEST((tokens.ask(start) == need::refresh));
    give(tokens, start);
    tokens.rejected(old);
    BOOST_TEST((tokens.ask(start) == need::use));
}

BOOST_AUTO_TEST_CASE(refused_logins_wait_ever_longer_up_to_a_quarter_of_an_hour) {
    token_state tokens{login_backoff{}};
    auto now = start;
    for (const auto wait : {30s, 60s, 120s, 240s, 480s, 900s, 900s}) {
        const bool news = tokens.refused(now, 0.5, false);
        BOOST_TEST(news == (now == start));
        BOOST_TEST(tokens.is_refused());
        BOOST_TEST((tokens.ask(now + wait - 1ms) == need::hold));
        now += wait;
        BOOST_TEST((tokens.ask(now) == need::login));
    }
    BOOST_TEST(tokens.took(secret("a"), secret("r"), 300s, now));
    BOOST_TEST(!tokens.is_refused());
    BOOST_TEST(tokens.refused(now, 0.0, false));
    BOOST_TEST((tokens.ask(now + 24s) == need::login));
}

BOOST_AUTO_TEST_CASE(changed_credentials_are_tried_at_once_and_good_tokens_are_kept) {
    token_state tokens{login_backoff{}};
    give(tokens, start);
    tokens.credentials_changed();
    BOOST_TEST((tokens.ask(start) == need::use));
    (void)tokens.refused(start, 0.5, false);
    BOOST_TEST((tokens.ask(start) == need::hold));
    tokens.credentials_changed();
    BOOST_TEST((tokens.ask(start) == need::login));
}

BOOST_AUTO_TEST_CASE(calls_refused_after_a_good_login_are_tried_one_at_a_time_until_one_passes) {
    token_state tokens{login_backoff{}};
    give(tokens, start);
    BOOST_TEST(tokens.refused(start, 0.5, true));
    BOOST_TEST((tokens.ask(start + 29s) == need::hold));
    give(tokens, start + 30s);
    BOOST_TEST(tokens.unproven());
    // The login that worked does not shorten the next wait.
    BOOST_TEST(!tokens.refused(start + 30s, 0.5, true));
    BOOST_TEST((tokens.ask(start + 89s) == need::hold));
    BOOST_TEST((tokens.ask(start + 90s) == need::login));
    give(tokens, start + 90s);
    BOOST_TEST(tokens.proved());
    BOOST_TEST(!tokens.unproven());
}

BOOST_AUTO_TEST_SUITE_END()
