#pragma once
// Pretty-printed JSON, key by key in the order of the calls.

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Two spaces per level. Begin and end calls must match; a key comes before each value of an object and never in an
/// array.
class json_writer {
  public:
    void begin_object() { begin('{'); }

    void end_object() { end('}'); }

    void begin_array() { begin('['); }

    void end_array() { end(']'); }

    void key(std::string_view name);
    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void integer(std::uint64_t value);
    void text(std::string_view value);

    /// JSON that exists already; it is not looked at.
    void verbatim(std::string_view json);

    /// In one line.
    void value(const boost::json::value& json);

    void text_or_null(const std::optional<std::string>& value) { value ? text(*value) : null(); }

    void boolean_or_null(std::optional<bool> value) { value ? boolean(*value) : null(); }

    /// For numbers and texts whose absence is said by 0 or "".
    void known_integer(std::uint64_t value) { value != 0 ? integer(value) : null(); }

    void known_text(std::string_view value) { !value.empty() ? text(value) : null(); }

    /// The document, with a line end.
    [[nodiscard]] std::string finish() &&;

  private:
    void begin(char bracket);
    void end(char bracket);
    void new_line();
    void before_value();

    std::string out_;
    std::size_t depth_ = 0;
    bool empty_ = true; ///< nothing yet in the innermost container
    bool after_key_ = false;
};

} // namespace kyc
