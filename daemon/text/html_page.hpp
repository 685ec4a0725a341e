#pragma once
// A page of kycd's: one look for all its reports. It needs no script, nothing beside it and nothing from the network,
// is readable on a phone, dark or light, and can be printed.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc {

/// As text of a page or a value of an attribute; made printable first, for names are whatever somebody chose.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// Writes a page from top to bottom. All texts are escaped but those of `verbatim` and `drawn`.
class html_page {
  public:
    /// The title is the page's first heading, too.
    explicit html_page(std::string_view title);

    /// Kinds: "soft" beside the matter, "sum" the one sentence, "note" what has to be noticed, "" a plain one.
    void paragraph(std::string_view words, const char* kind = "");

    /// With an id, contents() can lead to it.
    void heading(std::string_view words, const char* id = "");

    /// Links to headings: ids and words.
    void contents(const std::vector<std::pair<std::string, std::string>>& parts);

    /// Facts with their names, below each other.
    void begin_facts();
    void fact(std::string_view name, std::string_view words);
    void end_facts();

    /// A head without a word is of a column that is drawn, and says nothing to who does not see it. Kind "list": long,
    /// with texts in its cells; it may go on over several sheets of paper, with its heads on each. Captions of one page
    /// differ from each other.
    void begin_table(std::string_view caption, const std::vector<std::string>& heads, const char* kind = "");
    void begin_row(std::string_view name, const char* kind = "");
    /// Kind "moved": to be noticed.
    void cell(std::string_view text, const char* kind = "");
    /// A cell of sentences.
    void words(std::string_view text);
    /// A cell of several lines.
    void lines(const std::vector<std::string>& texts);
    void drawn(std::string_view svg);
    void end_row();
    void row(const std::vector<std::string>& cells, const char* kind = "");
    void end_table();

    void verbatim(std::string_view html) { text_ += html; }

    [[nodiscard]] std::string finish() &&;

  private:
    std::string text_;
};

} // namespace kyc
