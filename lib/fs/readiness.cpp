#include "fs/readiness.hpp"

#include "core/case_name.hpp"
#include "core/units.hpp"
#include "fs/case_files.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace kyc::fs::intake {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t largest_manifest = std::size_t{64} << 10;
constexpr milliseconds longest_wait{60'000};
/// A writer's close is no change that would start anything by itself where events do not arrive.
constexpr milliseconds writer_recheck{2'000};

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : "; ") + word;
    return text;
}

std::string printable(const std::string& name) {
    return case_name_objection(name) ? percent_encode_name(name) : name;
}

/// One judgement: small steps that either settle the question (by returning an examination) or let the next one look.
class judgement {
  public:
    judgement(const inbox_entry& entry, const case_sight& sight, const service& target, const intake_settings& rules,
              quietness time, known_hashes& hashes)
        : entry_(entry), sight_(sight), target_(target), rules_(rules), time_(time), hashes_(hashes) {}

    using verdict = result<std::optional<examination>>;

    /// It has to go, but only when nothing of it moves any more: what is half-written looks wrong in every way.
    [[nodiscard]] examination refuse_settled(failure why, bool wait_for_it = true) const {
        if (wait_for_it && !is_settled()) return wait("it is still changing (" + why.message + ")", until_settled());
        return entry_refused{std::move(why)};
    }

    [[nodiscard]] examination wait(std::string why, milliseconds retry_in) const {
        if (sight_.look_again) retry_in = std::min(retry_in, *sight_.look_again);
        retry_in = std::clamp(retry_in, milliseconds(1), longest_wait);
        return entry_waiting{std::move(why), time_.quiet, retry_in};
    }

    /// Waiting for somebody to do something; in the end it fails with `code`.
    [[nodiscard]] examination wait_or_fail(const std::string& why, failure_code code,
                                           milliseconds retry_in = longest_wait) const {
        if (time_.quiet >= rules_.incomplete_after && !sight_.look_again) {
            return entry_refused{failure(stage::intake, code,
                                         "case " + entry_.name + " of " + entry_.folder +
                                             " was not ready and nothing changed for " +
                                             format_duration(rules_.incomplete_after) + ": " + why)};
        }
        return wait(why, std::min(retry_in, rules_.incomplete_after - time_.quiet));
    }

    [[nodiscard]] result<examination> judge_case() {
        if (under_marker_ && !sight_.marker) {
            const std::string marker = entry_.flat ? entry_.name + ".done" : ".done";
            return wait_or_fail("the marker " + marker + " is missing", failure_code::case_incomplete);
        }
        for (const auto step : {&judgement::read_manifest, &judgement::plan, &judgement::find_missing,
                                &judgement::find_irregular, &judgement::find_movement, &judgement::compare_hashes}) {
            auto judged = (this->*step)();
            if (judged.has_error()) return judged.error();
            if (*judged) return std::move(**judged);
        }
        return entry_ready{};
    }

  private:
    [[nodiscard]] bool is_settled() const { return time_.quiet >= rules_.settle; }

    [[nodiscard]] milliseconds until_settled() const { return std::max(rules_.settle - time_.quiet, milliseconds(1)); }

    verdict read_manifest() {
        if (!sight_.manifest) return std::nullopt;
        const auto& name = *sight_.manifest;
        const auto* state = sight_.find(name);
        if (!state || !is_its_own(*state)) return refuse_settled(irregular(name), !under_marker_);
        if (state->size == 0 && !under_marker_) {
            return wait_or_fail(name + " is empty", failure_code::case_incomplete);
        }
        auto file = read_text(sight_.folder.get(), name, largest_manifest + 1);
        if (file.has_error()) return file.error();
        switch (file->outcome) {
        case read_outcome::gone:
            return wait(name + " has just vanished", milliseconds(1));
        case read_outcome::not_regular:
            return refuse_settled(irregular(name), !under_marker_);
        case read_outcome::unreadable:
            return refuse_settled(unreadable(name), !under_marker_);
        case read_outcome::read:
            break;
        }
        auto parsed = parse_manifest(file->text);
        if (parsed.has_error()) {
            const auto written = under_marker_ ? result<bool>(false) : is_written(name);
            if (written.has_error()) return written.error();
            if (*written) {
                return wait_or_fail(name + " is still being written", failure_code::bad_manifest, writer_recheck);
            }
            return refuse_settled(failure(stage::intake, failure_code::bad_manifest, parsed.error()), !under_marker_);
        }
        said_ = std::move(*parsed);
        return std::nullopt;
    }

