#pragma once
// Secrets by reference, and a string that does not linger or print.

#include <string>
#include <string_view>
#include <utility>

namespace kyc {

/// Where a secret is kept (design section 4). `inline_value` exists for the user name only.
struct secret_ref {
    enum class source { none, file, credential, env, inline_value };
    source from = source::none;
    std::string name; ///< path, credential name, variable name, or the value itself

    bool operator==(const secret_ref&) const = default;
};

/// The bytes of a secret. Wiped when destroyed; there is no way to stream it, so it cannot slip into a log line.
class secret {
  public:
    secret() = default;

    /// Takes the bytes over and wipes what the argument leaves behind (move into it: a copy of yours is yours to wipe).
    explicit secret(std::string value);

    secret(const secret&) = default;
    secret(secret&& other) noexcept; ///< the source is left empty and wiped
    secret& operator=(const secret& other);
    secret& operator=(secret&& other) noexcept;
    ~secret();

    /// The only way to the bytes: for the request that needs them.
    [[nodiscard]] std::string_view reveal() const { return value_; }

    [[nodiscard]] bool empty() const { return value_.empty(); }

  private:
    static void wipe(std::string& bytes) noexcept;

    std::string value_;
};

} // namespace kyc
