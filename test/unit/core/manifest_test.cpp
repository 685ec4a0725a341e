#include "core/manifest.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(manifest)

BOOST_AUTO_TEST_CASE(every_key_is_read) {
    const std::string hash = "ABCDEF0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789";
    const auto said = kyc::parse_manifest(R"({"files": {"front_id": "scan001.jpg"}, "fields": {"uuid": "u"},
        "extend_data": false, "sha256": {"scan001.jpg": ")" +
                                          hash + R"("}, "priority": "high", "labels": {"branch": "7"}})");
    BOOST_REQUIRE(said.has_value());
    BOOST_TEST(said->files.at("front_id") == "scan001.jpg");
    BOOST_TEST(said->fields.at("uuid") == "u");
    BOOST_TEST(said->extend_data.value() == false);
    BOOST_TEST(said->sha256.at("scan001.jpg") == "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
    BOOST_TEST(said->high_priority);
    BOOST_TEST(said->labels.at("branch") == "7");
}

BOOST_AUTO_TEST_CASE(every_key_is_optional) {
    const auto said = kyc::parse_manifest(" {} \n");
    BOOST_REQUIRE(said.has_value());
    BOOST_TEST((said->files.empty() && said->fields.empty() && said->sha256.empty() && said->labels.empty()));
    BOOST_TEST(!said->extend_data);
    BOOST_TEST(!said->high_priority);
    BOOST_TEST(!kyc::parse_manifest(R"({"priority": "normal"})")->high_priority);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_skipped) {
    const auto said = kyc::parse_manifest("\xEF\xBB\xBF{\"extend_data\": true}");
    BOOST_REQUIRE(said.has_value());
    BOOST_TEST(said->extend_data.value());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    const std::string deep = R"({"files": [[[[[[[[[]]]]]]]]]})";
    const std::pair<std::string, std::string> table[] = {
        {"", "valid JSON"},
        {"{", "valid JSON"},
        {"{}x", "valid JSON"},
        {"{\n\"files\": {},\n}", "line 3"},
        {"[]", "must be an object, not a list"},
        {"\"x\"", "must be an object, not a string"},
        {R"({"colour": 1})", "\"colour\" is unknown; known are files, fields"},
        {R"({"files": {}, "files": {}})", "\"files\" stands twice"},
        {R"({"fields": {"uuid": "a",)"
         "\n"
         R"("uuid": "b"}})",
         "\"uuid\" stands twice in one object (line 2)"},
        {R"({"fields": {"uuid": "a", "u\u0075id": "b"}})", "stands twice"},
        {R"({"files": []})", "files must be an object of strings, not a list"},
        {R"({"files": {"front_id": 7}})", "files.\"front_id\" must be a string, not a number"},
        {R"({"files": {"front_id": "a/b.jpg"}})", "files.\"front_id\" must be the name of a file"},
        {R"({"files": {"front_id": ".."}})", "without a path"},
        {R"({"files": {"front_id": "."}})", "without a path"},
        {R"({"files": {"front_id": ""}})", "without a path"},
        {R"({"files": {"front_id": ")" + std::string(256, 'a') + R"("}})", "256 bytes"},
        {R"({"files": {"front_id": "a\u0000b"}})", "without a path"},
        {R"({"fields": {"uuid": 5}})", "fields.\"uuid\" must be a string, not a number"},
        {R"({"fields": {"uuid": null}})", "not null"},
        {R"({"labels": {"a": {}}})", "labels.\"a\" must be a string, not an object"},
        {R"({"extend_data": "true"})", "extend_data must be true or false, not a string"},
        {R"({"extend_data": 1})", "not a number"},
        {R"({"priority": "urgent"})", R"(priority must be "high" or "normal")"},
        {R"({"priority": true})", "not true"},
        {R"({"sha256": {"a.jpg": "abc"}})", "sha256.\"a.jpg\" must be 64 hexadecimal digits"},
        {R"({"sha256": {"a.jpg": ")" + std::string(64, 'g') + R"("}})", "64 hexadecimal digits"},
        {R"({"sha256": {"../a": ")" + std::string(64, 'a') + R"("}})", "without a path"},
        {deep, "valid JSON"},
        {R"({"labels": {"a": ")" + std::string(65536, 'x') + R"("}})", "at most 65536"},
        {"{\"labels\": {\"a\": \"\xFF\"}}", "valid JSON"},
    };
    for (const auto& [text, word] : table) {
        const auto said = kyc::parse_manifest(text);
        BOOST_TEST_CONTEXT(text.substr(0, 80)) {
            BOOST_REQUIRE(said.has_error());
            BOOST_TEST(said.error().find(word) != std::string::npos, said.error());
            BOOST_TEST(said.error().starts_with("case.json cannot be used: "));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_key_may_stand_once_in_each_of_two_objects) {
    BOOST_TEST(kyc::parse_manifest(R"({"files": {"a": "x"}, "labels": {"a": "y", "files": "z"}})").has_value());
}

BOOST_AUTO_TEST_CASE(a_message_never_holds_a_field_value) {
    const auto said = kyc::parse_manifest(R"({"fields": {"fullname": "ERIKA MUSTERMANN", "birth_date": 19830812}})");
    BOOST_REQUIRE(said.has_error());
    BOOST_TEST(said.error().find("ERIKA") == std::string::npos);
    BOOST_TEST(said.error().find("1983") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
