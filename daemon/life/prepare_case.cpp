#include "life/prepare_case.hpp"

#include "core/case_plan.hpp"
#include "fs/case_files.hpp"
#include "image/gate.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr std::uint64_t max_manifest_bytes = 64 * 1024;

/// Of a file that case.json lists under sha256 without its being an image.
constexpr std::uint64_t max_listed_bytes = 64 * 1024 * 1024;

failure wrong_hash(const std::string& name, const std::string& found, const std::string& expected) {
    return failure(stage::intake, failure_code::hash_mismatch,
                   name + " has SHA-256 " + found + ", case.json says " + expected);
}

/// The file that says what else there is to know about the case; a flat case's is called like the case.
std::string manifest_name(const fs::claimed_case& which) {
    return which.flat ? which.key.name + ".json" : std::string("case.json");
}

result<manifest, trouble> read_manifest(const fs::claimed_case& which, const std::vector<std::string>& names,
                                        fs::page_stock& pages) {
    const auto name = manifest_name(which);
    if (!std::binary_search(names.begin(), names.end(), name)) return manifest{};
    auto file = fs::read_case_file(which, name, max_manifest_bytes, pages);
    if (!file) {
        auto why = file.error();
        if (auto* too_large = std::get_if<failure>(&why); too_large && too_large->code == failure_code::file_too_large)
            return trouble(failure(stage::intake, failure_code::bad_manifest, name + " is larger than 64 KiB"));
        return why;
    }
    const auto bytes = std::as_const(file->bytes).bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    auto said = parse_manifest(text);
    if (!said) return trouble(failure(stage::intake, failure_code::bad_manifest, name + ": " + said.error()));
    return std::move(*said);
}

failure gate_failure(const std::string& name, const image::refusal& why) {
    return failure(stage::prepare, why.code, name + ": " + why.finding + "; " + why.rule);
}

} // namespace

std::vector<progeny::image_part> loaded_case::parts() const {
    std::vector<progeny::image_part> parts;
    parts.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        progeny::image_part part;
        part.field = files[i].field;
        part.filename = upload_names[i];
        part.content_type = media_types[i];
        part.bytes = bytes[i].bytes();
        parts.push_back(std::move(part));
    }
    return parts;
}

result<case_outline, trouble> outline_case(const fs::claimed_case& which, const service& target,
                                           fs::page_stock& pages) {
    auto names = fs::list_case(which);
    if (!names) return trouble(names.error());
    auto said = read_manifest(which, *names, pages);
    if (!said) return said.error();
    auto plan = plan_case(target, *names, *said, which.flat ? std::string_view(which.key.name) : std::string_view());
    if (!plan) return trouble(plan.error());
    if (!plan->missing.empty()) {
        std::string list;
        for (const auto& field : plan->missing)
            list += (list.empty() ? "" : ", ") + field;
        return trouble(failure(stage::intake, failure_code::case_incomplete, "missing: " + list));
    }
    case_outline outline;
    std::vector<std::string> image_names;
    for (auto& image : plan->images) {
        image_names.push_back(image.name);
        outline.images.emplace_back(std::move(image.field), std::move(image.name));
    }
    outline.fields = std::move(plan->fields);
    outline.said = std::move(*said);
    // A file larger than the gate accepts is refused unread, so it never holds more than that.
    outline.image_bytes =
        std::min<std::uint64_t>(fs::size_of(which, image_names), image_names.size() * image::max_bytes);
    return outline;
}

namespace {

/// The listed files that are no images: those are hashed when they are loaded.
result<void, trouble> check_other_hashes(const fs::claimed_case& which, const case_outline& outline,
                                         fs::page_stock& pages) {
    for (const auto& [name, expected] : outline.said.sha256) {
        const auto is_this = [&name = name](const auto& image) { return image.second == name; };
        if (std::any_of(outline.images.begin(), outline.images.end(), is_this)) continue;
        const auto file = fs::read_case_file(which, name, max_listed_bytes, pages);
        if (!file) return file.error();
        if (file->sha256 != expected) return trouble(wrong_hash(name, file->sha256, expected));
    }
    return {};
}

} // namespace

result<loaded_case, trouble> load_case(const fs::claimed_case& which, const case_outline& outline,
                                       const std::vector<file_facts>& sent_before, fs::page_stock& pages) {
    if (const auto others = check_other_hashes(which, outline, pages); !others) return others.error();
    loaded_case loaded;
    for (const auto& [field, name] : outline.images) {
        auto file = fs::read_case_file(which, name, image::max_bytes, pages);
        if (!file) return file.error();
        const auto checked = image::check_image(std::as_const(file->bytes).bytes());
        if (!checked) return trouble(gate_failure(name, checked.error()));
        if (const auto listed = outline.said.sha256.find(name);
            listed != outline.said.sha256.end() && listed->second != file->sha256)
            return trouble(wrong_hash(name, file->sha256, listed->second));
        const auto same_field = [&field = field](const file_facts& sent) { return sent.field == field; };
        const auto earlier = std::find_if(sent_before.begin(), sent_before.end(), same_field);
        if (earlier != sent_before.end() && earlier->sha256 != file->sha256)
            return trouble(failure(stage::prepare, failure_code::file_changed,
                                   name + " is not the file that was sent before (SHA-256 " + earlier->sha256 +
                                       ", now " + file->sha256 + ")"));
        file_facts facts;
        facts.field = field;
        facts.name = name;
        facts.bytes = file->bytes.size();
        facts.sha256 = file->sha256;
        facts.width = checked->width;
        facts.height = checked->height;
        loaded.files.push_back(std::move(facts));
        loaded.bytes.push_back(std::move(file->bytes));
        loaded.media_types.emplace_back(image::media_type(checked->type));
        loaded.upload_names.push_back(field + "." + std::string(image::extension(checked->type)));
    }
    return loaded;
}

} // namespace kyc
