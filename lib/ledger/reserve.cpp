#include "ledger/reserve.hpp"

#include "core/json_fields.hpp"
#include "core/json_text.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace kyc::ledger {

namespace {

namespace json = boost::json;

/// An open file that closes itself; -1 is none.
class open_file {
  public:
    open_file(const std::filesystem::path& path, int flags)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}

    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;

    ~open_file() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

/// One line of JSON. A slot that was torn by a power cut is no JSON, or has no end.
std::string slot_text(const case_record& record) {
    json::object entry;
    entry["folder"] = record.key.folder;
    entry["name"] = record.key.name;
    entry["lane"] = to_string(record.key.lane);
    entry["service"] = record.service;
    entry["flat"] = record.flat;
    entry["attempts"] = record.attempts;
    entry["number"] = record.last->number;
    entry["taken_at"] = to_iso8601(record.taken_at);
    entry["sent_at"] = to_iso8601(record.last->sent_at);
    entry["received_at"] = to_iso8601(record.submitted_at());
    entry["task"] = record.last->task_id;
    return to_json_text(entry) + "\n";
}

std::optional<case_record> read_slot(std::string_view bytes) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string error;
    const auto parsed = parse_json(bytes.substr(0, end), error);
    const auto* entry = parsed.if_object();
    if (entry == nullptr) return std::nullopt;
    const auto text = [entry](std::string_view key) {
        const auto* found = string_member(*entry, key);
        return found == nullptr ? std::string() : std::string(view_of(*found));
    };
    const auto number = [entry](std::string_view key) {
        const auto* found = member(*entry, key);
        return static_cast<std::uint32_t>(found == nullptr ? 0 : integer_of(*found).value_or(0));
    };
    case_record record;
    record.key = case_key(text("folder"), text("name"), lane_from(text("lane")));
    record.service = text("service");
    record.flat = bool_member(*entry, "flat").value_or(false);
    record.attempts = number("attempts");
    record.taken_at = from_iso8601(text("taken_at")).value_or(utc_time{});
    attempt last;
    last.number = number("number");
    last.sent_at = from_iso8601(text("sent_at")).value_or(utc_time{});
    last.ended_at = from_iso8601(text("received_at"));
    last.outcome = attempt_outcome::accepted;
    last.task_id = text("task");
    if (record.key.name.empty() || last.task_id.empty()) return std::nullopt;
    record.last = std::move(last);
    return record;
}

fault trouble_with(const std::filesystem::path& file, int error, const char* doing) {
    return last_fault(error, std::string(doing) + " " + file.string());
}

result<void> write_at(const open_file& file, const std::filesystem::path& path, std::string_view bytes, off_t offset) {
    while (!bytes.empty()) {
        const auto count = ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return trouble_with(path, errno, "write");
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += count;
    }
    return {};
}

} // namespace

result<void> reserve::read() {
    if (read_) return {};
    const open_file file(file_, O_RDONLY);
    if (file.get() < 0 && errno != ENOENT) return trouble_with(file_, errno, "open");
    if (file.get() >= 0) {
        std::string content(slots * slot_bytes, '\0');
        const auto there = ::pread(file.get(), content.data(), content.size(), 0);
        if (there < 0) return trouble_with(file_, errno, "read");
        for (std::size_t i = 0; i < slots; ++i)
            used_[i] = read_slot(std::string_view(content).substr(i * slot_bytes, slot_bytes));
    }
    read_ = true;
    return {};
}

result<void> reserve::prepare() {
    if (prepared_) return {};
    if (auto done = read(); !done) return done;
    const open_file file(file_, O_RDWR | O_CREAT);
    if (file.get() < 0) return trouble_with(file_, errno, "open");
    const auto there = ::lseek(file.get(), 0, SEEK_END);
    if (there < 0) return trouble_with(file_, errno, "measure");
    // Written, not only allocated: converting reserved blocks on their first write could need space for metadata.
    constexpr auto whole = static_cast<off_t>(slots * slot_bytes);
    if (there < whole) {
        const std::string missing(static_cast<std::size_t>(whole - there), '\0');
        if (const auto written = write_at(file, file_, missing, there); !written) return written.error();
        if (::fsync(file.get()) != 0) return trouble_with(file_, errno, "sync");
        // Its name is on disk long before the first receipt: every group of claims syncs the file system.
    }
    prepared_ = true;
    return {};
}

result<void> reserve::keep(const case_record& record) {
    if (auto ready = prepare(); !ready) return ready;
    const auto same = [&record](const auto& slot) { return slot && slot->key == record.key; };
    auto place = std::find_if(used_.begin(), used_.end(), same);
    if (place != used_.end() && (*place)->last->task_id == record.last->task_id) return {};
    if (place == used_.end()) place = std::find_if(used_.begin(), used_.end(), [](const auto& slot) { return !slot; });
    if (place == used_.end()) return trouble_with(file_, ENOSPC, "find a free place in");
    auto text = slot_text(record);
    if (text.size() > slot_bytes) return trouble_with(file_, EFBIG, "keep a receipt in");
    text.resize(slot_bytes, '\0');
    const open_file file(file_, O_RDWR);
    if (file.get() < 0) return trouble_with(file_, errno, "open");
    const auto offset = static_cast<off_t>(place - used_.begin()) * static_cast<off_t>(slot_bytes);
    if (const auto written = write_at(file, file_, text, offset); !written) return written.error();
    if (::fdatasync(file.get()) != 0) return trouble_with(file_, errno, "sync");
    *place = record;
    return {};
}

void reserve::drop(const case_key& key) {
    for (std::size_t i = 0; i < slots; ++i) {
        if (!used_[i] || used_[i]->key != key) continue;
        const open_file file(file_, O_RDWR);
        const std::string nothing(slot_bytes, '\0');
        const bool cleared = file.get() >= 0 &&
                             write_at(file, file_, nothing, static_cast<off_t>(i * slot_bytes)).has_value() &&
                             ::fdatasync(file.get()) == 0;
        if (cleared) used_[i].reset();
    }
}

std::vector<case_record> reserve::kept() const {
    std::vector<case_record> records;
    for (const auto& slot : used_)
        if (slot) records.push_back(*slot);
    return records;
}

bool reserve::empty() const {
    return std::none_of(used_.begin(), used_.end(), [](const auto& slot) { return slot.has_value(); });
}

} // namespace kyc::ledger
