#include "import/import_run.hpp"

#include "core/plain_text.hpp"
#include "core/units.hpp"
#include "fs/sha256.hpp"
#include "image/gate.hpp"

#include <istream>
#include <span>
#include <stdexcept>

namespace kyc {

namespace {

/// So much is staged before it is made durable and renamed in: a sync for each case would be most of the time, and what
/// is staged is what a kill loses.
constexpr std::size_t group_cases = 256;
constexpr std::uint64_t group_bytes = std::uint64_t{64} << 20;

/// What a small file takes on most disks, whatever it holds.
constexpr std::uint64_t block = 4096;

std::uint64_t on_disk(std::uint64_t bytes) {
    return (bytes + block - 1) / block * block;
}

import_end halted(std::string words) {
    return {import_end::trouble, std::move(words)};
}

std::optional<std::string> image_objection(std::span<const std::byte> bytes) {
    const auto checked = image::check_image(bytes);
    if (checked) return std::nullopt;
    return checked.error().finding + "; " + checked.error().rule;
}

} // namespace

void throw_exception_from_error(const import_end& error, const boost::source_location&) {
    throw std::logic_error("unchecked: " + error.words);
}

import_run::name_print import_run::print_of(const case_key& key) {
    const auto text = key.folder + '/' + key.name;
    const auto hex = fs::sha256_hex(std::as_bytes(std::span(text)));
    return {std::stoull(hex.substr(0, 16), nullptr, 16), std::stoull(hex.substr(16, 16), nullptr, 16)};
}

import_end import_run::each_row(const std::function<import_end(const csv_row&)>& visit) {
    tally_ = {};
    names_.clear();
    with_.file.clear();
    with_.file.seekg(0);
    csv_stream rows([this](std::span<char> into) {
        with_.file.read(into.data(), static_cast<std::streamsize>(into.size()));
        return static_cast<std::size_t>(with_.file.gcount());
    });
    if (const auto header = rows.read_header(); !header) return {import_end::not_csv, header.error()};
    for (;;) {
        if (with_.stop()) return {import_end::stopped, "it was stopped"};
        auto row = rows.next_or_broken();
        if (with_.file.bad()) return halted("the file cannot be read to its end");
        if (!row) return {import_end::not_csv, row.error()};
        if (!*row) return {};
        ++tally_.rows;
        if (const auto* broken = std::get_if<broken_row>(&**row))
            refuse(csv_row{broken->line, {}}, {"not_csv", broken->why});
        else if (auto end = visit(std::get<csv_row>(**row)); end.why != import_end::finished)
            return end;
        with_.on_progress(tally_);
    }
}

void import_run::refuse(const csv_row& row, const bad_row& why) {
    ++tally_.bad;
    if (telling_) with_.on_bad(row, why);
}

/// None: it was counted as what it is.
boost::system::result<std::optional<fs::import_case>, import_end> import_run::good_case(const csv_row& row) {
    using outcome = std::optional<fs::import_case>;
    auto wanted = with_.columns.case_of(row, with_.root_path, with_.config.intake.ready == ready_rule::marker);
    if (!wanted) {
        refuse(row, wanted.error());
        return outcome();
    }
    const auto [first, is_first] = names_.try_emplace(print_of(wanted->key), row.line);
    if (!is_first) {
        refuse(row, {"duplicate", "line " + std::to_string(first->second) + " has a case of this name already"});
        return outcome();
    }
    const auto known = with_.known.has(wanted->key, !with_.again);
    if (!known) return halted(known.error());
    if (*known) {
        ++tally_.already_there;
        return outcome();
    }
    return outcome(std::move(*wanted));
}

import_end import_run::look_at(const csv_row& row) {
    const auto wanted = good_case(row);
    if (!wanted) return wanted.error();
    if (!*wanted) return {};
    std::uint64_t bytes = 0;
    std::uint64_t room = block + on_disk((*wanted)->manifest.size());
    for (const auto& [name, path] : (*wanted)->images) {
        const auto opened = fs::open_source(with_.root, path, image::max_bytes);
        std::optional<fs::source_trouble> met;
        std::optional<std::string> objection;
        if (!opened) {
            met = opened.error();
        } else if (telling_ && with_.check_images) {
            const auto read = fs::read_source(*opened);
            if (!read) met = read.error();
            if (read) objection = image_objection(*read);
        }
        if (objection) met = fs::unfit_file(fs::unfit::refused, printable(path) + ": " + *objection);
        if (met && std::holds_alternative<fault>(*met)) return halted(std::get<fault>(*met).message());
        if (met) {
            refuse(row, bad_row_for(std::get<fs::unfit_file>(*met)));
            return {};
        }
        bytes += opened->bytes;
        room += on_disk(opened->bytes);
    }
    ++tally_.imported;
    tally_.bytes += bytes;
    tally_.room_for_bytes += room;
    tally_.room_for_files +=
        1 + (*wanted)->images.size() + ((*wanted)->manifest.empty() ? 0 : 1) + ((*wanted)->marker ? 1 : 0);
    return {};
}

import_end import_run::survey(bool telling) {
    telling_ = telling;
    auto end = each_row([this](const csv_row& row) { return look_at(row); });
    telling_ = true;
    return end;
}

import_end import_run::bring_in(fs::case_import& into) {
    const auto came = into.bring_in();
    std::size_t next = 0; // those that arrived come in the order in which they were staged
    for (const auto& row : staged_) {
        if (next < came.arrived.size() && came.arrived[next] == row.key) {
            ++next;
            ++tally_.imported;
            tally_.bytes += row.bytes;
        }
    }
    tally_.already_there += came.taken.size();
    staged_.clear();
    staged_bytes_ = 0;
    return came.trouble ? halted(came.trouble->message()) : import_end();
}

import_end import_run::stage(fs::case_import& into, const csv_row& row) {
    const auto wanted = good_case(row);
    if (!wanted) return wanted.error();
    if (!*wanted) return {};
    const auto check = with_.check_images ? fs::case_import::image_check(image_objection) : nullptr;
    const auto bytes = into.stage(with_.root, **wanted, image::max_bytes, check);
    if (!bytes) {
        const auto met = bytes.error();
        if (const auto* system = std::get_if<fault>(&met)) return halted(system->message());
        refuse(row, bad_row_for(std::get<fs::unfit_file>(met)));
        return {};
    }
    staged_.push_back({(*wanted)->key, *bytes});
    staged_bytes_ += *bytes;
    if (staged_.size() < group_cases && staged_bytes_ < group_bytes) return {};
    return bring_in(into);
}

import_end import_run::carry_out(fs::case_import& into) {
    const auto needed = std::exchange(tally_, {});
    const auto room = into.room();
    if (!room) return halted(room.error().message());
    if (room->bytes < needed.room_for_bytes || room->files.value_or(needed.room_for_files) < needed.room_for_files)
        return {import_end::no_room,
                "it takes " + format_size(needed.room_for_bytes) + " and " + std::to_string(needed.room_for_files) +
                    " files, and in the inbox there is room for " + format_size(room->bytes) +
                    (room->files ? " and " + std::to_string(*room->files) + " files" : std::string())};
    auto end = each_row([this, &into](const csv_row& row) { return stage(into, row); });
    // What is staged is whole, whatever ended this.
    const auto last = bring_in(into);
    return end.why == import_end::finished ? last : end;
}

} // namespace kyc
