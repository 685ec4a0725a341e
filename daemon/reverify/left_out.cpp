#include "reverify/left_out.hpp"

#include "core/json_fields.hpp"
#include "core/json_members.hpp"
#include "core/json_text.hpp"
#include "core/plain_text.hpp"
#include "text/words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>

namespace kyc::reverify {

namespace {

namespace json = boost::json;

constexpr std::size_t named_at_most = 10;
constexpr std::string_view comment = "# left out: ";

/// A folder's name may be any bytes.
void add(std::vector<std::string>& to, std::string_view name) {
    if (to.size() == named_at_most) return;
    to.push_back(readable_bytes(name) == name.size() ? std::string(name) : printable(name));
}

json::array to_array(const std::vector<std::string>& names) {
    json::array list;
    for (const auto& each : names)
        list.emplace_back(each);
    return list;
}

std::vector<std::string> names_at(const json::object& from, std::string_view key) {
    std::vector<std::string> names;
    const auto* const found = member(from, key);
    const auto* const list = found == nullptr ? nullptr : found->if_array();
    if (list == nullptr) return names;
    for (const auto& each : *list)
        if (const auto* const name = each.if_string()) names.emplace_back(view_of(*name));
    return names;
}

std::uint64_t count_at(const json::object& from, std::string_view key) {
    const auto* const found = member(from, key);
    const auto said = found == nullptr ? std::nullopt : integer_of(*found);
    return said && *said > 0 ? static_cast<std::uint64_t>(*said) : 0;
}

/// ": a, b and 3 more"
std::string names_words(std::uint64_t all, const std::vector<std::string>& names) {
    std::string words;
    for (const auto& each : names)
        words += (words.empty() ? ": " : ", ") + each;
    if (all > names.size()) words += " and " + std::to_string(all - names.size()) + " more";
    return words;
}

void write_names(json_writer& out, std::string_view key, const std::vector<std::string>& names) {
    out.key(key);
    out.begin_array();
    for (const auto& each : names)
        out.text(each);
    out.end_array();
}

} // namespace

void left_out::add_name(std::string_view name) {
    ++not_delivered;
    add(names, name);
}

void left_out::add_folder(std::string_view folder) {
    ++unreadable;
    add(folders, folder);
}

void write_left_out(json_writer& out, const left_out& what) {
    write_number(out, "not_delivered", what.not_delivered);
    write_names(out, "not_delivered_names", what.names);
    write_number(out, "unreadable", what.unreadable);
    write_names(out, "unreadable_folders", what.folders);
}

std::vector<std::string> left_out_words(const left_out& what) {
    std::vector<std::string> words;
    if (what.not_delivered != 0)
        words.push_back(count_words(what.not_delivered, "name is that of no delivered case",
                                    "names are those of no delivered case") +
                        names_words(what.not_delivered, what.names));
    if (what.unreadable != 0)
        words.push_back(count_words(what.unreadable, "folder in the outbox has", "folders in the outbox have") +
                        " a result.json that cannot be read" + names_words(what.unreadable, what.folders));
    return words;
}

std::string left_out_comment(const left_out& what) {
    if (what.not_delivered == 0 && what.unreadable == 0) return {};
    json::object all;
    all["not_delivered"] = what.not_delivered;
    all["names"] = to_array(what.names);
    all["unreadable"] = what.unreadable;
    all["folders"] = to_array(what.folders);
    return std::string(comment) + to_json_text(all) + "\n";
}

left_out left_out_in(std::string_view text) {
    left_out read;
    const auto begins = text.rfind(comment);
    if (begins == std::string_view::npos) return read;
    text.remove_prefix(begins + comment.size());
    std::string error;
    const auto parsed = parse_json(text.substr(0, text.find('\n')), error);
    const auto* const all = parsed.if_object();
    if (all == nullptr) return read;
    read.not_delivered = count_at(*all, "not_delivered");
    read.names = names_at(*all, "names");
    read.unreadable = count_at(*all, "unreadable");
    read.folders = names_at(*all, "folders");
    return read;
}

} // namespace kyc::reverify
