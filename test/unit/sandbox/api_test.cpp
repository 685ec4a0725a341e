#include "sandbox/api.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace kyc::sandbox;
namespace json = boost::json;

namespace {

const std::string jpeg("\xff\xd8\xff\xc0\x00\x04\x01\x02\xff\xda\x00\x02scan", 16);
const time_point start{std::chrono::seconds(1'800'000'000)};

struct api_fixture {
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("kyc-sandbox-api-" + std::to_string(::getpid()));
    std::filesystem::path bill_file = (std::filesystem::create_directories(folder), folder / "bill.jsonl");
    world shared{settings{}, "demo", "secret", bill_file, "key"};
    std::string access = shared.tokens.issue({}, start).access;
    std::string body;   ///< the parts so far
    std::string closed; ///< what the last request refers to

    ~api_fixture() { std::filesystem::remove_all(folder); }

    request make(const std::string& method, const std::string& path) {
        request out;
        closed = body.empty() ? body : body + "--B--\r\n";
        out.method = method;
        out.path = "/api/v3/" + path;
        out.headers = {{"Content-Type", "multipart/form-data; boundary=B"}, {"authorization", "Bearer " + access}};
        out.body = closed;
        return out;
    }

    reply ask(const request& asked, const interference& changes = {}) {
        return answer_call(shared, asked, classify(asked.path), changes, start);
    }

    reply post(const std::string& path) {
        const auto asked = make("POST", path);
        return ask(asked);
    }

    api_fixture& text(const std::string& name, const std::string& value) {
        body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
        return *this;
    }

    api_fixture& file(const std::string& name, const std::string& bytes, const std::string& filename = "a.jpg") {
        body += "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + filename + "\"\r\n\r\n" +
                bytes + "\r\n";
        return *this;
    }

    std::string complaint(const std::string& path, const std::string& field) {
        const auto reply = post(path);
        BOOST_TEST(reply.status == 400);
        body.clear();
        const auto map = json::parse(reply.body).as_object();
        const auto* sentences = map.if_contains(field);
        return sentences == nullptr ? std::string{} : std::string(sentences->as_array().at(0).as_string());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(api, api_fixture)

BOOST_AUTO_TEST_CASE(an_accepted_call_is_billed_in_the_file_before_it_is_answered) {
    file("selfie_image", jpeg).file("front_id", jpeg + "1").file("back_id", jpeg + "2").text("extend_data", "false");
    const auto reply = post("services/kyc_card/");
    BOOST_REQUIRE_EQUAL(reply.status, 200);
    std::ifstream in(bill_file);
    const std::string line{std::istreambuf_iterator<char>(in), {}};
    const auto billed = json::parse(line);
    BOOST_TEST((billed.at("task") == json::parse(reply.body).at("id")));
    BOOST_TEST(billed.at("files").as_array().size() == 3U);
    BOOST_TEST(shared.invoices.duplicates() == 0U);
    BOOST_TEST(post("services/kyc_card/").status == 200);
    BOOST_TEST(shared.invoices.duplicates() == 1U);
    const bill again(bill_file);
    BOOST_TEST(again.lines().size() == 2U);
    BOOST_TEST(again.duplicates() == 1U);
}

BOOST_AUTO_TEST_CASE(every_complaint_has_the_apis_own_words) {
    BOOST_TEST(complaint("services/face_liveness/", "image") == "No file was submitted.");
    BOOST_TEST(text("image", "x").complaint("services/face_liveness/", "image") ==
               "The submitted data was not a file. Check the encoding type on the form.");
    BOOST_TEST(file("image", "").complaint("services/face_liveness/", "image") == "The submitted file is empty.");
    BOOST_TEST(
        file("image", "GARBAGE").complaint("services/face_liveness/", "image").starts_with("Upload a valid image."));
    BOOST_TEST(file("image", jpeg, "a.TXT")
                   .complaint("services/face_liveness/", "image")
                   .starts_with("File extension “txt” is not allowed."));
    BOOST_TEST(file("image", jpeg).text("extend_data", "tRue").complaint("services/face_liveness/", "extend_data") ==
               "Must be a valid boolean.");
    BOOST_TEST(file("image", jpeg).complaint("services/authenticate_face/", "uuid") == "This field is required.");
    BOOST_TEST(file("image", jpeg).text("uuid", "no").complaint("services/authenticate_face/", "uuid") ==
               "Must be a valid UUID.");
    BOOST_TEST(text("fullname", "A")
                   .text("birth_date", "None-None-None")
                   .complaint("services/background_check/", "birth_date") ==
               "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.");
    BOOST_TEST(shared.invoices.lines().empty());
    BOOST_TEST(text("fullname", "A B").text("birth_date", "1991-9-24").post("services/background_check/").status ==
               200);
}

BOOST_AUTO_TEST_CASE(extend_data_is_required_only_without_a_form_or_when_strict) {
    BOOST_TEST(complaint("services/kyc_card/", "extend_data").empty());
    auto bare = make("POST", "services/kyc_card/");
    bare.headers.erase(bare.headers.begin());
    BOOST_TEST(json::parse(ask(bare).body).as_object().contains("extend_data"));
    shared.rules.strict_extend_data = true;
    BOOST_TEST(complaint("services/kyc_card/", "extend_data") == "This field is required.");
}

BOOST_AUTO_TEST_CASE(a_body_without_a_length_is_an_empty_form) {
    file("image", jpeg);
    auto chunked = make("POST", "services/face_liveness/");
    chunked.has_length = false;
    BOOST_TEST(ask(chunked).body == R"({"image":["No file was submitted."]})");
}

BOOST_AUTO_TEST_CASE(checks_come_in_the_frameworks_order) {
    auto asked = make("DELETE", "services/kyc_card/");
    asked.headers = {{"Accept", "image/png"}};
    interference busy;
    busy.throttled = detail_reply(429, "Request was throttled.");
    BOOST_TEST(ask(asked, busy).status == 406);
    asked.headers = {};
    BOOST_TEST(ask(asked, busy).status == 401);
    asked.headers = {{"Authorization", "Bearer " + access}, {"Content-Type", "application/json"}};
    BOOST_TEST(ask(asked, busy).status == 429);
    BOOST_TEST(ask(asked).status == 405);
    asked.method = "POST";
    asked.body = "{}";
    BOOST_TEST(ask(asked).status == 415);
    asked.headers.back().second = "multipart/form-data";
    BOOST_TEST(ask(asked).body == R"({"detail":"Multipart form parse error - Invalid boundary in multipart: None"})");
}

BOOST_AUTO_TEST_CASE(each_kind_of_bad_authorization_has_its_body) {
    const auto said = [&](const std::string& header) {
        auto asked = make("GET", "services/task/");
        asked.headers = {{"Authorization", header}};
        const auto reply = ask(asked);
        BOOST_TEST(reply.status == 401);
        BOOST_TEST(reply.headers.front().second == "Bearer realm=\"api\"");
        return json::parse(reply.body).as_object();
    };
    BOOST_TEST(said("bearer " + access).size() == 1U); // detail alone, no code
    BOOST_TEST(said("Bearer").at("code").as_string() == "bad_authorization_header");
    BOOST_TEST(said("Bearer a b").at("code").as_string() == "bad_authorization_header");
    BOOST_TEST(
        said("Bearer " + shared.tokens.issue({}, start).refresh).at("messages").at(0).at("message").as_string() ==
        "Token has wrong type");
    BOOST_TEST(said("Bearer x.y.z").at("code").as_string() == "token_not_valid");
    BOOST_TEST(shared.numbers.refusals.at("token_not_valid") == 2U);
}

BOOST_AUTO_TEST_CASE(login_and_refresh_speak_as_documented) {
    BOOST_TEST(text("username", "demo").complaint("accounts/token/obtain/", "password") == "This field is required.");
    BOOST_TEST(text("username", "").text("password", "x").complaint("accounts/token/obtain/", "username") ==
               "This field may not be blank.");
    BOOST_TEST(text("username", "demo").text("password", "wrong").post("accounts/token/obtain/").body ==
               R"({"detail":"No active account found with the given credentials"})");
    body.clear();
    const auto good =
        json::parse(text("username", "demo").text("password", "secret").post("accounts/token/obtain/").body)
            .as_object();
    BOOST_TEST(good.begin()->key() == "refresh");
    body.clear();
    text("refresh", std::string(good.at("refresh").as_string()));
    BOOST_TEST(post("accounts/token/refresh/").status == 200);
    BOOST_TEST(post("accounts/token/refresh/").body == R"({"detail":"Token is blacklisted","code":"token_not_valid"})");
}

BOOST_AUTO_TEST_CASE(a_forgotten_slash_redirects_and_an_unknown_path_is_a_page) {
    const auto moved = post("services/kyc_card");
    BOOST_TEST(moved.status == 301);
    BOOST_TEST(moved.body.empty());
    BOOST_TEST(moved.headers.front().second == "/api/v3/services/kyc_card/");
    const auto missing = post("services/liveness/");
    BOOST_TEST(missing.status == 404);
    BOOST_TEST(missing.content_type.starts_with("text/html"));
}

BOOST_AUTO_TEST_CASE(a_registered_face_is_recognised) {
    file("image", jpeg);
    const auto task = json::parse(post("services/register_face/").body);
    auto poll = make("GET", "services/task/");
    poll.query = "id=" + std::string(task.at("id").as_string());
    const auto answered = answer_call(shared, poll, classify(poll.path), {}, start + std::chrono::seconds(1));
    const std::string uuid(json::parse(answered.body).at("result").at("data").at("uuid").as_string());
    BOOST_TEST(shared.tasks.knows_face(uuid));
    BOOST_TEST(uuid[14] == '1');
}

BOOST_AUTO_TEST_CASE(a_misspelt_marker_is_refused_loudly) {
    file("image", jpeg + "kycd-sandbox:spof");
    const auto reply = post("services/face_liveness/");
    BOOST_TEST(reply.status == 400);
    BOOST_TEST(reply.body.find("spof") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
