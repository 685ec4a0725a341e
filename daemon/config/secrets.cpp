#include "config/secrets.hpp"

#include "core/units.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kyc {
namespace {

using outcome = boost::system::result<secret, std::string>;

constexpr std::size_t largest = 64u << 10;

class descriptor {
  public:
    explicit descriptor(int value) : value_(value) {}

    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    ~descriptor() {
        if (value_ >= 0) ::close(value_);
    }

    [[nodiscard]] int get() const { return value_; }

  private:
    int value_;
};

/// Says which of the two the text is: a secret could be made of it as well.
outcome refuse(std::string why) {
    return {boost::system::in_place_error, std::move(why)};
}

std::string system_says(int error) {
    return std::generic_category().message(error);
}

/// The bytes as they are, without their last newline.
outcome finished(std::string bytes, const std::string& source) {
    for (const std::string_view newline : {"\r\n", "\n"}) {
        if (!bytes.ends_with(newline)) continue;
        bytes.resize(bytes.size() - newline.size());
        break;
    }
    secret value(std::move(bytes));
    if (value.empty()) return refuse(source + " is empty; put the secret into it");
    return value;
}

enum class privacy { by_mode, by_folder };

outcome from_file(const std::string& path, const std::string& source, privacy rule) {
    // Not blocking, or a pipe in the file's place would hold up the start for ever.
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.get() < 0) {
        const auto error = errno;
        return refuse(
            source + " cannot be opened: " + system_says(error) +
            (error == ENOENT ? "; create it, readable by kycd's user only" : "; kycd's user must be able to read it"));
    }

    // The opened file is judged, not the path: a link may have been turned meanwhile.
    struct stat info {};

    if (::fstat(file.get(), &info) != 0) return refuse(source + " cannot be looked at: " + system_says(errno));
    if (!S_ISREG(info.st_mode)) return refuse(source + " is not a regular file");
    if (rule == privacy::by_mode && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return refuse(source + " is open to its group or to others; chmod 600 it, owned by kycd's user");

    std::string bytes;
    bytes.reserve(largest + 1); // grown once, so that no copy of the secret is left behind in freed memory
    char piece[4096];
    std::string failure;
    for (;;) {
        const auto got = ::read(file.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) failure = source + " cannot be read: " + system_says(errno);
        if (got <= 0) break;
        if (bytes.size() + static_cast<std::size_t>(got) > largest) {
            failure = source + " is larger than 64KiB; a secret is not";
            break;
        }
        bytes.append(piece, static_cast<std::size_t>(got));
    }
    explicit_bzero(piece, sizeof piece);
    if (!failure.empty()) {
        const secret wiped(std::move(bytes));
        return refuse(std::move(failure));
    }
    return finished(std::move(bytes), source);
}

// A password passes for a name: a name is repeated only when there is something of that name.

outcome from_credential(const std::string& name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
        return refuse("what follows credential: is not a name; it must be one file in $CREDENTIALS_DIRECTORY");
    const auto* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0')
        return refuse("the credential it names cannot be read because $CREDENTIALS_DIRECTORY is not set; systemd sets "
                      "it for a service with LoadCredential=NAME:/path (outside of systemd use file: or env:)");
    const auto path = std::string(folder) + "/" + name;
    if (::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return refuse("the credential it names is not in " + std::string(folder) + ": " + system_says(errno) +
                      "; add LoadCredential=NAME:/path to kycd's unit, with the name that is written here");
    return from_file(path, "the credential " + quote_text(name) + " in " + folder, privacy::by_folder);
}

outcome from_environment(const std::string& name) {
    const auto* const value = std::getenv(name.c_str());
    if (value == nullptr)
        return refuse("the environment variable it names is not set; set it for kycd or use file: or credential:");
    return finished(value, "the environment variable " + quote_text(name));
}

} // namespace

boost::system::result<secret, std::string> read_secret(const secret_ref& from) {
    switch (from.from) {
    case secret_ref::source::file:
        return from_file(from.name, "the file " + quote_text(from.name), privacy::by_mode);
    case secret_ref::source::credential:
        return from_credential(from.name);
    case secret_ref::source::env:
        return from_environment(from.name);
    case secret_ref::source::inline_value:
        return finished(from.name, "the value in the configuration");
    case secret_ref::source::none:
        break;
    }
    return refuse("no source was configured; write file:/path, credential:NAME or env:NAME");
}

} // namespace kyc
