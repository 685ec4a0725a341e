#pragma once
// Reads a YAML file against a list of known keys, because yaml-cpp by itself lets unknown keys, duplicate keys and
// wrong types pass. Private to the settings and to tickets: nothing else in kycd sees YAML nodes through this.

#include "config/settings_yaml.hpp"

#include <boost/system/result.hpp>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::yaml {

/// One value as it is written in the file.
struct scalar {
    std::string_view text;
    bool in_quotes = false; ///< then it is text, whatever it looks like
};

/// What is wrong with a value and what is allowed, as it follows "key: " in a message.
/// Not an aggregate, for a result<std::string, objection> must not take a string for either.
struct objection {
    objection() {}

    std::string what;
};

[[nodiscard]] objection refuse(std::string what);

/// How the words of a list are told apart.
enum class twins {
    by_letters, ///< letter case ignored
    exact
};

/// How a value is written.
enum class shape {
    none, ///< its key is not there
    value,
    list,
    map
};

/// What reading one value gives.
template<class T>
using parsed = boost::system::result<T, objection>;

/// What a section knows of one of the keys that the file gives.
struct entry {
    std::string key;
    int line = 0;
    YAML::Node value;
    bool known = false; ///< the program asked for it
};

/// One reading of one file: the errors so far, where each key stood, and every key the program asked for.
class document {
  public:
    explicit document(std::string file) : file_(std::move(file)) {}

    void object(int line, std::string key, std::string what);

    /// From now on a value in quotes is read as one without.
    void ignore_quotes() { quotes_count_ = false; }

    /// Where `key` ("poll.max") stands in the file; 0 when it does not.
    [[nodiscard]] int line_of(const std::string& key) const;

    /// Whether something was wrong with `key`, so that a check across keys would only repeat it.
    [[nodiscard]] bool is_bad(const std::string& key) const { return bad_.contains(key); }

    /// Every key the program asked for, in its order; those below a map with free names as "services.*.path".
    [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }

    /// The errors in the order of their lines, unknown keys with a suggestion. Leaves none behind.
    [[nodiscard]] std::vector<config_error> take_errors();

  private:
    friend class section;

    struct stranger {
        int line;
        std::string where;                ///< the section, "" at the top
        std::string key;                  ///< as it is written
        std::vector<std::string> allowed; ///< the section's keys
    };

    [[nodiscard]] std::string suggestion(const stranger& unknown) const;

    std::string file_;
    bool quotes_count_ = true;
    std::vector<config_error> errors_;
    std::vector<stranger> strangers_;
    std::map<std::string, int> lines_;
    std::set<std::string> bad_;
    std::vector<std::string> keys_;
};

/// One map of the file, read key by key. A key that is absent leaves its target alone; a bad one too, and is reported.
/// Only keys that are asked for are ever visited, so a file that unfolds without end through aliases costs nothing.
class section {
  public:
    /// `node` may be null: an empty map. `schema` is the path in terms of document::keys(). `doc` must outlive.
    section(document& doc, std::string path, std::string schema, int line, const YAML::Node& node);

    section(const section&) = delete;
    section& operator=(const section&) = delete;

    /// Reads one value into `to` by `kind`, a parsed<T>(const scalar&) with T assignable to `to`.
    template<class T, class Kind>
    void read(std::string_view key, T& to, const Kind& kind) {
        const auto* const found = claim_leaf(key);
        if (found == nullptr) return;
        const auto value = one_value(*found);
        if (!value) return object(*found, value.error().what);
        if (auto good = kind(*value)) {
            to = std::move(*good);
        } else {
            object(*found, good.error().what);
        }
    }

    /// Reads a list of words; `word` is as `kind` above with T = std::string. A word may not come twice.
    void list(std::string_view key, std::vector<std::string>& to,
              const std::function<parsed<std::string>(const scalar&)>& word, twins apart = twins::by_letters);

    /// The same, or one word alone.
    void one_or_more(std::string_view key, std::vector<std::string>& to,
                     const std::function<parsed<std::string>(const scalar&)>& word, twins apart = twins::by_letters);

    /// Reads a map with free names and a value to each, in the file's order.
    void pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& to,
               const std::function<parsed<std::string>(const scalar&)>& value);

    /// Reads the map at `key`. `body` runs even when there is none, so that its keys are known.
    void map(std::string_view key, const std::function<void(section&)>& body);

    /// Reads a map with free names: `body` once per name, and once with "*" and an empty map for its keys to be known.
    void each(std::string_view key, const std::function<void(const std::string& name, section&)>& body);

    /// Says that `key` must be given. Nothing happens when it is, even with a bad value, or when the map itself is bad.
    void require(std::string_view key, std::string_view what_to_write);

    [[nodiscard]] bool has(std::string_view key) const;

    /// Whether a list stands there without anything in it.
    [[nodiscard]] bool is_empty_list(std::string_view key) const;

    /// Whether a map stands there without anything in it, or nothing at all behind the key: map() reads both alike.
    [[nodiscard]] bool is_empty_map(std::string_view key) const;

    /// How the value of `key` is written; it counts as a value also where nothing stands behind the key.
    [[nodiscard]] shape shape_of(std::string_view key) const;

    [[nodiscard]] int line() const { return line_; }

    /// Reports every key that was not asked for. The last call.
    void finish();

  private:
    [[nodiscard]] std::string path_of(std::string_view key) const;
    [[nodiscard]] std::string schema_of(std::string_view key) const;
    const entry* claim(std::string_view key);
    const entry* claim_leaf(std::string_view key);
    [[nodiscard]] boost::system::result<scalar, objection> one_value(const entry& from);
    void object(const entry& about, std::string what);

    document& doc_;
    std::string path_;
    std::string schema_;
    int line_;
    std::vector<entry> entries_;
    std::vector<std::string> asked_;
};

/// Parses the text of one YAML document. An error is reported in `doc` and gives an empty map, as an empty file does.
[[nodiscard]] YAML::Node parse_document(document& doc, std::string_view text);

} // namespace kyc::yaml
