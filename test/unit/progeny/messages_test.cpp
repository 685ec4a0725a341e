#include "progeny/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc::progeny;

namespace {

kyc::net::http_response reply(int status, std::string body) {
    kyc::net::http_response made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

std::string of_a_case(int status, const std::string& body) {
    return describe("submit of kyc_card", reply(status, body), call_kind::of_a_case);
}

} // namespace

BOOST_AUTO_TEST_SUITE(messages_suite)

BOOST_AUTO_TEST_CASE(sentences_that_are_the_same_for_all_are_told) {
    BOOST_TEST(of_a_case(403, R"({"detail": "You do not have permission to perform this action."})") ==
               "submit of kyc_card: HTTP 403: You do not have permission to perform this action.");
    BOOST_TEST(
        of_a_case(403, "<html><title>403 Forbidden</title>") ==
        "submit of kyc_card: HTTP 403, a page instead of JSON (\"403 Forbidden\"); something before the API said "
        "it, check api.client_certificate, api.base_url and the service's path");
}

BOOST_AUTO_TEST_CASE(what_follows_a_known_sentence_is_not) {
    BOOST_TEST(of_a_case(429, R"({"detail": "Request was throttled. Ask for Tove Halvorsen."})") ==
               "submit of kyc_card: HTTP 429: Request was throttled.");
    BOOST_TEST(of_a_case(415, R"({"detail": "Unsupported media type \"Tove\" in request."})") ==
               "submit of kyc_card: HTTP 415: Unsupported media type");
}

BOOST_AUTO_TEST_CASE(any_other_text_may_name_a_person) {
    for (const int status : {401, 403, 404, 409, 429, 500, 503, 200})
        BOOST_TEST(of_a_case(status, R"({"detail": "Tove Halvorsen is not acceptable"})") ==
                   "submit of kyc_card: HTTP " + std::to_string(status) + ", with a detail");
    BOOST_TEST(of_a_case(400, R"({"detail": "Not found."})") == "submit of kyc_card: HTTP 400");
    BOOST_TEST(of_a_case(404, "<title>404 Tove Halvorsen</title>").find("Tove") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_login_knows_no_case) {
    BOOST_TEST(describe("login", reply(403, R"({"detail": "the subscription has ended"})"), call_kind::of_tokens) ==
               "login: HTTP 403: the subscription has ended");
}

BOOST_AUTO_TEST_SUITE_END()
