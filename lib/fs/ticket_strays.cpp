#include "fs/ticket_strays.hpp"

#include "core/case_name.hpp"
#include "core/plain_text.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/ticket_files.hpp"

#include <algorithm>
#include <optional>
#include <sys/stat.h>

namespace kyc::fs {

namespace {

/// What a stray is by its name and kind.
struct finding {
    std::string why;
    bool may_be_unfinished = false;
};

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

/// "note" of "note.yaml.txt", "note.json", "note".
std::string stem_of(const std::string& file) {
    auto stem = file;
    for (const std::string ending : {".txt", ".json", ".yaml", ".yml"})
        if (stem.size() > ending.size() && lowered(stem).ends_with(ending)) stem.resize(stem.size() - ending.size());
    return stem;
}

/// When it came to stand there under this name: a file that was renamed in may be older.
utc_time came_at(const struct stat& about) {
    using namespace std::chrono;
    const auto& last = std::max(about.st_mtim, about.st_ctim, [](const timespec& a, const timespec& b) {
        return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
    });
    return utc_time(duration_cast<utc_time::duration>(seconds(last.tv_sec) + nanoseconds(last.tv_nsec)));
}

/// The texts of the tickets that lie there, read once, and only if somebody asks.
class ticket_texts {
  public:
    explicit ticket_texts(const spool_layout& layout) : layout_(layout) {}

    /// Whether one of them may mean the file: its text holds the name. Rather one too many.
    [[nodiscard]] bool name(const std::string& file) {
        if (!read_) read_all();
        return unknown_ || std::any_of(texts_.begin(), texts_.end(),
                                       [&](const auto& text) { return text.find(file) != std::string::npos; });
    }

  private:
    void read_all() {
        read_ = true;
        const auto tickets = list_tickets(layout_);
        unknown_ = !tickets;
        if (unknown_) return;
        for (const auto& each : *tickets)
            if (auto text = read_ticket(layout_, each)) texts_.push_back(std::move(*text));
    }

    const spool_layout& layout_;
    bool read_ = false;
    bool unknown_ = false;
    std::vector<std::string> texts_;
};

/// None: it is where it belongs, or nobody's business.
std::optional<finding> look_at(ticket_texts& tickets, const std::string& file, bool is_folder) {
    const bool office = file.starts_with("~$");
    // What is junk by its whole name, or by its begin, is any folder's.
    const bool litter = is_note_name(file) || (is_junk(file) && !office && !is_junk("x" + file));
    if (litter || file.starts_with(".")) return std::nullopt;
    if (is_folder) {
        if (is_junk(file)) return std::nullopt;
        return finding{"a folder is no ticket, and nothing in it is looked at: put NAME.yaml into " +
                       std::string(ticket_folder) + "/ itself"};
    }
    if (office)
        return finding{"its name is that of a file which an office program leaves: remove it, or give it another name"};
    if (is_junk(file))
        return finding{"its name is that of a copy which has not ended: remove it, or copy it again", true};
    if (file.ends_with("~")) return finding{"its name is that of an editor's copy of an earlier text: remove it"};
    if (ticket_named(file)) return std::nullopt;
    if (lowered(file).ends_with(".csv")) {
        if (tickets.name(file)) return std::nullopt;
        return finding{"no ticket here names this CSV: remove it, or drop a ticket that says names: {csv: " +
                           printable(file) + "}",
                       true};
    }
    return finding{"it is no ticket by its name: call it " + printable(stem_of(file)) +
                   ".yaml if it is meant as one, else remove it"};
}

} // namespace

result<std::vector<ticket_stray>> list_strays(const spool_layout& layout, utc_time now,
                                              const stray_patience& patience) {
    std::vector<ticket_stray> found;
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto tickets = open_folder_in(*inbox, ticket_folder);
    if (!tickets && is_absent(tickets.error())) return found;
    if (!tickets) return tickets.error();
    auto names = list_names(*tickets);
    if (!names) return names.error();
    std::sort(names->begin(), names->end());
    ticket_texts texts(layout);
    for (const auto& file : *names) {
        const auto about = stat_in(*tickets, file);
        if (!about) return about.error();
        if (!*about) continue;
        const auto age = now - came_at(**about);
        if (age < std::min(patience.wrong_name, patience.unfinished)) continue;
        auto met = look_at(texts, file, S_ISDIR((*about)->st_mode));
        if (!met) continue;
        const auto wait = met->may_be_unfinished ? patience.unfinished : patience.wrong_name;
        if (age >= wait) found.push_back({file, std::move(met->why)});
    }
    return found;
}

} // namespace kyc::fs
