#pragma once
// The ledger's statements: what is written and how, without any idea of coroutines.

#include "ledger/records.hpp"
#include "ledger/sqlite.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kyc::ledger {

/// The connection that writes, with its prepared statements. One thread at a time. Every function throws sqlite_error.
class store {
  public:
    /// Opens or makes the file, checks that it is sound, and lifts its schema.
    explicit store(const std::filesystem::path& file);

    /// Everything between begin() and commit() is durable, or none of it.
    void begin();
    void commit();
    void rollback() noexcept;

    /// See ledger::put_intent.
    std::optional<duplicate_facts> put_intent(case_record record);
    void put(const case_record& record);
    void close(const case_record& record, const case_end& end);
    void note(const case_key& key, const event& what);

    void put_answer_times(const std::string& service, const std::string& learnt);
    [[nodiscard]] std::map<std::string, std::string> answer_times();

    [[nodiscard]] std::optional<earlier_answer> answered(const std::string& fingerprint, utc_time since);
    void forget_answers(utc_time before);

    /// See ledger::ended_before and ledger::reduce.
    [[nodiscard]] std::vector<ended_row> ended_before(std::optional<utc_time> delivered, std::optional<utc_time> failed,
                                                      std::int64_t after, std::size_t most);
    void reduce(std::int64_t id);

    /// What was forgotten goes from the files, too: a page that was written anew stands there as it was until the
    /// write-ahead log is put into the database, and in that log until it is cut (sqlite.org/wal.html). Not inside a
    /// transaction. While somebody reads, or the disk does not allow it, the next call tries again. `forgotten`:
    /// anything since the last call.
    void wipe(bool forgotten);

    /// False when a case that ended at this place is known already.
    bool add_ended(const case_history& ended);

    [[nodiscard]] std::vector<case_record> open_cases();

    /// Whether any attempt, of whatever case, was accepted as this task. Slow.
    [[nodiscard]] bool knows_task(const std::string& task_id);

    /// The table `about`: "spool" (whose ledger it is), "rebuild" ("yes": the folders know more), "clean" ("yes":
    /// closed in order). Empty when it is not there.
    [[nodiscard]] std::string about(std::string_view key);
    void set_about(std::string_view key, std::string_view value);

    [[nodiscard]] database& file() { return database_; }

  private:
    std::int64_t put_case(const case_record& record);
    std::int64_t add_end(const case_record& record, const case_end& end);
    void put_attempt(std::int64_t id, const attempt& what);
    void put_images(std::int64_t id, const std::vector<file_facts>& sent);
    std::optional<duplicate_facts> sent_earlier(const case_record& record);
    std::optional<std::int64_t> open_id(const case_key& key);

    database database_;
    bool wiped_ = false; ///< an earlier process may not have come to it
    std::optional<statement> open_id_, add_case_, put_case_, add_attempt_, put_attempt_, put_image_, same_image_,
        same_fields_, end_case_, add_ended_, put_answer_, put_event_;
};

} // namespace kyc::ledger
