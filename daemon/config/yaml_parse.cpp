// From text to YAML nodes, around what yaml-cpp 0.7 does with a file that is none.

#include "config/yaml_reader.hpp"
#include "core/plain_text.hpp"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace kyc::yaml {
namespace {

/// yaml-cpp repeats the file in some of its sentences, whatever stands there and however long it is.
std::string plain(std::string_view sentence) {
    constexpr std::size_t enough = 200;
    std::string text(sentence.substr(0, enough));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
    return text + (sentence.size() > enough ? "..." : "");
}

/// Follows documents and keeps nothing of them but where the last one began.
class start_of_document final : public YAML::EventHandler {
  public:
    YAML::Mark mark;

    void OnDocumentStart(const YAML::Mark& at) override { mark = at; }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}

    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}

    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}

    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}

    void OnSequenceEnd() override {}

    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}

    void OnMapEnd() override {}
};

/// Where a second document begins. YAML::LoadAll would make empty documents without end of a text such as ",", which
/// the parser never gets past, until the memory is full.
std::optional<YAML::Mark> second_document(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    start_of_document first;
    start_of_document second;
    if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return std::nullopt;
    if (second.mark.pos == first.mark.pos) throw YAML::ParserException(first.mark, "no value can begin like this");
    return second.mark;
}

} // namespace

YAML::Node parse_document(document& doc, std::string_view text) {
    // yaml-cpp passes on what is not UTF-8 as it stands: a name that no file has, and nobody would hear of it.
    if (const auto good = readable_bytes(text); good < text.size()) {
        const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), '\n');
        doc.object(static_cast<int>(line), "", "holds bytes that are not UTF-8; save the file as UTF-8");
        return YAML::Node();
    }
    try {
        const std::string whole(text);
        if (const auto mark = second_document(whole))
            doc.object(mark->line + 1, "", "holds several YAML documents; only one is read");
        return YAML::Load(whole);
    } catch (const YAML::Exception& error) {
        doc.object(error.mark.line + 1, "",
                   "is not valid YAML: " + plain(error.msg)); // the mark of nothing has line -1
    }
    return YAML::Node();
}

} // namespace kyc::yaml
