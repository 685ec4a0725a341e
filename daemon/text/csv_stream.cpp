#include "text/csv_stream.hpp"

#include "core/plain_text.hpp"

#include <algorithm>
#include <array>
#include <csv.h>
#include <deque>
#include <new>
#include <string_view>
#include <utility>

namespace kyc {

namespace {

constexpr std::size_t longest_row = std::size_t{1} << 20;
constexpr std::size_t piece = std::size_t{64} << 10;

/// The first physical line of `text` with its ending: LF, CRLF or CR.
std::string_view first_line(std::string_view text) {
    const auto end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return text;
    return text.substr(0, end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// What parts the cells of the header: the mark that it has most of outside quotes.
char delimiter_of(std::string_view text) {
    while (!text.empty() && is_blank(first_line(text)))
        text.remove_prefix(first_line(text).size());
    std::array<std::pair<char, std::size_t>, 3> marks{{{',', 0}, {';', 0}, {'\t', 0}}};
    bool in_quotes = false;
    for (const char c : text) {
        if (c == '"') in_quotes = !in_quotes;
        if (in_quotes) continue;
        if (c == '\n' || c == '\r') break;
        for (auto& [mark, seen] : marks)
            if (c == mark) ++seen;
    }
    // The first of equals: a header of one column has none of them.
    return std::max_element(marks.begin(), marks.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

bool is_whole(std::string_view line) {
    return line.ends_with('\n') || line.ends_with('\r');
}

/// The mark of "sep=;", with which a file for Excel may say in a line of its own, before the header, what parts its
/// cells; none: it is another line.
std::optional<char> said_delimiter(std::string_view line) {
    while (is_whole(line))
        line.remove_suffix(1);
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    constexpr std::string_view begin = "sep=";
    constexpr std::string_view marks = ",;\t|";
    if (line.size() != begin.size() + 1 || !line.starts_with(begin)) return std::nullopt;
    return marks.find(line.back()) == std::string_view::npos ? std::nullopt : std::optional(line.back());
}

/// What is wrong at a line.
struct trouble_at {
    std::size_t line = 0;
    std::string why;
    bool ends_file = false; ///< for every reader: this is no text
};

/// What stands in the way of reading `line` as text; nothing if it is text.
std::optional<trouble_at> not_text(std::size_t number, std::string_view line) {
    const auto good = readable_bytes(line);
    if (good == line.size()) return std::nullopt;
    if (line[good] == '\0')
        return trouble_at{number, "holds a byte 0, which no text has: is it a spreadsheet's own format?", true};
    return trouble_at{number, "holds bytes that are not UTF-8: save the file as CSV UTF-8"};
}

std::string at(std::size_t line) {
    return "line " + std::to_string(line) + ": ";
}

} // namespace

/// The file line by line, each with its ending.
class csv_stream::lines {
  public:
    explicit lines(source from) : from_(std::move(from)) {}

    /// Valid until the next call; empty at the end. A line without end is handed over in parts.
    std::string_view next() {
        for (;;) {
            const auto rest = std::string_view(buffer_).substr(begin_);
            const auto line = first_line(rest);
            // A CR at the end of what is there may be half of a CRLF.
            const bool whole = line.ends_with('\n') || (line.ends_with('\r') && line.size() < rest.size());
            if (whole || ended_ || line.size() > longest_row) {
                begin_ += line.size();
                return line;
            }
            fill();
        }
    }

    /// The first two or three bytes.
    [[nodiscard]] bool begins_with(std::string_view mark) {
        while (buffer_.size() < mark.size() && !ended_)
            fill();
        return std::string_view(buffer_).starts_with(mark);
    }

    void skip(std::size_t bytes) { begin_ += bytes; }

  private:
    void fill() {
        buffer_.erase(0, begin_);
        begin_ = 0;
        const auto had = buffer_.size();
        buffer_.resize(had + piece);
        const auto got = from_(std::span(buffer_).subspan(had));
        buffer_.resize(had + got);
        ended_ = got == 0;
    }

    source from_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool ended_ = false;
};

/// libcsv with what it reports, line after line.
class csv_stream::parser {
  public:
    /// `lines_before`: so many were looked at and are no rows.
    parser(char delimiter, std::size_t lines_before, std::deque<std::string> header)
        : delimiter_(delimiter), again_(std::move(header)), line_(lines_before) {
        init();
    }

    parser(const parser&) = delete;
    parser& operator=(const parser&) = delete;

    ~parser() { csv_free(&parser_); }

    /// How many cells a row has that is not broken, as far as that matters.
    void expect(std::size_t columns) { columns_ = columns; }

    boost::system::result<std::optional<csv_row>, std::string> next(lines& from) {
        while (!ended_) {
            std::string held;
            if (auto met = take(fetch(from, held), false)) return at(met->line) + met->why;
            if (ready_) return std::exchange(ready_, std::nullopt);
        }
        return std::optional<csv_row>();
    }

    boost::system::result<std::optional<row_or_broken>, std::string> next_or_broken(lines& from) {
        while (!ended_) {
            std::string held;
            const auto line = fetch(from, held);
            const auto met = take(line, true);
            if (met && met->ends_file) return at(met->line) + met->why;
            if (met) {
                auto broken = leave_row(*met);
                if (rest_of_row_.empty() && !line.empty() && !is_whole(line)) skip_to_end_of_line(from);
                read_again();
                return std::optional<row_or_broken>(std::move(broken));
            }
            if (ready_) return std::optional<row_or_broken>(judge(*std::exchange(ready_, std::nullopt)));
        }
        return std::optional<row_or_broken>();
    }

  private:
    void init() {
        if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
        csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
        // Else a tab that parts cells would be trimmed as a space.
        if (delimiter_ == '\t') csv_set_space_func(&parser_, [](unsigned char c) { return c == ' ' ? 1 : 0; });
    }

    /// The next line; `held` keeps one that was read before.
    std::string_view fetch(lines& from, std::string& held) {
        if (again_.empty()) return from.next();
        held = std::move(again_.front());
        again_.pop_front();
        return held;
    }

    /// An empty one is the end. What is wrong, if anything is; `going_on`: with the structure alone, a cell that is no
    /// text spoils its row when that ends.
    std::optional<trouble_at> take(std::string_view line, bool going_on) {
        if (line.empty()) {
            ended_ = true;
            if (csv_fini(&parser_, add_cell, end_row, this) == 0) return std::nullopt;
            fail_unless_parsed();
            return trouble_at{row_.line, "a quote is opened in this row and never closed"};
        }
        ++line_;
        auto bytes = not_text(line_, line);
        if (bytes && (!going_on || bytes->ends_file)) return bytes;
        if (!open_) {
            if (is_blank(line)) return std::nullopt;
            row_ = csv_row{line_, {}};
            row_bytes_ = 0;
            rest_of_row_.clear();
            spoilt_.reset();
            open_ = true;
        } else if (going_on) {
            rest_of_row_.emplace_back(line);
        }
        if (bytes && !spoilt_) spoilt_ = std::move(bytes);
        row_bytes_ += line.size();
        if (row_bytes_ > longest_row)
            return trouble_at{row_.line, "the row is longer than a mebibyte; is a quote never closed?"};
        if (csv_parse(&parser_, line.data(), line.size(), add_cell, end_row, this) == line.size()) return std::nullopt;
        fail_unless_parsed();
        const std::string here = "a quote stands inside a cell; a cell with quotes is written in quotes itself, "
                                 "those inside doubled";
        const bool in_one_line = row_.line == line_;
        return trouble_at{line_,
                          in_one_line ? here : here + " (its row began in line " + std::to_string(row_.line) + ")"};
    }

    /// The row that `met` stands in the way of.
    broken_row leave_row(const trouble_at& met) {
        if (met.line == row_.line) return {row_.line, met.why};
        return {row_.line,
                "a quote is opened in this row and never closed, or something follows it where it is, in line " +
                    std::to_string(met.line)};
    }

    /// What has no end within a row's size is of no use, however much it is.
    void skip_to_end_of_line(lines& from) {
        for (;;) {
            std::string held;
            const auto more = fetch(from, held);
            if (more.empty() || is_whole(more)) return;
        }
    }

    /// Begins anew behind the first line of the row that was left: a quote that is never closed takes in lines that are
    /// rows of their own.
    void read_again() {
        if (!rest_of_row_.empty()) {
            doubtful_since_ = row_.line;
            doubtful_to_ = std::max(doubtful_to_, line_);
        }
        line_ = row_.line;
        again_.insert(again_.begin(), std::make_move_iterator(rest_of_row_.begin()),
                      std::make_move_iterator(rest_of_row_.end()));
        rest_of_row_.clear();
        csv_free(&parser_);
        init();
        open_ = false;
        ended_ = false;
        spoilt_.reset();
    }

    /// A row whose structure is sound.
    row_or_broken judge(csv_row row) {
        if (const auto spoilt = std::exchange(spoilt_, std::nullopt))
            return broken_row{row.line, spoilt->line == row.line
                                            ? spoilt->why
                                            : "line " + std::to_string(spoilt->line) + " of it " + spoilt->why};
        // It may be a row, or a part of a text in quotes that is broken further down.
        if (row.line > doubtful_to_ || row.cells.size() == columns_) return row;
        return broken_row{row.line, "the quote in line " + std::to_string(doubtful_since_) +
                                        " is never closed, and this, which has not as many cells as the header, may "
                                        "belong to it"};
    }

    static void add_cell(void* bytes, std::size_t size, void* self) {
        static_cast<parser*>(self)->row_.cells.emplace_back(static_cast<const char*>(bytes), size);
    }

    static void end_row(int, void* self) {
        auto& me = *static_cast<parser*>(self);
        me.ready_ = std::exchange(me.row_, csv_row{me.line_, {}});
        me.open_ = false;
    }

    /// Of the parser's failures only one is the text's.
    void fail_unless_parsed() {
        if (csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
    }

    csv_parser parser_{};
    char delimiter_;
    std::deque<std::string> again_; ///< lines that were looked at before
    std::size_t line_;
    std::size_t columns_ = 0;
    std::size_t row_bytes_ = 0;
    std::vector<std::string> rest_of_row_; ///< the open row's lines behind its first, as long as a row may be
    std::optional<trouble_at> spoilt_;     ///< the open row
    std::size_t doubtful_since_ = 0;
    std::size_t doubtful_to_ = 0; ///< up to this line rows were once read as parts of that one
    bool open_ = false;           ///< a row has begun and not ended
    bool ended_ = false;
    csv_row row_;
    std::optional<csv_row> ready_;
};

csv_stream::csv_stream(source from) : lines_(std::make_unique<lines>(std::move(from))) {}

csv_stream::~csv_stream() = default;

boost::system::result<csv_table, std::string> csv_stream::read_header() {
    if (lines_->begins_with("\xFF\xFE") || lines_->begins_with("\xFE\xFF"))
        return "is UTF-16, which this is not read as: save the file as CSV UTF-8";
    if (lines_->begins_with("\xEF\xBB\xBF")) lines_->skip(3);

    std::deque<std::string> head;
    std::string row;
    bool in_quotes = false;
    std::optional<char> said;
    std::size_t before = 0;
    while (row.size() <= longest_row && (in_quotes || is_blank(row))) {
        head.emplace_back(lines_->next());
        if (head.back().empty()) {
            head.pop_back();
            break;
        }
        if (const auto mark = said_delimiter(head.back()); mark && !said && is_blank(row)) {
            said = mark;
            before = head.size();
            head.clear();
            row.clear();
            continue;
        }
        row += head.back();
        if (std::count(head.back().begin(), head.back().end(), '"') % 2 != 0) in_quotes = !in_quotes;
    }
    csv_table table;
    table.delimiter = said.value_or(delimiter_of(row));
    parser_ = std::make_unique<parser>(table.delimiter, before, std::move(head));
    auto first = next();
    if (!first) return first.error();
    if (!*first) return "is empty; the first row must name the columns";
    table.header_line = (*first)->line;
    table.header = std::move((*first)->cells);
    if (const auto twice = table.repeated_column())
        return at(table.header_line) + "two columns are called \"" + printable(*twice) + '"';
    parser_->expect(table.header.size());
    return table;
}

boost::system::result<std::optional<csv_row>, std::string> csv_stream::next() {
    return parser_->next(*lines_);
}

boost::system::result<std::optional<row_or_broken>, std::string> csv_stream::next_or_broken() {
    return parser_->next_or_broken(*lines_);
}

} // namespace kyc
