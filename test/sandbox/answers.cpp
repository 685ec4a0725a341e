#include "sandbox/answers.hpp"

#include "sandbox/person.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace kyc::sandbox {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 20> names{
    "pass",        "spoof",         "face_not_found",  "face_too_small", "face_mismatch", "expired", "invalid_document",
    "many_issues", "null_liveness", "potential_match", "failure",        "revoked",       "never",   "inner_400",
    "inner_500",   "task_400",      "double_encoded",  "null_result",    "unknown_code",  "garbage"};

constexpr std::string_view marker = "kycd-sandbox:";

/// The liveness code that an answer stands for, with its text.
std::pair<std::string_view, std::string_view> liveness_error(std::string_view answer) {
    if (answer == "face_not_found") return {"FACE_NOT_FOUND", "Face not found or no landmarks detected on the image"};
    if (answer == "face_too_small") return {"FACE_TOO_SMALL", "Face is too small, move closer to the camera"};
    if (answer == "unknown_code") return {"PROVIDER_SAYS_1207", "Something that no document lists"};
    if (answer == "many_issues") return {"FACE_ANGLE_TOO_LARGE", "Pitch or yaw is beyond 25 degrees"};
    return {};
}

json::object liveness_numbers(bool live) {
    if (live) return {{"score", 2.59375}, {"quality", 0.8203125}, {"probability", 0.9296875}};
    return {{"score", -1.71875}, {"quality", 0.7890625}, {"probability", 0.1484375}};
}

/// The object form of face_liveness and authenticate_face.
json::value liveness_object(std::string_view answer) {
    if (answer == "null_liveness") return nullptr;
    if (const auto [code, text] = liveness_error(answer); !code.empty())
        return json::object{{"data", json::object{{"error", text}, {"error_code", code}}}, {"result", false}};
    return json::object{{"result", answer != "spoof"}, {"data", liveness_numbers(answer != "spoof")}};
}

json::object issues_of(std::string_view answer, bool with_document) {
    const auto [code, text] = liveness_error(answer);
    json::object liveness{{code, text}};
    json::object out;
    if (answer == "many_issues") {
        liveness["FACE_CLOSE_TO_BORDER"] = "Face touches the edge of the picture";
        if (with_document) {
            out["ocr"] = json::object{{"DOCUMENT_BLURRED", "Text could not be read reliably"}};
            out["compare"] = json::object{{"FACE_NOT_FOUND", "No face on the document"}};
        }
    }
    out["liveness"] = std::move(liveness);
    return out;
}

json::object background(bool match, const person& who) {
    json::array hits;
    if (match)
        hits.push_back(json::object{{"name", who.full_name},
                                    {"match_types", json::array{"name_exact"}},
                                    {"sources", json::array{"sandbox-sanctions-list"}}});
    const auto total = static_cast<std::int64_t>(hits.size());
    return {{"background_check", json::object{{"potential_match", match},
                                              {"risk_level", match ? "high" : "unknown"},
                                              {"total_matches", total},
                                              {"hits", std::move(hits)}}}};
}

/// kyc_* and ocr_*.
json::object document_outcome(const service& of, std::string_view answer, const person& who) {
    const bool passport = of.name.find("passport") != std::string::npos;
    const bool ocr = of.name.starts_with("ocr_");
    const document_state state{answer != "invalid_document", answer == "expired"};
    json::object out;
    out["document"] = passport ? passport_document(who, state) : card_document(who, state);
    if (ocr) {
        // The documents paste them for passports, where they mean nothing; the card's page shows none.
        if (passport) out["compare"] = out["liveness"] = true;
        if (answer == "many_issues") {
            out["issues"] =
                json::object{{"ocr", json::object{{"DOCUMENT_BLURRED", "Text could not be read reliably"},
                                                  {"DOCUMENT_CROPPED", "A corner is outside the picture"}}}};
        }
        return out;
    }
    const bool no_face = !liveness_error(answer).first.empty();
    if (no_face)
        out["compare"] = nullptr;
    else
        out["compare"] = answer != "face_mismatch";
    if (answer == "null_liveness")
        out["liveness"] = nullptr;
    else
        out["liveness"] = !no_face && answer != "spoof";
    if (no_face) out["issues"] = issues_of(answer, true);
    if (of.name.ends_with("_with_background_check") && !no_face && answer != "spoof" && answer != "invalid_document")
        out["background_check"] = background(answer == "potential_match", who)["background_check"];
    return out;
}