    verdict plan() {
        std::vector<std::string> names;
        for (const auto& file : sight_.files)
            names.push_back(file.name);
        auto planned =
            plan_case(target_, names, said_, entry_.flat ? std::string_view(entry_.name) : std::string_view());
        if (planned.has_error()) return refuse_settled(planned.error(), !under_marker_);
        plan_ = std::move(*planned);
        return std::nullopt;
    }

    verdict find_missing() {
        std::vector<std::string> lacking;
        bool producer_forgot = false; // what the marker cannot excuse; listed files may still be on their way
        for (const auto& field : plan_.missing) {
            if (const auto listed = said_.files.find(field); listed != said_.files.end()) {
                lacking.push_back(field + " (" + listed->second + ") is missing");
                continue;
            }
            producer_forgot = true;
            const bool is_text = std::find(target_.fields.begin(), target_.fields.end(), field) != target_.fields.end();
            lacking.push_back(field + (is_text ? " is missing from the fields of " + manifest_name() : " is missing"));
        }
        for (const auto& image : plan_.images) {
            const auto* state = sight_.find(image.name);
            if (state && state->kind == file_kind::regular && state->size == 0 && !under_marker_) {
                lacking.push_back(printable(image.name) + " is empty");
            }
        }
        for (const auto& [name, hash] : said_.sha256) {
            if (!sight_.find(name)) lacking.push_back(name + ", listed under sha256, is missing");
        }
        if (lacking.empty()) return std::nullopt;
        // A link or folder in an image's place is the likelier reason than a file that is late.
        if (auto odd = find_irregular(); odd.has_error() || *odd) return odd;
        if (under_marker_ && producer_forgot) {
            return entry_refused{
                failure(stage::intake, failure_code::case_incomplete,
                        "the marker says that case " + entry_.name + " is complete, but " + joined(lacking))};
        }
        return wait_or_fail(joined(lacking), failure_code::case_incomplete);
    }

    verdict find_irregular() {
        for (const auto& name : needed_files()) {
            const auto* state = sight_.find(name);
            if (state && !is_its_own(*state)) return refuse_settled(irregular(name), !under_marker_);
        }
        if (entry_.flat && plan_.images.empty() && !target_.images.empty()) {
            // `<case>` itself may be a link where a folder was meant.
            for (const auto& file : sight_.files) {
                if (file.kind != file_kind::regular) return refuse_settled(irregular(file.name), !under_marker_);
            }
        }
        return std::nullopt;
    }

    verdict find_movement() {
        if (under_marker_) return std::nullopt;
        if (!is_settled() && !time_.renamed_in) {
            return wait("it is complete and settling", until_settled());
        }
        for (const auto& name : needed_files()) {
            const auto written = is_written(name);
            if (written.has_error()) return written.error();
            if (*written) {
                return wait_or_fail(printable(name) + " is still being written", failure_code::case_incomplete,
                                    writer_recheck);
            }
        }
        return std::nullopt;
    }

    verdict compare_hashes() {
        for (const auto& [name, expected] : said_.sha256) {
            const auto* state = sight_.find(name);
            if (!state) return wait(name + " has just vanished", milliseconds(1));
            const auto looks = fingerprint({*state}, true) ^ state->inode;
            auto& [hashed_as, hash] = hashes_[name];
            if (hash.empty() || hashed_as != looks) {
                auto read = hash_file(sight_.folder.get(), name);
                if (read.has_error()) return read.error();
                if (read->outcome == read_outcome::not_regular) return refuse_settled(irregular(name), !under_marker_);
                if (read->outcome == read_outcome::unreadable) return refuse_settled(unreadable(name), !under_marker_);
                if (read->outcome == read_outcome::gone) return wait(name + " has just vanished", milliseconds(1));
                hashed_as = looks;
                hash = read->text;
            }
            if (hash != expected) {
                std::string why = name;
                why.append(" does not match its sha256 in ").append(manifest_name());
                why.append(": expected ").append(expected).append(", found ").append(hash);
                return wait_or_fail(why, failure_code::hash_mismatch);
            }
        }
        return std::nullopt;
    }

