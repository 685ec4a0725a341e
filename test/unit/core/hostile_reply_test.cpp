// What a reply can do to us at worst: mutations of good replies never crash the reader, and never pass unless every
// check is literally good.

#include "core/answer.hpp"
#include "core/json_text.hpp"
#include "core/report_json.hpp"
#include "core/report_read.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;

const std::string good =
    R"({"id": 2188, "status": "SUCCESS", "result": {"status": 200, "data": {"document": {"is_valid": true, "is_expired": false, )"
    R"("full_name": "ERIKA", "date_of_birth": "1983-8-12", "card_number": "L01XM"}, "compare": {"result": true, "data": {}}, )"
    R"("liveness": true, "background_check": {"potential_match": false, "total_matches": 0, "hits": []}, "issues": {}}}})";

const std::string good_bare =
    R"({"document": {"is_valid": true, "is_expired": false}, "compare": true, "liveness": true, )"
    R"("background_check": {"potential_match": false}})";

json::value parsed(const json::value& text_or_value) {
    return text_or_value.is_string() ? json::parse(text_or_value.get_string()) : text_or_value;
}

bool literally(const json::value& value, bool wanted) {
    return value.is_bool() && value.get_bool() == wanted;
}

bool says_yes(const json::value& value) {
    return value.is_object() ? literally(value.at("result"), true) : literally(value, true);
}

/// Written without the reader's code: looks for exactly what a pass needs and throws when it is not there.
bool is_literally_good(const std::string& body) {
    json::parse_options options;
    options.max_depth = 64;
    auto data = json::parse(body, {}, options);
    if (data.as_object().contains("result") && data.as_object().contains("status")) {
        if (data.at("status") != "SUCCESS") {
            return false;
        }
        data = parsed(data.at("result"));
        if (data.as_object().contains("data") && !data.at("data").is_null()) {
            if (data.as_object().contains("status") && data.at("status") != 200 && !data.at("status").is_null()) {
                return false;
            }
            data = parsed(data.at("data"));
        }
    }
    const auto* issues = data.as_object().if_contains("issues");
    const bool no_issues = issues == nullptr || issues->is_null() ||
                           (issues->is_object() && issues->get_object().empty()) ||
                           (issues->is_array() && issues->get_array().empty()) || literally(*issues, false) ||
                           (issues->is_string() && issues->get_string().empty()) || *issues == 0;
    return no_issues && literally(data.at("document").at("is_valid"), true) &&
           literally(data.at("document").at("is_expired"), false) && says_yes(data.at("compare")) &&
           says_yes(data.at("liveness")) && literally(data.at("background_check").at("potential_match"), false);
}

bool parses(const std::string& text) {
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = 128;
    json::parse(text, failed, {}, options);
    return !failed;
}

class mutator {
  public:
    std::string operator()(std::string text) {
        const auto changes = 1 + pick(3);
        for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
            change(text);
        }
        return text;
    }

    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }

  private:
    void change(std::string& text) {
        static const std::vector<std::string> tokens{"true",       "false",      "null",
                                                     "{}",         "[]",         "\"\"",
                                                     "0",          "-1",         "1e400",
                                                     "200",        "400",        "500",
                                                     "NaN",        "{",          "}",
                                                     "[",          "]",          "\"",
                                                     ",",          ":",          "\\",
                                                     "\\ud800",    "\xff",       "\xc3\xa9",
                                                     "\"result\"", "\"issues\"", "\"error_code\"",
                                                     "\"X_Y\"",    "[[[[",       "\"SUCCESS\""};
        const auto at = pick(text.size());
        switch (pick(6)) {
        case 0:
            text[at] = static_cast<char>(pick(256));
            break;
        case 1:
            text.erase(at, 1 + pick(12));
            break;
        case 2:
            text.insert(at, tokens[pick(tokens.size())]);
            break;
        case 3:
            text.insert(at, text.substr(pick(text.size()), 1 + pick(40)));
            break;
        case 4:
            replace_word(text, at, tokens[pick(tokens.size())]);
            break;
        default:
            text.resize(at);
            break;
        }
    }

    /// Keeps the text JSON more often than blind changes do.
    static void replace_word(std::string& text, std::size_t at, const std::string& by) {
        const auto first = text.find_first_of("tf0123456789", at);
        if (first == std::string::npos) {
            return;
        }
        const auto last = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789", first);
        text.replace(first, last == std::string::npos ? last : last - first, by);
    }

    std::mt19937_64 random_{20261120};
};

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_reply)

