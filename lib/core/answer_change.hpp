#pragma once
// What differs between two answers to the same case, and why it probably does (design section 9).

#include "core/answer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// Probable causes, the first that fits.
enum class change_cause {
    /// The check says so since; or verdict, checks or issues differ, the document's date has passed between the two
    /// answers, and the check does not deny it.
    document_expired,
    /// A new issue or error code stands against a check that was judged before, or against none of the service's; or
    /// it is all that differs of the verdict.
    issue_code,
    other_verdict, ///< the same images, but another verdict, check or registered face, or an issue less
    no_images,     ///< the same of a service without images, whose fields nobody compares with those sent before
    document_read, ///< the verdict stands; fields of the document or of the background check differ
    portrait_only, ///< a portrait has come or gone, and nothing else differs
};

/// "document expired", "an issue code instead of a verdict", "same images, another verdict", "another verdict, of a
/// service without images", "document read differently", "portrait only"; word_of: "document_expired", … as in
/// report.json and the ledger.
[[nodiscard]] std::string_view describe(change_cause value);
[[nodiscard]] std::string_view word_of(change_cause value);
[[nodiscard]] std::optional<change_cause> change_cause_from(std::string_view word);

/// One field that differs.
struct field_change {
    std::string field;  ///< "verdict", "checks.liveness", "document.expires_on", "issues", "background.risk_level"
    std::string before; ///< as JSON text: "pass" in quotes, null, true; issues as ["liveness: FACE_TOO_SMALL"]
    std::string after;
    bool personal = false; ///< its values are somebody's data: document.*, background.hits, registered_face
};

/// Nothing in `fields`: unchanged. In the order of result.json. The address of a portrait is no field, only its coming
/// or going is: each answer brings a new one. Nor are an issue's text, the order of issues and hits, and a member that
/// is null instead of missing.
struct answer_change {
    std::vector<field_change> fields;
    std::optional<change_cause> cause; ///< of a change
    verdict before = verdict::inconclusive;
    verdict after = verdict::inconclusive;
    /// The document counts as expired now, and did not in the answer before: each by its check, or by the document's
    /// date and the day (UTC) of the answer. Its being said for the first time may be all that is new: `fields` can be
    /// empty.
    bool newly_expired = false;

    [[nodiscard]] bool changed() const { return !fields.empty(); }
};

/// Compares the texts of two result.json that kycd wrote. None when one of them is not readable as such: another
/// schema, or none of the three verdicts. A member of the wrong kind counts as missing where a kind is needed. Pure.
[[nodiscard]] std::optional<answer_change> compare_answers(std::string_view before, std::string_view after);

} // namespace kyc
