#include "commands/waits.hpp"

#include "core/pacing.hpp"
#include "core/poll_learner.hpp"
#include "fs/file_state.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace kyc {

using std::chrono::milliseconds;

std::string place_in_line(const spool_view& view, const fs::inbox_entry& entry) {
    const auto inbox = fs::make_inbox(view.layout(), view.config().intake, view.config().services);
    const auto listed = inbox->list();
    if (!listed) return {};
    const auto& all = listed->entries;
    const auto same = [&](const fs::inbox_entry& each) {
        return each.folder == entry.folder && each.name == entry.name && each.flat == entry.flat;
    };
    const auto found = std::find_if(all.begin(), all.end(), same);
    if (found == all.end()) return {};
    std::string text = "; it is number " + std::to_string(found - all.begin() + 1) + " of " +
                       std::to_string(all.size()) + " in the inbox";
    const auto urgent = std::count_if(all.begin(), found, [](const auto& each) { return each.high_priority; });
    if (urgent > 0 && !found->high_priority)
        text += ", behind " + count_words(static_cast<std::uint64_t>(urgent), "case", "cases") + " of high priority";
    return text;
}

bool has_twin_on_its_way(const spool_view& view, const found_place& place) {
    if (!view.config().intake.dedupe || view.ledger() == nullptr) return false;
    const auto in = fs::open_folder(place.path);
    const auto names = in ? fs::list_names(*in) : result<std::vector<std::string>>(in.error());
    if (!names) return false;
    std::set<std::string> hashes;
    for (const auto& name : *names)
        if (const auto read = fs::intake::hash_file(in->get(), name); read) hashes.insert(read->text);
    ledger::case_filter open_ones;
    open_ones.state = ledger::case_state::open;
    open_ones.service = view.service_of(place.key.folder);
    bool found = false;
    const auto read = view.ledger()->list(open_ones, [&](const ledger::case_history& row) {
        const auto& last = row.about.last;
        const auto here = [&](const file_facts& file) { return hashes.contains(file.sha256); };
        found = last && !last->sent.empty() && row.about.key != place.key &&
                std::all_of(last->sent.begin(), last->sent.end(), here);
        return !found;
    });
    return read && found;
}

milliseconds usual_wait(const spool_view& view, const std::string& service, std::size_t polls, milliseconds age) {
    const auto& rules = view.config().poll;
    poll_learner learner;
    const auto learnt = view.ledger()->answer_times();
    if (learnt && learnt->contains(service) && !rules.first) {
        (void)learner.read(learnt->at(service));
        learner.replan(rules, std::chrono::steady_clock::now());
    }
    if (!learner.knows_enough()) return poll_delay(rules, polls, 0.5);
    const auto planned = learner.next(age);
    return planned ? std::clamp(*planned - age, rules.min, std::max(rules.min, rules.max)) : rules.max;
}

} // namespace kyc