/// face_liveness, register_face, authenticate_face.
json::object face_outcome(const service& of, std::string_view answer, const answer_facts& facts) {
    json::object out;
    const bool no_face = !liveness_error(answer).first.empty();
    const bool good = !no_face && answer != "spoof" && answer != "null_liveness";
    if (of.name == "register_face" && good) return {{"uuid", facts.registered_uuid}};
    if (of.name == "authenticate_face" && !no_face) {
        const bool same = answer != "face_mismatch";
        out["authentication"] = json::object{
            {"result", same},
            {"data", json::object{{"matchScore", same ? "20.0" : "3.1"}, {"scorePercent", same ? "100.0" : "15.5"}}}};
    }
    out["liveness"] = liveness_object(answer);
    if (no_face) out["issues"] = issues_of(answer, false);
    return out;
}

std::string first_field(const service& of) {
    return of.files.empty() ? of.texts.front().name : of.files.front();
}

outcome special(outcome::kind what, json::value result) {
    outcome out;
    out.what = what;
    out.result = std::move(result);
    return out;
}

json::object broken(std::string_view type, json::array message, std::string_view module) {
    return {{"exc_type", type}, {"exc_message", std::move(message)}, {"exc_module", module}};
}

} // namespace

bool is_answer(std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string answer_names() {
    std::string out;
    for (const auto name : names)
        out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

std::string marker_in(std::string_view bytes) {
    const auto at =
        std::search(bytes.begin(), bytes.end(), std::boyer_moore_horspool_searcher(marker.begin(), marker.end()));
    if (at == bytes.end()) return {};
    const auto* begin = at + marker.size();
    const auto* end = std::find_if_not(
        begin, bytes.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    return {begin, end};
}

outcome make_outcome(const service& of, std::string_view answer, const answer_facts& facts, reply_form form) {
    if (answer == "failure")
        return special(outcome::kind::failure, broken("TimeLimitExceeded", {300}, "billiard.exceptions"));
    if (answer == "revoked")
        return special(outcome::kind::revoked, broken("TaskRevokedError", {"terminated"}, "celery.exceptions"));
    if (answer == "never") return special(outcome::kind::never, nullptr);
    if (answer == "garbage") return special(outcome::kind::garbage, nullptr);
    const json::object complaint{{first_field(of), json::array{"The image does not meet the requirements."}}};
    if (answer == "task_400") return special(outcome::kind::http_400, complaint);
    if (answer == "null_result") return special(outcome::kind::data, nullptr);
    if (answer == "inner_400") return special(outcome::kind::data, json::object{{"status", 400}, {"data", complaint}});
    if (answer == "inner_500")
        return special(
            outcome::kind::data,
            json::object{{"status", 500}, {"data", json::object{{"detail", "The provider did not answer."}}}});
    if (of.name == "authenticate_face" && !facts.known_face) {
        const json::object unknown{{"uuid", json::array{"No user is registered with this uuid."}}};
        return special(outcome::kind::data, json::object{{"status", 400}, {"data", unknown}});
    }

    const auto who = person_of(facts.seed);
    json::object data;
    if (of.name == "background_check")
        data = background(answer == "potential_match", who);
    else if (of.name.find("face") != std::string::npos)
        data = face_outcome(of, answer, facts);
    else
        data = document_outcome(of, answer, who);
    if (facts.extend_data)
        data["extend_data"] = json::object{{"provider", "sandbox"}, {"liveness", liveness_numbers(answer != "spoof")}};

    outcome out;
    out.wrapped = form == reply_form::wrapped || (form == reply_form::as_documented && !of.bare);
    // The order of the two keys differs between the documents' samples; so it does here.
    if (answer == "double_encoded") {
        out.wrapped = true;
        out.result = json_text(json::object{{"status", 200}, {"data", std::move(data)}});
    } else if (!out.wrapped) {
        out.result = std::move(data);
    } else if (data.contains("issues")) {
        out.result = json::object{{"data", std::move(data)}, {"status", 200}};
    } else {
        out.result = json::object{{"status", 200}, {"data", std::move(data)}};
    }
    return out;
}

} // namespace kyc::sandbox
