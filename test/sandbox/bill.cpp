#include "sandbox/bill.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>

namespace kyc::sandbox {

namespace {

namespace json = boost::json;

std::string identity(const json::object& line) {
    std::string out;
    for (const auto* key : {"service", "files", "texts_sha256"})
        if (const auto* value = line.if_contains(key)) out += json::serialize(*value) + "\n";
    return out;
}

} // namespace

bill::bill(std::filesystem::path file) : path_(std::move(file)) {
    std::ifstream old(path_);
    for (std::string text; std::getline(old, text);) {
        json::error_code error;
        auto line = json::parse(text, error);
        if (!error && line.is_object()) remember(std::move(line.get_object()));
    }
    open(std::ios::app);
}

void bill::open(std::ios::openmode mode) {
    file_ = std::ofstream(path_, std::ios::binary | std::ios::out | mode);
    if (!file_) throw std::runtime_error("cannot write the bill " + path_.string());
}

void bill::remember(json::object line) {
    if (!seen_.insert(identity(line)).second) ++duplicates_;
    lines_.push_back(std::move(line));
}

void bill::add(const bill_entry& entry, const std::string& time) {
    json::array files;
    for (const auto& file : entry.files)
        files.push_back(
            json::object{{"field", file.field}, {"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    json::array fields(entry.fields.begin(), entry.fields.end());
    json::object line{{"n", lines_.size() + 1},
                      {"service", entry.service},
                      {"task", entry.task},
                      {"time", time},
                      {"files", std::move(files)},
                      {"fields", std::move(fields)},
                      {"texts_sha256", entry.texts_sha256},
                      {"bytes", entry.bytes},
                      {"accepted", true},
                      {"reply_lost", entry.reply_lost}};
    file_ << json::serialize(line) << '\n' << std::flush;
    if (!file_) throw std::runtime_error("cannot write the bill " + path_.string());
    remember(std::move(line));
}

void bill::clear() {
    open(std::ios::trunc);
    lines_.clear();
    seen_.clear();
    duplicates_ = 0;
}

} // namespace kyc::sandbox
