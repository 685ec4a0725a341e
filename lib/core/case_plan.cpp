#include "core/case_plan.hpp"

#include "core/case_name.hpp"
#include "core/json_text.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>

namespace kyc {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(), lower);
    return copy;
}

std::string together(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts)
        text += part;
    return text;
}

failure bad_manifest(std::string message) {
    return failure(stage::intake, failure_code::bad_manifest, "case.json cannot be used: " + std::move(message));
}

std::string joined(const std::vector<std::string>& words) {
    if (words.empty()) return "none";
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// A name that a producer made up, in a message.
std::string shortened(std::string_view name) {
    constexpr std::size_t enough = 80;
    return std::string(utf8_prefix(name, enough)) + (name.size() > enough ? "…" : "");
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = lower(text[i]);
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

std::string padded(unsigned value, std::size_t width) {
    std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
}

/// "1983-8-2" → "1983-08-02"; none when it is no day of the calendar.
std::optional<std::string> iso_date(std::string_view text) {
    unsigned parts[3] = {};
    std::size_t part = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-' && digits > 0 && part < 2) {
            if (part == 0 && digits != 4) return std::nullopt;
            ++part;
            digits = 0;
        } else if (c >= '0' && c <= '9' && digits < (part == 0 ? 4u : 2u)) {
            parts[part] = parts[part] * 10 + static_cast<unsigned>(c - '0');
            ++digits;
        } else {
            return std::nullopt;
        }
    }
    if (part != 2 || digits == 0) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(parts[0])), std::chrono::month(parts[1]),
                                          std::chrono::day(parts[2])};
    if (!day.ok() || parts[0] == 0) return std::nullopt;
    return padded(parts[0], 4) + "-" + padded(parts[1], 2) + "-" + padded(parts[2], 2);
}

/// What the service cannot take, in `files`, `fields` and `extend_data`.
std::optional<failure> objection_to(const service& target, const manifest& said, bool flat) {
    if (flat && !said.files.empty()) {
        return bad_manifest(
            "files is only for a case in a folder of its own; name the files <case>.<field>.<ext> instead");
    }
    for (const auto& [field, name] : said.files) {
        if (!contains(target.images, field)) {
            return bad_manifest("files." + shortened(field) + ": " + target.name +
                                " has no such image; its images are " + joined(target.images));
        }
        if (is_junk(name) || name == "case.json") {
            return bad_manifest(
                together({"files.", field, ": ", name, " is never uploaded because of its name; rename the file"}));
        }
        for (const auto& [other, its_name] : said.files) {
            if (other < field && its_name == name) {
                return bad_manifest(together({"files.", other, " and files.", field, " name the same file, ", name}));
            }
        }
    }
    for (const auto& [field, value] : said.fields) {
        if (field == "extend_data" && target.extend_data) {
            return bad_manifest("extend_data belongs beside fields, as true or false, not inside it");
        }
        if (!contains(target.fields, field)) {
            return bad_manifest("fields." + shortened(field) + ": " + target.name +
                                " has no such field; its fields are " + joined(target.fields));
        }
    }
    if (said.extend_data && !target.extend_data) {
        return bad_manifest("extend_data: " + target.name + " does not take it; its fields are " +
                            joined(target.fields));
    }
    return std::nullopt;
}

/// The form fields, in the service's order. No value is ever named in a message: they are about a person.
std::optional<failure> plan_fields(const service& target, const manifest& said, case_plan& plan) {
    for (const auto& field : target.fields) {
        const auto given = said.fields.find(field);
        if (given == said.fields.end() || is_blank(given->second)) {
            plan.missing.push_back(field);
            continue;
        }
        std::string value = given->second;
        if (field == "uuid" && !is_uuid(value)) {
            return bad_manifest("fields.uuid must be a UUID (8-4-4-4-12 hexadecimal digits)");
        }
        if (field == "birth_date") {
            auto date = iso_date(value);
            if (!date) return bad_manifest("fields.birth_date must be a date of the calendar written YYYY-MM-DD");
            value = std::move(*date);
        }
        plan.fields.emplace_back(field, std::move(value));
    }
    return std::nullopt;
}

/// Which image field a name stands for by itself; none if it stands for none.
std::optional<std::string> field_of(const service& target, const std::string& name, std::string_view flat_case) {
    if (is_junk(name)) return std::nullopt;
    if (!flat_case.empty()) {
        auto read = read_flat_name(target, name);
        if (read.what != flat_name::kind::image || read.case_name != flat_case) return std::nullopt;
        return read.field;
    }
    if (name == "case.json") return std::nullopt;
    const std::string stem = lowered(name.substr(0, name.rfind('.')));
    for (const auto& field : target.images) {
        if (stem == lowered(field)) return field;
    }
    return std::nullopt;
}

} // namespace

boost::system::result<case_plan, failure> plan_case(const service& target, const std::vector<std::string>& names,
                                                    const manifest& said, std::string_view flat_case) {
    if (auto objection = objection_to(target, said, !flat_case.empty())) return std::move(*objection);
    case_plan plan;
    std::map<std::string, std::string> chosen; // field → file
    for (const auto& [field, name] : said.files) {
        if (contains(names, name)) chosen.emplace(field, name);
    }
    for (const auto& name : names) {
        const bool mapped =
            std::any_of(said.files.begin(), said.files.end(), [&](const auto& f) { return f.second == name; });
        const auto field = mapped ? std::nullopt : field_of(target, name, flat_case);
        if (!field || said.files.count(*field)) continue;
        const auto [other, is_first] = chosen.emplace(*field, name);
        if (!is_first) {
            const auto [one, two] = std::minmax(other->second, name);
            return failure(stage::intake, failure_code::ambiguous_files,
                           together({"two files stand for ", *field, ": ", one, " and ", two,
                                     "; leave one, or name the right one in case.json under files"}));
        }
    }
    for (const auto& field : target.images) {
        if (const auto file = chosen.find(field); file != chosen.end()) {
            plan.images.push_back({field, file->second});
        } else {
            plan.missing.push_back(field);
        }
    }
    if (auto objection = plan_fields(target, said, plan)) return std::move(*objection);
    return plan;
}

} // namespace kyc
