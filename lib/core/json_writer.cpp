#include "core/json_writer.hpp"

#include "core/json_text.hpp"

namespace kyc {

void json_writer::new_line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
}

void json_writer::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (depth_ > 0) {
        out_ += empty_ ? "" : ",";
        new_line();
    }
    empty_ = false;
}

void json_writer::begin(char bracket) {
    before_value();
    out_ += bracket;
    ++depth_;
    empty_ = true;
}

void json_writer::end(char bracket) {
    --depth_;
    if (!empty_) {
        new_line();
    }
    out_ += bracket;
    empty_ = false;
}

void json_writer::key(std::string_view name) {
    before_value();
    append_json_string(out_, name);
    out_ += ": ";
    after_key_ = true;
}

void json_writer::null() {
    verbatim("null");
}

void json_writer::boolean(bool value) {
    verbatim(value ? "true" : "false");
}

void json_writer::integer(std::int64_t value) {
    verbatim(std::to_string(value));
}

void json_writer::integer(std::uint64_t value) {
    verbatim(std::to_string(value));
}

void json_writer::text(std::string_view value) {
    before_value();
    append_json_string(out_, value);
}

void json_writer::verbatim(std::string_view json) {
    before_value();
    out_.append(json);
}

void json_writer::value(const boost::json::value& json) {
    before_value();
    append_json_value(out_, json);
}

std::string json_writer::finish() && {
    out_ += '\n';
    return std::move(out_);
}

} // namespace kyc