    /// The files that have to be whole: what is sent, what is listed, and case.json.
    [[nodiscard]] std::vector<std::string> needed_files() const {
        std::vector<std::string> names;
        for (const auto& image : plan_.images)
            names.push_back(image.name);
        for (const auto& [name, hash] : said_.sha256) {
            if (sight_.find(name)) names.push_back(name);
        }
        if (sight_.manifest) names.push_back(*sight_.manifest);
        return names;
    }

    [[nodiscard]] result<bool> is_written(const std::string& name) const {
        if (!time_.leases) return false;
        return is_being_written(sight_.folder.get(), name);
    }

    [[nodiscard]] std::string manifest_name() const {
        return sight_.manifest.value_or(entry_.flat ? entry_.name + ".json" : "case.json");
    }

    /// A regular file without a second name, by which it could be somebody else's or be changed after it was claimed.
    [[nodiscard]] static bool is_its_own(const file_state& state) {
        return state.kind == file_kind::regular && state.links <= 1;
    }

    [[nodiscard]] failure irregular(const std::string& name) const {
        const auto* state = sight_.find(name);
        if (state && state->kind == file_kind::regular && state->links > 1) {
            failure why(stage::intake, failure_code::not_a_regular_file,
                        printable(name) + " of case " + entry_.name + " has " + std::to_string(state->links) +
                            " names (hard links), so it may be a file from elsewhere");
            why.advice = std::string(hard_link_advice);
            return why;
        }
        const bool folder = state && state->kind == file_kind::folder;
        return failure(stage::intake, failure_code::not_a_regular_file,
                       printable(name) + " of case " + entry_.name + " is " +
                           (folder ? "a folder" : "a link, pipe or device") +
                           ", not a regular file; put the file itself there");
    }

    [[nodiscard]] failure unreadable(const std::string& name) const {
        return failure(stage::intake, failure_code::file_unreadable,
                       printable(name) + " of case " + entry_.name + " cannot be read: permission denied");
    }

    const inbox_entry& entry_;
    const case_sight& sight_;
    const service& target_;
    const intake_settings& rules_;
    quietness time_;
    known_hashes& hashes_;
    const bool under_marker_ = rules_.ready == ready_rule::marker;
    manifest said_;
    case_plan plan_;
};

} // namespace

result<examination> judge(const inbox_entry& entry, const case_sight& sight, const service* target,
                          const service_table& services, const intake_settings& rules, quietness time,
                          known_hashes& hashes) {
    const service nobody;
    judgement judged(entry, sight, target ? *target : nobody, rules, time, hashes);
    if (auto objection = case_name_objection(entry.name)) {
        return judged.refuse_settled(
            failure(stage::intake, failure_code::bad_case_name,
                    "the name " + percent_encode_name(entry.name) + " cannot be a case's: " + *objection));
    }
    if (!target) {
        std::string known;
        for (const auto& folder : services.folders())
            known += (known.empty() ? "" : ", ") + folder;
        return judged.refuse_settled(
            failure(stage::intake, failure_code::unknown_service,
                    "there is no service " + printable(entry.folder) + "; known folders are " + known));
    }
    if (sight.what == case_sight::presence::not_a_folder) {
        return judged.refuse_settled(
            failure(stage::intake, failure_code::not_a_regular_file,
                    "case " + entry.name + " is a link, pipe or device, not a folder; put the folder itself there"));
    }
    if (sight.what == case_sight::presence::unreadable) {
        return judged.wait_or_fail("the folder of the case cannot be read: permission denied",
                                   failure_code::file_unreadable);
    }
    return judged.judge_case();
}

} // namespace kyc::fs::intake
