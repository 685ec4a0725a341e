#include "config/yaml_reader.hpp"

#include "core/nearest_word.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace kyc::yaml {
namespace {

/// A key as it may stand in a message: what is written there can be anything.
std::string printable(const std::string& key) {
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
    return !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), plain) ? key : quote_text(key);
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string dotted(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string lower_case(std::string text) {
    for (auto& c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

int line_at(const YAML::Mark& mark) {
    return mark.line + 1;
} // the mark of nothing has line -1

} // namespace

objection refuse(std::string what) {
    objection made;
    made.what = std::move(what);
    return made;
}

void document::object(int line, std::string key, std::string what) {
    bad_.insert(key);
    errors_.push_back({file_, line, std::move(key), std::move(what)});
}

int document::line_of(const std::string& key) const {
    const auto found = lines_.find(key);
    return found == lines_.end() ? 0 : found->second;
}

std::string document::suggestion(const stranger& unknown) const {
    const auto written = lower_case(unknown.key);
    if (const auto nearest = nearest_word(unknown.key, unknown.allowed)) return "; did you mean '" + *nearest + "'?";
    for (const auto& key : keys_)
        if (key.find('*') == std::string::npos && key.ends_with("." + written)) return "; did you mean '" + key + "'?";
    return "; known here: " + join(unknown.allowed);
}

std::vector<config_error> document::take_errors() {
    for (const auto& unknown : strangers_)
        object(unknown.line, dotted(unknown.where, printable(unknown.key)), "unknown key" + suggestion(unknown));
    strangers_.clear();
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](const config_error& a, const config_error& b) { return a.line < b.line; });
    return std::exchange(errors_, {});
}

section::section(document& doc, std::string path, std::string schema, int line, const YAML::Node& node)
    : doc_(doc), path_(std::move(path)), schema_(std::move(schema)), line_(line) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
        doc_.object(line_, path_,
                    path_.empty() ? "the file must be a map of keys, 'key: value' on each line"
                                  : "must be a map of keys, not a single value or a list");
        return;
    }
    std::map<std::string, int> first_seen;
    for (const auto& pair : node) {
        const auto at = line_at(pair.first.Mark());
        if (!pair.first.IsScalar()) {
            doc_.object(at, path_, "a key must be a single word");
            continue;
        }
        const auto& key = pair.first.Scalar();
        const auto [earlier, is_new] = first_seen.emplace(key, at);
        if (!is_new) {
            doc_.object(at, path_of(printable(key)), "given twice, first in line " + std::to_string(earlier->second));
            continue;
        }
        doc_.lines_.emplace(path_of(key), at);
        entries_.push_back({key, at, pair.second, false});
    }
}

std::string section::path_of(std::string_view key) const {
    return dotted(path_, key);
}

std::string section::schema_of(std::string_view key) const {
    return dotted(schema_, key);
}

const entry* section::claim(std::string_view key) {
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.key == key; });
    if (found == entries_.end()) return nullptr;
    found->known = true;
    return &*found;
}

const entry* section::claim_leaf(std::string_view key) {
    auto& keys = doc_.keys_;
    if (auto name = schema_of(key); std::find(keys.begin(), keys.end(), name) == keys.end())
        keys.push_back(std::move(name));
    return claim(key);
}

shape section::shape_of(std::string_view key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.key == key; });
    if (found == entries_.end()) return shape::none;
    if (found->value.IsSequence()) return shape::list;
    return found->value.IsMap() ? shape::map : shape::value;
}

bool section::is_empty_list(std::string_view key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.key == key; });
    return found != entries_.end() && found->value.IsSequence() && found->value.size() == 0;
}

bool section::is_empty_map(std::string_view key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.key == key; });
    if (found == entries_.end()) return false;
    return found->value.IsNull() || (found->value.IsMap() && found->value.size() == 0);
}

bool section::has(std::string_view key) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) { return e.key == key; });
}

void section::object(const entry& about, std::string what) {
    doc_.object(about.line, path_of(printable(about.key)), std::move(what));
}

