// case.json beside hostile file names. Input: a byte for the service, 'f' for a flat case, the names each after a '/',
// "//", and the text of case.json. A flat case is called as the first of the names is.

#include "core/case_name.hpp"
#include "core/case_plan.hpp"
#include "core/manifest.hpp"
#include "fuzz.hpp"

#include <set>

using kyc::fuzz::require;

namespace {

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void check_message(const std::string& text) {
    require(text.starts_with("case.json cannot be used: ") || text.starts_with("two files stand for "),
            "a message says what it is about", text);
    require(text.size() <= 1024, "a message does not flood a log", text);
}

void check_manifest(const kyc::manifest& said) {
    for (const auto& [field, name] : said.files)
        require(!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                    name.find('\0') == std::string::npos,
                "a file is named without a path", name);
    for (const auto& [name, hash] : said.sha256)
        require(hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos, "hash", hash);
}

void check_plan(const kyc::service& target, const std::vector<std::string>& names, const kyc::manifest& said,
                const kyc::case_plan& plan) {
    std::set<std::string> used;
    auto field = target.images.begin();
    for (const auto& image : plan.images) {
        while (field != target.images.end() && *field != image.field)
            require(contains(plan.missing, *field++), "a field is planned or missing", image.field);
        require(field != target.images.end(), "the images are the service's, in its order", image.field);
        ++field;
        require(contains(names, image.name) && !kyc::is_junk(image.name), "an image is a file of the case", image.name);
        require(used.insert(image.name).second, "no file is sent twice", image.name);
        if (const auto told = said.files.find(image.field); told != said.files.end())
            require(told->second == image.name, "case.json decides", image.name);
        require(!contains(plan.missing, image.field), "what is planned is not missing", image.field);
    }
    require(plan.images.size() + plan.fields.size() + plan.missing.size() ==
                target.images.size() + target.fields.size(),
            "every field is planned or missing");
    for (const auto& [name, value] : plan.fields)
        require(contains(target.fields, name) && said.fields.contains(name), "a form field was given", name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = kyc::fuzz::text_of(data, size);
    const auto& target = kyc::fuzz::take_service(input);
    const bool flat = input.starts_with('f');
    auto listed = kyc::fuzz::take_until(input, "//");
    kyc::fuzz::take_until(listed, "/");
    constexpr std::size_t longest = 255; // what a disk allows
    std::set<std::string> unique;        // a folder has no name twice
    std::vector<std::string> names;
    while (!listed.empty())
        if (std::string name(kyc::fuzz::take_until(listed, "/").substr(0, longest));
            !name.empty() && unique.insert(name).second)
            names.push_back(std::move(name));
    const auto flat_case =
        flat && !names.empty() ? kyc::read_flat_name(target, names.front()).case_name : std::string();

    const auto said = kyc::parse_manifest(input);
    if (!said) check_message(said.error());
    if (said) check_manifest(*said);
    const auto manifest = said ? *said : kyc::manifest();
    const auto plan = kyc::plan_case(target, names, manifest, flat_case);
    if (!plan) check_message(plan.error().message);
    if (plan) check_plan(target, names, manifest, *plan);

    std::reverse(names.begin(), names.end());
    const auto again = kyc::plan_case(target, names, manifest, flat_case);
    require(again.has_value() == plan.has_value(), "the order of a folder's entries does not matter");
    if (plan)
        require(std::equal(plan->images.begin(), plan->images.end(), again->images.begin(), again->images.end(),
                           [](const auto& a, const auto& b) { return a.field == b.field && a.name == b.name; }),
                "nor for what is sent");
    return 0;
}
