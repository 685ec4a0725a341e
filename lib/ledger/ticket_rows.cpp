#include "ledger/ticket_rows.hpp"

#include "core/json_text.hpp"
#include "ledger/rows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <optional>
#include <string>

namespace kyc::ledger {

namespace json = boost::json;

namespace {

std::string fields_to_json(const std::vector<std::string>& fields) {
    json::array list;
    for (const auto& each : fields)
        list.emplace_back(each);
    return to_json_text(list);
}

std::vector<std::string> fields_from_json(const std::string& text) {
    std::string error;
    const auto parsed = parse_json(text, error);
    std::vector<std::string> fields;
    if (const auto* list = parsed.if_array())
        for (const auto& each : *list)
            if (const auto* field = each.if_string()) fields.emplace_back(field->data(), field->size());
    return fields;
}

std::optional<utc_time> time_or_null(const statement& row, int column) {
    const auto value = row.number_or_null(column);
    if (!value) return std::nullopt;
    return from_milliseconds(*value);
}

constexpr const char* case_columns_of_ticket =
    "number, folder, place, case_name, service, canary, verdict_before, answered_before, end, verdict_after, code, "
    "why, cause, fields, newly_expired, calls, submitted_at, answered_at, ended_at";

ticket_case read_one_case(const statement& row) {
    ticket_case read;
    read.number = static_cast<std::uint64_t>(row.number(0));
    read.folder = row.text(1);
    read.place = row.text(2);
    read.case_name = row.text(3);
    read.service = row.text(4);
    read.canary = row.number(5) != 0;
    read.verdict_before = row.text(6);
    read.answered_before = from_milliseconds(row.number(7));
    read.end = ticket_case_end_from(row.text(8));
    read.verdict_after = row.text(9);
    read.code = row.text(10);
    read.why = row.text(11);
    read.cause = row.text(12);
    read.fields = fields_from_json(row.text(13));
    read.newly_expired = row.number(14) != 0;
    read.calls = static_cast<std::uint32_t>(row.number(15));
    read.submitted_at = time_or_null(row, 16);
    read.answered_at = time_or_null(row, 17);
    read.ended_at = time_or_null(row, 18);
    return read;
}

constexpr const char* ticket_columns =
    "id, name, text, state, why, canaries_accepted, accepted_at, begun_at, ended_at, "
    "place, orders";

ticket_record read_one_ticket(const statement& row) {
    ticket_record read;
    read.id = row.number(0);
    read.name = row.text(1);
    read.text = row.text(2);
    read.state = ticket_state_from(row.text(3));
    read.why = row.text(4);
    read.canaries_accepted = row.number(5) != 0;
    read.accepted_at = from_milliseconds(row.number(6));
    read.begun_at = time_or_null(row, 7);
    read.ended_at = time_or_null(row, 8);
    read.place = row.text(9);
    read.orders = row.text(10);
    return read;
}

} // namespace

std::int64_t insert_or_update_ticket(database& file, const ticket_record& what) {
    statement change(file.handle(), "INSERT INTO ticket (id, name, text, orders, state, why, canaries_accepted, "
                                    "accepted_at, begun_at, ended_at, place) "
                                    "VALUES (?1, ?2, ?3, ?11, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
                                    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, why = excluded.why, "
                                    "canaries_accepted = excluded.canaries_accepted, begun_at = excluded.begun_at, "
                                    "ended_at = excluded.ended_at, place = excluded.place, "
                                    "orders = excluded.orders RETURNING id");
    change.bind(1, what.id == 0 ? std::optional<std::int64_t>() : std::optional(what.id));
    change.bind(2, what.name).bind(3, what.text).bind(4, to_string(what.state)).bind(5, what.why);
    change.bind(6, std::int64_t{what.canaries_accepted ? 1 : 0}).bind(7, to_milliseconds(what.accepted_at));
    change.bind(8, to_milliseconds(what.begun_at))
        .bind(9, to_milliseconds(what.ended_at))
        .bind(10, what.place)
        .bind(11, what.orders);
    change.step();
    const auto id = change.number(0);
    change.reset();
    return id;
}

void insert_ticket_cases(database& file, std::int64_t ticket, const std::vector<ticket_case>& cases) {
    statement insert(
        file.handle(),
        "INSERT OR REPLACE INTO ticket_case (ticket_id, number, folder, place, case_name, service, canary, "
        "verdict_before, answered_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    for (const auto& each : cases) {
        insert.bind(1, ticket).bind(2, static_cast<std::int64_t>(each.number)).bind(3, each.folder);
        insert.bind(4, each.place).bind(5, each.case_name).bind(6, each.service);
        insert.bind(7, std::int64_t{each.canary ? 1 : 0}).bind(8, each.verdict_before);
        insert.bind(9, to_milliseconds(each.answered_before));
        insert.run();
    }
}

void put_ticket_end(database& file, std::int64_t ticket, const ticket_case& which) {
    statement change(file.handle(),
                     "UPDATE ticket_case SET end = ?3, verdict_after = ?4, code = ?5, why = ?6, cause = ?7, "
                     "fields = ?8, newly_expired = ?9, calls = ?10, submitted_at = ?11, answered_at = ?12, "
                     "ended_at = ?13 WHERE ticket_id = ?1 AND number = ?2");
    change.bind(1, ticket).bind(2, static_cast<std::int64_t>(which.number)).bind(3, to_string(which.end));
    change.bind(4, which.verdict_after).bind(5, which.code).bind(6, which.why).bind(7, which.cause);
    change.bind(8, fields_to_json(which.fields)).bind(9, std::int64_t{which.newly_expired ? 1 : 0});
    change.bind(10, std::int64_t{which.calls}).bind(11, to_milliseconds(which.submitted_at));
    change.bind(12, to_milliseconds(which.answered_at)).bind(13, to_milliseconds(which.ended_at));
    change.run();
}

void remove_ticket(database& file, std::int64_t ticket) {
    statement change(file.handle(), "DELETE FROM ticket WHERE id = ?1");
    change.bind(1, ticket).run();
}

void delete_tickets_before(database& file, utc_time time) {
    statement change(file.handle(), "DELETE FROM ticket WHERE state = 'ended' AND ended_at < ?1");
    change.bind(1, to_milliseconds(time)).run();
}

std::vector<ticket_standing> read_tickets(database& file, bool open) {
    std::vector<ticket_standing> all;
    statement query(file.handle(), std::string("SELECT ") + ticket_columns + " FROM ticket" +
                                       (open ? " WHERE state <> 'ended' ORDER BY id" : " ORDER BY id"));
    while (query.step()) {
        ticket_standing each;
        each.about = read_one_ticket(query);
        all.push_back(std::move(each));
    }
    statement sums(file.handle(), "SELECT end, count(*), total(calls) FROM ticket_case WHERE ticket_id = ?1 "
                                  "GROUP BY end");
    for (auto& each : all) {
        sums.bind(1, each.about.id);
        while (sums.step()) {
            const auto end = ticket_case_end_from(sums.text(0));
            const auto cases = static_cast<std::uint64_t>(sums.number(1));
            each.balance.selected += cases;
            each.balance.add(end, cases);
            each.calls += static_cast<std::uint64_t>(sums.number(2));
        }
        sums.reset();
    }
    return all;
}

std::uint64_t calls_in_hand(database& file, std::int64_t ticket) {
    statement query(file.handle(), "SELECT count(*) FROM kyc_case AS c JOIN attempt AS p ON p.case_id = c.id "
                                   "WHERE c.ticket_id = ?1 AND c.state = 'open' AND p.outcome NOT IN ('refused', "
                                   "'not_sent')");
    query.bind(1, ticket);
    query.step();
    return static_cast<std::uint64_t>(query.number(0));
}

std::optional<ticket_record> read_ended_ticket(database& file, const std::string& name) {
    statement query(file.handle(), std::string("SELECT ") + ticket_columns +
                                       " FROM ticket WHERE name = ?1 AND state = 'ended' ORDER BY id DESC LIMIT 1");
    query.bind(1, name);
    if (!query.step()) return std::nullopt;
    return read_one_ticket(query);
}

std::vector<ticket_case> read_ticket_cases(database& file, std::int64_t ticket, std::uint64_t after, std::size_t most,
                                           bool waiting) {
    statement query(file.handle(), std::string("SELECT ") + case_columns_of_ticket +
                                       " FROM ticket_case WHERE ticket_id = ?1 AND number > ?2" +
                                       (waiting ? " AND end = 'waiting'" : "") + " ORDER BY number LIMIT ?3");
    query.bind(1, ticket).bind(2, static_cast<std::int64_t>(after)).bind(3, static_cast<std::int64_t>(most));
    std::vector<ticket_case> some;
    while (query.step())
        some.push_back(read_one_case(query));
    return some;
}

} // namespace kyc::ledger