boost::system::result<scalar, objection> section::one_value(const entry& from) {
    // Never a conversion of yaml-cpp's: it reads 010 as 8, yes as true, and nothing at all as "null".
    if (from.value.IsNull()) return refuse("has no value; write one, or remove the key for its default");
    if (!from.value.IsScalar()) return refuse("must be a single value, not a list or a map");
    const auto& tag = from.value.Tag();
    if (!tag.empty() && tag != "?" && tag != "!") return refuse("must be written without a tag such as !!str");
    return scalar{from.value.Scalar(), tag == "!" && doc_.quotes_count_};
}

void section::list(std::string_view key, std::vector<std::string>& to,
                   const std::function<parsed<std::string>(const scalar&)>& word, twins apart) {
    const auto* const found = claim_leaf(key);
    if (found == nullptr) return;
    if (!found->value.IsSequence()) return object(*found, "must be a list, e.g. [front_id, back_id]");
    std::vector<std::string> words;
    std::set<std::string> seen;
    for (const YAML::Node& item : found->value) {
        const entry one{found->key, std::max(line_at(item.Mark()), found->line), item, true};
        const auto value = one_value(one);
        if (!value) return object(one, value.error().what);
        auto good = word(*value);
        if (!good) return object(one, good.error().what);
        if (!seen.insert(apart == twins::exact ? *good : lower_case(*good)).second)
            return object(one, quote_text(*good) + " is listed twice");
        words.push_back(std::move(*good));
    }
    to = std::move(words);
}

void section::one_or_more(std::string_view key, std::vector<std::string>& to,
                          const std::function<parsed<std::string>(const scalar&)>& word, twins apart) {
    if (shape_of(key) == shape::list) return list(key, to, word, apart);
    const auto* const found = claim_leaf(key);
    if (found == nullptr) return;
    if (found->value.IsMap()) return object(*found, "must be a single value or a list, not a map");
    const auto value = one_value(*found);
    if (!value) return object(*found, value.error().what);
    auto good = word(*value);
    if (!good) return object(*found, good.error().what);
    to = {std::move(*good)};
}

void section::pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& to,
                    const std::function<parsed<std::string>(const scalar&)>& value) {
    static_cast<void>(claim_leaf(key));
    map(key, [&](section& names) {
        std::vector<std::pair<std::string, std::string>> read;
        for (auto& named : names.entries_) {
            named.known = true;
            const auto written = names.one_value(named);
            auto good = written ? value(*written) : parsed<std::string>(written.error());
            if (!good) return names.object(named, good.error().what);
            read.emplace_back(named.key, std::move(*good));
        }
        to = std::move(read);
    });
}

void section::map(std::string_view key, const std::function<void(section&)>& body) {
    const auto* const found = claim(key);
    section inner(doc_, path_of(key), schema_of(key), found != nullptr ? found->line : line_,
                  found != nullptr ? found->value : YAML::Node());
    body(inner);
    inner.finish();
}

void section::each(std::string_view key, const std::function<void(const std::string& name, section&)>& body) {
    map(key, [&](section& names) {
        section pattern(doc_, names.path_of("*"), names.schema_of("*"), 0, YAML::Node());
        body("*", pattern);
        for (auto& named : names.entries_) {
            named.known = true;
            section one(doc_, names.path_of(printable(named.key)), names.schema_of("*"), named.line, named.value);
            body(named.key, one);
            one.finish();
        }
    });
}

void section::require(std::string_view key, std::string_view what_to_write) {
    if (!has(key) && !doc_.is_bad(path_)) doc_.object(line_, path_of(key), "missing; " + std::string(what_to_write));
}

void section::finish() {
    constexpr std::size_t enough = 100; // a file that is not a configuration at all need not be listed whole
    for (const auto& given : entries_)
        if (!given.known && doc_.strangers_.size() < enough)
            doc_.strangers_.push_back({given.line, path_, given.key, asked_});
}

} // namespace kyc::yaml
