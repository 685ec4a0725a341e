#include "sandbox/digest.hpp"
#include "sandbox/tokens.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace kyc::sandbox;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(tokens)

namespace {

const time_point start{std::chrono::seconds(1'800'000'000)};
const token_lifetimes lifetimes;

} // namespace

BOOST_AUTO_TEST_CASE(an_access_token_is_good_until_the_second_it_expires) {
    const token_mint mint("key");
    const auto pair = mint.issue(lifetimes, start);
    BOOST_TEST(mint.judge_access(pair.access, start).empty());
    BOOST_TEST(mint.judge_access(pair.access, start + 299s).empty());
    BOOST_TEST(mint.judge_access(pair.access, start + 300s) == "Token is invalid or expired");
}

BOOST_AUTO_TEST_CASE(the_claims_are_those_of_the_real_tokens) {
    const auto pair = token_mint("key").issue(lifetimes, start);
    const auto first = pair.access.find('.');
    const auto last = pair.access.rfind('.');
    const auto payload =
        boost::json::parse(from_base64url(pair.access.substr(first + 1, last - first - 1))).as_object();
    BOOST_TEST(payload.size() == 4U); // and no iat
    BOOST_TEST(payload.at("exp").as_int64() == 1'800'000'300);
    BOOST_TEST(payload.at("user_id").is_int64());
    BOOST_TEST(payload.at("jti").as_string().size() == 32U);
    BOOST_TEST(payload.at("token_type").as_string() == "access");
}

BOOST_AUTO_TEST_CASE(a_refresh_token_works_once_and_starts_its_fourteen_days_again) {
    token_mint mint("key");
    const auto first = mint.issue(lifetimes, start);
    const auto second = mint.refresh(first.refresh, lifetimes, true, start + 240h);
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(mint.judge_access(second->access, start + 240h).empty());
    BOOST_TEST(mint.refresh(first.refresh, lifetimes, true, start + 240h).error() == "Token is blacklisted");
    BOOST_TEST(mint.refresh(second->refresh, lifetimes, true, start + 480h).has_value());
    BOOST_TEST(mint.refresh(mint.issue(lifetimes, start).refresh, lifetimes, true, start + 336h).error() ==
               "Token is invalid or expired");
}

BOOST_AUTO_TEST_CASE(without_a_blacklist_a_refresh_token_works_again) {
    token_mint mint("key");
    const auto pair = mint.issue(lifetimes, start);
    BOOST_TEST(mint.refresh(pair.refresh, lifetimes, false, start).has_value());
    BOOST_TEST(mint.refresh(pair.refresh, lifetimes, false, start).has_value());
}

BOOST_AUTO_TEST_CASE(the_wrong_type_and_forgeries_are_told_apart) {
    token_mint mint("key");
    const auto pair = mint.issue(lifetimes, start);
    BOOST_TEST(mint.judge_access(pair.refresh, start) == "Token has wrong type");
    BOOST_TEST(mint.refresh(pair.access, lifetimes, true, start).error() == "Token has wrong type");
    BOOST_TEST(token_mint("other").judge_access(pair.access, start) == "Token is invalid or expired");
    for (const auto* garbage : {"", ".", "..", "a.b.c", "no dots", "e30.e30."})
        BOOST_TEST(mint.judge_access(garbage, start) == "Token is invalid or expired");
}

BOOST_AUTO_TEST_CASE(uuids_have_the_versions_that_the_api_uses) {
    std::string canonical;
    const auto task = random_uuid();
    BOOST_TEST(task[14] == '4');
    BOOST_TEST(read_uuid(task, canonical));
    BOOST_TEST(canonical == task);
    BOOST_TEST(time_uuid(16'486'000'000'000'000ULL)[14] == '1');
    BOOST_TEST(read_uuid("{12345678123456781234567812345678}", canonical));
    BOOST_TEST(canonical == "12345678-1234-5678-1234-567812345678");
    BOOST_TEST(!read_uuid("12345678-1234-5678-1234-56781234567", canonical));
    BOOST_TEST(!read_uuid("", canonical));
}

BOOST_AUTO_TEST_SUITE_END()
