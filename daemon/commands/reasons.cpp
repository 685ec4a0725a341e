#include "commands/reasons.hpp"

#include "commands/explainer.hpp"
#include "text/words.hpp"

#include <utility>

namespace kyc {

namespace {

/// It lies in outbox/ or failed/.
class end_explainer : public explainer {
  public:
    using explainer::explainer;

    void ended() {
        const auto in = fs::open_folder(place_.path.parent_path());
        const auto paper = in ? read_case_paper(*in, place_.path.filename().string()) : std::nullopt;
        const auto when = time_words(paper && paper->ended_at != utc_time{} ? paper->ended_at : place_.changed);
        if (place_.root == standing::delivered) {
            const bool told = paper && paper->answered && !paper->word.empty();
            const auto answered = "it was answered at " + when + (told ? ", verdict " + paper->word : "");
            if (auto again = explain_verified_again(view_, place_, answered)) {
                out_ = std::move(*again);
                return;
            }
            return say("delivered", answered, "nothing: the answer is in its result.json");
        }
        if (!paper || paper->word.empty())
            return say("failed", "it is in failed/, but its error.json cannot be read", "look into the folder");
        const std::string name = paper->about.name.empty() ? place_.key.name : paper->about.name;
        const bool refused = view_.config().services.find(place_.key.folder) == nullptr;
        say("failed", paper->word + " at " + when + ": " + paper->message,
            paper->advice + " ('kycd retry " + place_.key.folder + "/" + place_.key.name +
                "' puts it back into the inbox" + (name == place_.key.name ? "" : " as " + name) +
                (refused ? " once the service is added)" : ")"));
    }
};

explanation explain_ended(spool_view& view, const found_place& place) {
    end_explainer one(view, place);
    one.ended();
    return one.take();
}

} // namespace

explanation explain(spool_view& view, const found_place& place) {
    switch (place.root) {
    case standing::waiting:
        return explain_in_inbox(view, place);
    case standing::claimed:
        return explain_in_work(view, place);
    default:
        return explain_ended(view, place);
    }
}

explanation explain_missing(const spool_view& view, const seen_case& seen) {
    const auto& rules = view.config().retention;
    const auto* unseen_in = view.missing_root_of(seen.place);
    explanation out;
    const auto is_over = [&seen](const std::optional<std::chrono::milliseconds>& limit) {
        return limit && seen.since && std::chrono::system_clock::now() - *seen.since >= *limit;
    };
    const auto lost_to = [&](const std::optional<std::chrono::milliseconds>& limit, const char* rule,
                             const char* otherwise) {
        if (unseen_in != nullptr) return "; whether its folder is there cannot be seen: " + unseen_in->why;
        if (!is_over(limit)) return std::string(otherwise);
        return std::string(", and its time is over: kycd has removed its folder (") + rule +
               "), unless somebody had taken it before";
    };
    out.path = seen.place.string();
    out.about = seen.key.folder + "/" + seen.key.name;
    out.state = seen.state;
    const std::string when = seen.since ? " at " + time_words(*seen.since) : std::string();
    switch (seen.state) {
    case standing::delivered:
        out.reason = "delivered";
        out.because = "it was delivered" + when + ", verdict " + seen.detail +
                      lost_to(rules.outbox, "retention.outbox", ", and somebody has taken its folder");
        break;
    case standing::failed:
        out.reason = "failed";
        out.because =
            "it failed" + when + " with " + seen.detail +
            lost_to(rules.failed, "retention.failed", ", and somebody has taken its folder, or it was retried");
        break;
    default:
        out.reason = "gone";
        out.because = "somebody took its folder out of work/" + when;
        if (unseen_in != nullptr) {
            out.reason = "fault";
            out.because = "whether its folder is there cannot be seen: " + unseen_in->why;
        }
        break;
    }
    out.unseen = unseen_in != nullptr;
    out.next = unseen_in != nullptr && !unseen_in->advice.empty() ? unseen_in->advice
                                                                  : "nothing; 'kycd show' tells its history";
    return out;
}

} // namespace kyc
