#include "sandbox/state_folder.hpp"

#include "sandbox/digest.hpp"
#include "support/certificates.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

namespace kyc::sandbox {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Temporary file and rename; the mode is right from the first byte on.
void write_file(const fs::path& path, const std::string& text, mode_t mode) {
    const auto temporary = path.string() + ".tmp";
    ::unlink(temporary.c_str());
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    const bool good = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int problem = errno;
    if (file >= 0) ::close(file);
    if (!good) throw std::system_error(problem, std::generic_category(), "cannot write " + temporary);
    fs::rename(temporary, path);
}

test::authority authority_in(const fs::path& folder) {
    const auto certificate_file = folder / "ca.pem";
    const auto key_file = folder / "ca.key";
    if (fs::exists(certificate_file) && fs::exists(key_file))
        return test::authority(test::certificate{read_file(certificate_file), read_file(key_file)});
    test::authority made("kycd sandbox CA");
    write_file(key_file, made.own().key_pem, 0600);
    write_file(certificate_file, made.own().certificate_pem, 0644);
    return made;
}

} // namespace

state_folder::state_folder(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    folder_ = fs::canonical(folder_);
    withdraw(); // what an earlier run left
    const auto authority = authority_in(folder_);
    test::certificate_request wanted;
    wanted.dns_names = {"localhost"};
    wanted.ip_addresses = {"127.0.0.1", "::1"};
    wanted.valid_until_days = 365;
    const auto server = authority.issue(wanted);
    certificate_pem_ = server.certificate_pem;
    key_pem_ = server.key_pem;
    write_file(folder_ / "server.key", key_pem_, 0600);
    write_file(folder_ / "server.pem", certificate_pem_, 0644);
    token_key_ = sha256_hex("tokens" + authority.own().key_pem);
}

void state_folder::announce(std::uint16_t port) const {
    const auto origin = "https://localhost:" + std::to_string(port);
    const boost::json::object ready{{"base_url", origin + "/api/v3"},
                                    {"port", port},
                                    {"ca_file", ca_file().string()},
                                    {"control", origin + "/sandbox/"},
                                    {"pid", static_cast<std::int64_t>(::getpid())}};
    write_file(folder_ / "ready.json", boost::json::serialize(ready) + "\n", 0644);
}

void state_folder::withdraw() const {
    std::error_code ignored;
    fs::remove(folder_ / "ready.json", ignored);
}

} // namespace kyc::sandbox
