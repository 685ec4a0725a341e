#include "status/status_files.hpp"

#include "async/signal.hpp"
#include "core/json_text.hpp"
#include "core/json_writer.hpp"
#include "fs/atomic_file.hpp"
#include "fs/spool_identity.hpp"
#include "fs/tree.hpp"
#include "log/log.hpp"
#include "told/status_text.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace kyc {

namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

/// What readers may count on: a minute, or three rounds where those are long.
std::chrono::milliseconds at_least_every(std::chrono::milliseconds interval) {
    return std::max<std::chrono::milliseconds>(std::chrono::seconds(60), 3 * interval);
}

/// How soon a setting that is off is looked at again: a reload may have set it.
constexpr std::chrono::seconds when_off{5};

/// What is in the files when nothing has happened, and yet another number each time.
bool changes_by_itself(std::string_view key) {
    for (const auto each : {"now", "loop", "disk", "latency", "ages", "size_bytes", "health"})
        if (key == each) return true;
    return key.ends_with("_seconds");
}

json::value without_clocks(const json::value& from) {
    if (const auto* list = from.if_array()) {
        json::array kept;
        for (const auto& each : *list)
            kept.push_back(without_clocks(each));
        return kept;
    }
    const auto* object = from.if_object();
    if (object == nullptr) return from;
    json::object kept;
    for (const auto& each : *object)
        if (!changes_by_itself(each.key())) kept[each.key()] = without_clocks(each.value());
    return kept;
}

/// The document with the member that only the file has.
std::string file_text(const json::object& status, const text_occasion& when) {
    json_writer out;
    out.begin_object();
    for (const auto& each : status) {
        out.key(each.key());
        out.value(each.value());
    }
    out.key("file");
    out.begin_object();
    out.key("written_at");
    out.text(to_iso8601(when.now));
    out.key("at_least_every_seconds");
    out.integer(std::int64_t{when.at_least_every.count()});
    out.key("stopped");
    out.boolean(when.stopped);
    out.end_object();
    out.end_object();
    return std::move(out).finish();
}

/// One round of writing, on the pool. The new state if files were written, none if the old ones still tell it.
result<std::optional<std::string>> write_files_of(const case_world& world, const std::filesystem::path& spool,
                                                  const std::string& said, const std::string& told_before, bool due,
                                                  text_occasion when) {
    // Below a mount that has gone lies another folder.
    const auto identity = fs::read_identity(world.layout);
    if (!identity) return identity.error();
    if (*identity != world.spool) return last_fault(ESTALE, "write beside " + world.layout.roots().work.string());
    std::string error;
    const auto parsed = parse_json(said, error, {std::size_t{64} << 20});
    const auto* status = parsed.if_object();
    if (status == nullptr) return last_fault(EBADMSG, "read kycd's own status: " + error);

    const auto body = status_body(*status, when.now);
    auto told = to_json_text(without_clocks(parsed)) + body;
    if (!due && told == told_before) return std::optional<std::string>();
    const auto where = fs::open_folder(spool);
    if (!where) return where.error();
    const auto mode = fs::file_mode(world.access);
    const auto group = world.access.group;
    if (auto done = fs::replace_file(*where, "status.json", file_text(*status, when), mode, group); !done)
        return done.error();
    if (auto done = fs::replace_file(*where, "status.txt", status_head(*status, when) + body, mode, group); !done)
        return done.error();
    return std::optional<std::string>(std::move(told));
}

} // namespace

async::awaitable<void> status_files::keep() {
    for (;;) {
        const auto config = world_.config;
        if (config->status_files && !config->spool.empty()) co_await write(false);
        if (!config->status_files && written_) co_await remove();
        co_await async::sleep_for(config->status_files.value_or(when_off));
    }
}

/// Switched off by a reload: what the files say of themselves, that they are brought up to date, is no longer true.
async::awaitable<void> status_files::remove() {
    written_.reset();
    auto take_away = [spool = world_.config->spool]() {
        for (const auto* name : {"status.json", "status.txt"}) {
            std::error_code ignored; // an old one that stays is the lesser evil
            std::filesystem::remove(spool / name, ignored);
        }
    };
    co_await world_.pool.run(take_away);
}

async::awaitable<void> status_files::end() {
    if (world_.config->status_files && !world_.config->spool.empty()) co_await write(true);
}

async::awaitable<void> status_files::write(bool stopped) {
    const auto config = world_.config;
    const auto said = text_();
    const auto now = steady_clock::now();
    const auto promised = at_least_every(*config->status_files);
    // This round was late, and the next may be, too.
    const bool due = stopped || !written_ || now - written_->at >= promised - 2 * *config->status_files;
    text_occasion when;
    when.now = std::chrono::system_clock::now();
    when.at_least_every = std::chrono::ceil<std::chrono::seconds>(promised);
    when.stopped = stopped;
    const std::string told_before = written_ ? written_->told : std::string();
    auto put = [this, &config, &said, &told_before, due, when]() {
        return write_files_of(world_, config->spool, said, told_before, due, when);
    };
    const auto done = co_await world_.pool.run(put);
    if (!done) {
        if (!std::exchange(in_trouble_, true))
            log::warning("status.json and status.txt cannot be written, which holds up nothing else: " +
                         done.error().message());
        co_return;
    }
    if (std::exchange(in_trouble_, false)) log::info("status.json and status.txt are written again");
    if (*done) written_ = written_state{**done, now};
}

} // namespace kyc
