#include "import/import_rows.hpp"

#include "core/case_name.hpp"
#include "core/case_plan.hpp"
#include "core/json_writer.hpp"
#include "core/manifest.hpp"
#include "core/plain_text.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

namespace kyc {

namespace {

constexpr std::string_view label_prefix = "label.";
constexpr std::string_view field_prefix = "field.";
constexpr std::string_view report_prefix = "import.";

std::string lowered(std::string_view text) {
    std::string low(text);
    std::transform(low.begin(), low.end(), low.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return low;
}

bool is_special(std::string_view title) {
    return title == "name" || title == "service" || title == "priority" || title == "extend_data";
}

/// What the columns of fields may be called.
std::set<std::string> known_fields(const service_table& services) {
    std::set<std::string> known;
    for (const auto& each : services.all()) {
        for (const auto* names : {&each.images, &each.fields})
            for (const auto& name : *names)
                known.insert(lowered(name));
    }
    return known;
}

std::string joined(const std::set<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// ".jpg" for "scans/a.jpg": what follows the last dot, as far as it is a harmless ending.
std::string ending_of(const std::string& path, const std::string& field) {
    const auto ending = std::filesystem::path(path).extension().string();
    const bool plain =
        ending.size() > 1 && ending.size() <= 9 && std::all_of(ending.begin() + 1, ending.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        });
    return plain && !is_junk(field + ending) ? ending : std::string();
}

/// "true", "false", whatever the letters' case, as spreadsheets write it; none for another word.
std::optional<bool> truth_in(std::string_view text) {
    const auto word = lowered(text);
    if (word == "true") return true;
    if (word == "false") return false;
    return std::nullopt;
}

void write_texts(json_writer& out, const char* key, const std::map<std::string, std::string>& texts) {
    if (texts.empty()) return;
    out.key(key);
    out.begin_object();
    for (const auto& [name, text] : texts) {
        out.key(name);
        out.text(text);
    }
    out.end_object();
}

/// The text of case.json; empty when it would say nothing.
std::string manifest_text(const manifest& said) {
    if (said.fields.empty() && said.labels.empty() && !said.extend_data && !said.high_priority) return {};
    json_writer out;
    out.begin_object();
    write_texts(out, "fields", said.fields);
    if (said.extend_data) {
        out.key("extend_data");
        out.boolean(*said.extend_data);
    }
    if (said.high_priority) {
        out.key("priority");
        out.text("high");
    }
    write_texts(out, "labels", said.labels);
    out.end_object();
    return std::move(out).finish();
}

} // namespace

bad_row bad_row_for(const fs::unfit_file& file) {
    switch (file.what) {
    case fs::unfit::outside:
        return {"outside_root", file.why};
    case fs::unfit::missing:
        return {"file_missing", file.why};
    case fs::unfit::unreadable:
        return {"file_unreadable", file.why};
    case fs::unfit::not_regular:
        return {"not_a_regular_file", file.why};
    case fs::unfit::empty:
        return {"file_empty", file.why};
    case fs::unfit::too_large:
        return {"file_too_large", file.why};
    case fs::unfit::changed:
        return {"file_changed", file.why};
    case fs::unfit::refused:
        return {"bad_image", file.why};
    }
    return {"file_missing", file.why};
}

void throw_exception_from_error(const bad_row& error, const boost::source_location&) {
    throw std::logic_error("unchecked: " + error.why);
}

boost::system::result<import_columns, std::string> import_columns::read(const csv_table& header,
                                                                        const service_table& services) {
    import_columns found(services);
    const auto name = header.column("name");
    const auto service = header.column("service");
    if (!name || !service)
        return "there is no column \"" + std::string(name ? "service" : "name") + "\" in line " +
               std::to_string(header.header_line) + "; there are: " + header.columns_in_words();
    found.name_ = *name;
    found.service_ = *service;
    found.priority_ = header.column("priority");
    found.count_ = header.header.size();
    const auto known = known_fields(services);
    for (std::size_t place = 0; place < header.header.size(); ++place) {
        const auto& written = header.header[place];
        const auto title = lowered(written);
        // Spreadsheets leave columns without a name behind; what stands in them is nobody's.
        if (title.empty() || title.starts_with(report_prefix)) continue;
        if (title.starts_with(label_prefix) && title.size() > label_prefix.size()) {
            found.labels_[written.substr(label_prefix.size())] = place;
        } else if (title == "extend_data") {
            found.fields_[title] = place;
        } else if (title.starts_with(field_prefix) && known.count(title.substr(field_prefix.size())) != 0) {
            found.fields_[title] = place;
        } else if (!is_special(title)) {
            if (known.count(title) == 0)
                return "no service knows the column \"" + printable(written) + "\" in line " +
                       std::to_string(header.header_line) +
                       "; known are name, service, priority, extend_data, label.X, " + joined(known);
            found.fields_[title] = place;
        }
    }
    return found;
}

std::optional<std::size_t> import_columns::column_of(const std::string& field) const {
    const auto low = lowered(field);
    auto found = fields_.find(std::string(field_prefix) + low);
    if (found == fields_.end() && (!is_special(low) || low == "extend_data")) found = fields_.find(low);
    if (found == fields_.end()) return std::nullopt;
    return found->second;
}

std::optional<bad_row> import_columns::objection_to(const csv_row& row, const service& target) const {
    std::set<std::size_t> taken;
    for (const auto* names : {&target.images, &target.fields})
        for (const auto& name : *names)
            if (const auto place = column_of(name)) taken.insert(*place);
    for (const auto& [title, place] : fields_) {
        if (title == "extend_data" && target.extend_data) continue;
        if (taken.count(place) == 0 && !row.cell(place).empty())
            return bad_row("not_of_service", title + ": " + target.name + " takes none; leave it empty");
    }
    for (const auto& name : target.images) {
        const auto place = column_of(name);
        if (!place || row.cell(*place).empty()) return bad_row("missing", name + " is missing");
    }
    return std::nullopt;
}

boost::system::result<fs::import_case, bad_row>
import_columns::case_of(const csv_row& row, const std::filesystem::path& root, bool marker) const {
    if (auto why = row.too_long_for(count_)) return bad_row("bad_row", std::move(*why));
    fs::import_case made;
    made.marker = marker;
    made.key = case_key(std::string(service_in(row)), std::string(name_in(row)));
    const auto* target = services_.find(made.key.folder);
    if (made.key.folder.empty()) return bad_row("unknown_service", "service is empty");
    if (target == nullptr) return bad_row("unknown_service", "there is no service " + quote_text(made.key.folder));
    if (const auto why = case_name_objection(made.key.name))
        return bad_row("bad_name", "the name cannot be a case's: " + *why);
    if (is_junk(made.key.name))
        return bad_row("bad_name", "the name cannot be a case's: kycd takes files of such names for leftovers");
    if (auto why = objection_to(row, *target)) return std::move(*why);

    std::vector<std::string> names;
    for (const auto& field : target->images) {
        const auto path = fs::path_beneath(root, std::string(row.cell(*column_of(field))));
        if (!path) return bad_row_for(path.error());
        names.push_back(field + ending_of(*path, field));
        made.images.emplace_back(names.back(), *path);
    }
    manifest said;
    for (const auto& field : target->fields)
        if (const auto place = column_of(field)) said.fields[field] = row.cell(*place);
    if (const auto place = column_of("extend_data"); place && !row.cell(*place).empty()) {
        said.extend_data = truth_in(row.cell(*place));
        if (!said.extend_data) return bad_row("bad_value", "extend_data must be true, false or empty");
    }
    if (priority_ && !row.cell(*priority_).empty()) {
        const auto word = lowered(row.cell(*priority_));
        if (word != "high" && word != "normal") return bad_row("bad_value", "priority must be high, normal or empty");
        said.high_priority = word == "high";
    }
    for (const auto& [label, place] : labels_)
        if (!row.cell(place).empty()) said.labels[label] = row.cell(place);

    // What the daemon would object to when it takes the case.
    const auto plan = plan_case(*target, names, said, {});
    if (!plan) return bad_row("bad_value", plan.error().message);
    if (!plan->missing.empty()) return bad_row("missing", plan->missing.front() + " is missing");
    made.manifest = manifest_text(said);
    if (!made.manifest.empty())
        if (const auto read = parse_manifest(made.manifest); !read) return bad_row("bad_value", read.error());
    return made;
}

} // namespace kyc
