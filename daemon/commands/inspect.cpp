#include "commands/inspect.hpp"

#include "commands/colours.hpp"
#include "core/json_text.hpp"
#include "core/plain_text.hpp"
#include "image/gate.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace kyc {

namespace {

namespace json = boost::json;

/// At most one byte more than the gate accepts: enough for it to see that there is too much.
std::optional<std::vector<std::byte>> read_start(const std::filesystem::path& file) {
    std::error_code unreadable;
    if (!std::filesystem::is_regular_file(file, unreadable)) return std::nullopt;
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    std::vector<std::byte> bytes(image::max_bytes + 1);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (in.bad()) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

json::object inspect_one(const std::filesystem::path& file) {
    json::object line;
    line["file"] = file.string();
    line["ok"] = false;
    const auto bytes = read_start(file);
    if (!bytes) {
        line["code"] = to_string(failure_code::file_unreadable);
        line["finding"] = "the file is not there, cannot be read, or is no regular file";
        line["rule"] = "give the path of an image file";
        return line;
    }
    const auto checked = image::check_image(*bytes);
    if (!checked) {
        line["code"] = to_string(checked.error().code);
        line["finding"] = checked.error().finding;
        line["rule"] = checked.error().rule;
        return line;
    }
    line["ok"] = true;
    line["type"] = image::media_type(checked->type);
    line["width"] = checked->width;
    line["height"] = checked->height;
    line["bytes"] = bytes->size();
    return line;
}

void print(const json::object& line, const painter& paint) {
    const auto text = [&line](const char* key) { return std::string(line.at(key).as_string()); };
    if (line.at("ok").as_bool()) {
        std::cout << printable(text("file")) << ": " << paint(tone::good, "ok") << ", " << text("type") << ", "
                  << json::serialize(line.at("width")) << " x " << json::serialize(line.at("height")) << " pixels, "
                  << json::serialize(line.at("bytes")) << " bytes\n";
    } else {
        std::cout << printable(text("file")) << ": " << paint(tone::bad, text("code")) << ", " << text("finding")
                  << "; " << text("rule") << "\n";
    }
}

} // namespace

exit_code inspect_command(const inspect_options& options) {
    auto code = exit_code::done;
    json::array all;
    for (const auto& file : options.files) {
        auto line = inspect_one(file);
        if (!line.at("ok").as_bool()) code = exit_code::some_failed;
        if (options.json) {
            all.push_back(std::move(line));
        } else {
            print(line, painter(options.color));
        }
    }
    if (options.json) std::cout << to_json_text(all) << "\n";
    return code;
}

} // namespace kyc