BOOST_AUTO_TEST_CASE(no_mutation_crashes_the_reader_or_passes_without_being_good) {
    const kyc::service_table table;
    const auto& target = *table.find("kyc_card_with_background_check");
    BOOST_TEST_REQUIRE(is_literally_good(good));
    BOOST_TEST_REQUIRE(is_literally_good(good_bare));
    mutator mutate;
    int answered = 0;
    int passed = 0;
    int not_passed = 0;
    for (int i = 0; i < 100'000; ++i) {
        const auto body = mutate(mutate.pick(2) == 0 ? good : good_bare);
        const auto reading = kyc::read_task_reply(target, body);
        static_cast<void>(kyc::read_receipt(body));
        if (reading.state != kyc::task_state::answered) {
            BOOST_REQUIRE(!reading.answer.has_value());
            continue;
        }
        ++answered;
        if (reading.answer->verdict == kyc::verdict::pass) {
            ++passed;
            bool good_indeed = false;
            BOOST_REQUIRE_NO_THROW(good_indeed = is_literally_good(body));
            BOOST_REQUIRE_MESSAGE(good_indeed, body);
        } else {
            ++not_passed;
        }
        BOOST_REQUIRE_MESSAGE(parses(kyc::result_json({}, {}, *reading.answer, std::nullopt, body)), body);
    }
    // The mutations must have reached both sides for the property to mean something.
    BOOST_TEST(answered > 1'000);
    BOOST_TEST(passed > 500);
    BOOST_TEST(not_passed > 500);
}

BOOST_AUTO_TEST_CASE(no_service_passes_a_reply_of_wrong_kinds) {
    const kyc::service_table table;
    const std::vector<std::string> keys{"document", "compare",          "liveness", "authentication",
                                        "uuid",     "background_check", "issues"};
    for (const std::string kind : {"null", "0", "1", "-1e400", "1e400", "\"true\"", "\"\"", "[]", "[true]", "{}",
                                   "[[[]]]", R"({"result": 1})", R"({"is_valid": "true", "is_expired": "false"})",
                                   R"({"potential_match": "false"})", "123456789012345678901234567890"}) {
        std::string body = "{";
        for (const auto& key : keys) {
            body += (body.size() > 1 ? ", \"" : "\"") + key + "\": " + kind;
        }
        body += "}";
        for (const auto& target : table.all()) {
            if (target.name == "register_face" && kind == "\"true\"") {
                continue; // a uuid may be any text
            }
            const auto reading = kyc::read_task_reply(target, body);
            const bool pass = reading.answer && reading.answer->verdict == kyc::verdict::pass;
            BOOST_TEST(!pass, target.name << ' ' << body);
        }
    }
}

BOOST_AUTO_TEST_CASE(whatever_reply_is_accepted_its_report_can_be_read_back) {
    const std::string start = R"({"compare": true, "x": )";
    const std::string deepest = start + std::string(63, '[') + std::string(63, ']') + '}';
    // A character that is one byte in the reply and six where it is written a second time.
    const auto rest = kyc::max_reply_bytes - std::string(R"({"issues": {"a": ""}})").size();
    const std::string largest = R"({"issues": {"a": ")" + std::string(rest, '\x7F') + R"("}})";
    const kyc::service_table table;
    for (const auto& body : {deepest, largest}) {
        const auto reading = kyc::read_task_reply(*table.find("kyc_card"), body);
        BOOST_TEST_REQUIRE(reading.answer.has_value());
        const auto report = kyc::read_report(kyc::result_json({}, {}, *reading.answer, std::nullopt, body));
        BOOST_TEST_REQUIRE(report.has_value());
        BOOST_TEST(report->word == "inconclusive");
    }
}

BOOST_AUTO_TEST_SUITE_END()
