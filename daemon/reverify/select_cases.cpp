#include "reverify/select_cases.hpp"

#include "core/glob.hpp"
#include "core/manifest.hpp"
#include "core/report_read.hpp"
#include "fs/atomic_file.hpp"
#include "fs/file_state.hpp"
#include "fs/inbox_scan.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/ticket_files.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <dirent.h>
#include <optional>
#include <unordered_set>
#include <utility>

namespace kyc::reverify {

namespace {

/// result.json holds the API's reply, which is bounded far below this.
constexpr std::uint64_t largest_result = 64ull << 20;
constexpr std::uint64_t largest_manifest = 64ull << 10;

constexpr std::size_t between_questions = 256;

/// "A-1~2" is what a second A-1 is called.
std::string_view without_number(std::string_view place) {
    const auto tilde = place.rfind('~');
    if (tilde == std::string_view::npos || tilde + 1 == place.size()) return place;
    const auto digits = place.substr(tilde + 1);
    const bool number = std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return number ? place.substr(0, tilde) : place;
}

/// What is there says nothing against the rest: taken away meanwhile, or no case's.
bool is_no_case(const fault& error) {
    const int number = error.code.value();
    return fs::is_absent(error) || number == ENOTDIR || number == ELOOP;
}

bool is_not_permitted(const fault& error) {
    return error.code == std::errc::permission_denied || error.code == std::errc::operation_not_permitted;
}

class selection {
  public:
    selection(const service_table& services, const ticket& asked, utc_time now, const std::function<bool()>& go_on)
        : services_(services), asked_(asked), now_(now), go_on_(go_on), selected_(asked.which, now),
          canaries_(asked.canary.begin(), asked.canary.end()), missing_(canaries_) {
        for (const auto& name : asked.which.names) {
            auto plain = only_name(name);
            if (plain) names_.insert(std::move(*plain));
            any_name_ = any_name_ || !plain;
            names_.insert(name);
        }
        any_name_ = any_name_ || names_.empty();
    }

    result<void> run(const fs::folder& outbox) {
        const auto folders = names_in(outbox);
        if (!folders) return folders.error();
        for (const auto& folder : *folders) {
            if (folder == fs::ticket_folder || fs::intake::is_reserved_folder(folder)) continue;
            const auto opened = fs::open_folder_in(outbox, folder);
            if (!opened && is_no_case(opened.error())) continue;
            auto done = opened ? look_into(*opened, folder) : result<void>(opened.error());
            if (!done && is_not_permitted(done.error())) {
                found_.left.add_folder(folder); // of one service; the others are none the worse for it
                continue;
            }
            if (!done) return done;
        }
        return {};
    }

    selected_cases finish() {
        found_.missing_canaries.clear();
        for (const auto& name : asked_.canary)
            if (missing_.contains(name)) found_.missing_canaries.push_back(name);
        for (const auto& name : asked_.which.names)
            if (const auto plain = only_name(name); plain && !met_.contains(*plain) && !met_.contains(name))
                found_.left.add_name(*plain);
        found_.cases = choose(asked_, std::move(candidates_), now_);
        return std::move(found_);
    }

  private:
    /// The names of folders, none opened.
    static result<std::vector<std::string>> names_in(const fs::folder& where) {
        std::vector<std::string> names;
        const auto read = fs::intake::for_each_name(where.get(), [&](const char* name, unsigned char type) {
            if (name[0] != '.' && (type == DT_DIR || type == DT_UNKNOWN)) names.emplace_back(name);
        });
        if (!read) return fault(read.error().code, "read " + where.path.string());
        return names;
    }

    result<void> look_into(const fs::folder& service, const std::string& folder) {
        const auto names = names_in(service);
        if (!names) return names.error();
        const auto* const known = services_.find(folder);
        const auto& wanted = asked_.which.services;
        // Who registers a face again gets another face: nothing that happens unless it is asked for by name.
        const bool of_all = wanted.empty() && !(known != nullptr && known->never_repeat_unknown);
        const bool of_service =
            of_all || std::find(wanted.begin(), wanted.end(), known ? known->name : folder) != wanted.end();
        for (const auto& place : *names) {
            const auto plain = std::string(without_number(place));
            const bool named = any_name_ || names_.contains(place) || names_.contains(plain);
            const bool canary = canaries_.contains(place) || canaries_.contains(plain);
            if (!canary && !(of_service && named)) continue;
            if (since_question_++ % between_questions == 0 && !go_on_()) return canceled();
            look_at(service, folder, place);
        }
        return {};
    }

    static fault canceled() { return last_fault(ECANCELED, "select cases"); }

    void look_at(const fs::folder& service, const std::string& folder, const std::string& place) {
        const auto text = fs::read_text(service, place + "/result.json", largest_result);
        // A folder there is a case's: its result.json is no link, and nothing else that is no file.
        if (!text && is_no_case(text.error()) && text.error().code.value() != ELOOP) return;
        ++found_.looked_at;
        meet(place);
        meet(std::string(without_number(place)));
        const auto facts = text ? read_report(*text) : std::nullopt;
        if (!facts || !facts->answered || facts->about.name.empty() || facts->ended_at == utc_time{}) {
            found_.left.add_folder(folder + "/" + place);
            return;
        }
        meet(facts->about.name);
        delivered_case one;
        one.folder = folder;
        one.place = place;
        one.case_name = facts->about.name;
        one.service = facts->about.service;
        one.verdict = verdict_from(facts->word);
        one.answered_at = facts->ended_at;
        one.expires_on = facts->expires_on;
        one.said_expired = facts->document_expired;
        if (!asked_.which.labels.empty()) one.labels = labels_of(service, one);
        const bool canary = canaries_.contains(one.case_name) || canaries_.contains(place);
        missing_.erase(one.case_name);
        missing_.erase(place);
        if (canary || selected_(one)) candidates_.push_back(std::move(one));
    }

    /// A case is called so.
    void meet(const std::string& name) {
        if (names_.contains(name)) met_.insert(name);
    }

    /// A manifest that cannot be read says nothing.
    static std::vector<std::pair<std::string, std::string>> labels_of(const fs::folder& service,
                                                                      const delivered_case& one) {
        for (const auto& name : {std::string("case.json"), one.case_name + ".json"}) {
            const auto text = fs::read_text(service, one.place + "/" + name, largest_manifest);
            if (!text) continue;
            const auto read = parse_manifest(*text);
            if (read) return {read->labels.begin(), read->labels.end()};
        }
        return {};
    }

    const service_table& services_;
    const ticket& asked_;
    utc_time now_;
    const std::function<bool()>& go_on_;
    case_selector selected_;
    std::unordered_set<std::string> names_;
    std::unordered_set<std::string> met_; ///< of `names_`, those that a case has
    bool any_name_ = false;               ///< what a folder is called does not tell that its case is not meant
    std::unordered_set<std::string> canaries_;
    std::unordered_set<std::string> missing_;
    std::size_t since_question_ = 0;
    std::vector<delivered_case> candidates_;
    selected_cases found_;
};

} // namespace

result<selected_cases> select_cases(const fs::spool_layout& layout, const service_table& services, const ticket& asked,
                                    utc_time now, const std::function<bool()>& go_on) {
    const auto outbox = fs::open_root(layout, fs::spool_root::outbox);
    if (!outbox) return outbox.error();
    selection select(services, asked, now, go_on);
    if (auto done = select.run(*outbox); !done) return done.error();
    return select.finish();
}

} // namespace kyc::reverify
