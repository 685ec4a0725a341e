#include "fs/case_marks.hpp"

#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/json_writer.hpp"
#include "fs/atomic_file.hpp"
#include "fs/claim_steps.hpp"

#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

constexpr std::uint64_t max_refusal_bytes = 1 << 20;

std::string joined(const mark_folders& names, const std::string& last) {
    std::string text;
    for (const auto& name : names)
        text += name + '/';
    return text + last;
}

mark_folders flat_marks(const case_key& key) {
    return {".flat", key.folder};
}

mark_folders refusal_marks(const case_key& key) {
    return {".refused", key.folder};
}

std::string refusal_text(const failure& why) {
    json_writer out;
    out.begin_object();
    out.key("stage");
    out.text(to_string(why.stage));
    out.key("code");
    out.text(to_string(why.code));
    out.key("message");
    out.text(why.message);
    out.key("advice");
    out.text(why.advice);
    out.end_object();
    return std::move(out).finish();
}

std::optional<failure> parse_refusal(const std::string& text) {
    std::string error;
    const auto parsed = parse_json(text, error);
    const auto* said = parsed.if_object();
    if (said == nullptr) return std::nullopt;
    const auto word = [said](std::string_view key) {
        const auto* found = string_member(*said, key);
        return found == nullptr ? std::string{} : std::string{view_of(*found)};
    };
    const auto where = stage_from(word("stage"));
    const auto code = failure_code_from(word("code"));
    if (!where || !code) return std::nullopt;
    failure why{*where, *code, word("message")};
    why.advice = word("advice");
    return why;
}

} // namespace

result<bool> has_mark(const folder& work, const mark_folders& where, const std::string& name) {
    const auto found = stat_in(work, joined(where, name));
    if (!found) return found.error();
    return found->has_value();
}

result<void> set_mark(const folder& work, const mark_folders& where, const std::string& name, bool durable) {
    if (durable) return write_note(work, where, name, {});
    const auto parent = make_private(work, where);
    if (!parent) return parent.error();
    const auto made = open_beneath(*parent, name, O_WRONLY | O_CREAT, 0600);
    if (!made) return made.error();
    return {};
}

result<void> clear_mark(const folder& work, const mark_folders& where, const std::string& name) {
    const auto path = joined(where, name);
    if (::unlinkat(work.get(), path.c_str(), 0) == 0 || errno == ENOENT) return {};
    return work.trouble_with(errno, "remove", path);
}

result<void> write_note(const folder& work, const mark_folders& folders, const std::string& name,
                        std::string_view text) {
    const auto parent = make_private(work, folders);
    if (!parent) return parent.error();
    if (auto done = write_atomically(*parent, name, text, 0600); !done) return done;
    // The folders may be new, or have been made by a call that could not sync them; notes are rare enough to ask.
    for (std::size_t depth = folders.size() - 1; depth > 0; --depth) {
        const auto above =
            open_folder_in(work, joined({folders.begin(), folders.begin() + static_cast<std::ptrdiff_t>(depth)}, "."));
        if (!above) return above.error();
        if (auto done = sync(*above); !done) return done;
    }
    return sync(work);
}

result<bool> has_flat_mark(const folder& work, const case_key& key) {
    return has_mark(work, flat_marks(key), key.name);
}

result<void> put_flat_mark(const folder& work, const case_key& key, bool flat, bool durable) {
    if (flat) return set_mark(work, flat_marks(key), key.name, durable);
    return clear_mark(work, flat_marks(key), key.name);
}

result<void> put_refusal(const folder& work, const case_key& key, const failure* why) {
    if (why != nullptr) return write_note(work, refusal_marks(key), key.name, refusal_text(*why));
    const auto stale = has_mark(work, refusal_marks(key), key.name);
    if (!stale) return stale.error();
    if (!*stale) return {};
    if (auto done = clear_mark(work, refusal_marks(key), key.name); !done) return done;
    // It must not come back beside a case that was paid for.
    const auto parent = make_private(work, refusal_marks(key));
    if (!parent) return parent.error();
    return sync(*parent);
}

result<std::optional<failure>> refusal_of(const folder& work, const case_key& key) {
    const auto where = refusal_marks(key);
    const auto marked = has_mark(work, where, key.name);
    if (!marked) return marked.error();
    if (!*marked) return std::optional<failure>{};
    const auto text = read_text(work, joined(where, key.name), max_refusal_bytes);
    if (!text && text.error().code.value() != EFBIG) return text.error();
    auto why = text ? parse_refusal(*text) : std::nullopt;
    if (!why)
        why = failure{stage::intake, failure_code::file_unreadable,
                      "kycd refused this case before it was stopped, but its note of the reason, " +
                          (work.path / joined(where, key.name)).string() + ", cannot be understood"};
    return why;
}

void forget_marks(const folder& work, const case_key& key) {
    static_cast<void>(clear_mark(work, flat_marks(key), key.name));
    static_cast<void>(clear_mark(work, refusal_marks(key), key.name));
}

} // namespace kyc::fs
