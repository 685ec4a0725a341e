#pragma once
// Certificates made on the spot, for the sandbox and the tests. Never for production.

#include <string>
#include <vector>

namespace kyc::test {

/// PEM texts.
struct certificate {
    std::string certificate_pem;
    std::string key_pem;
};

/// What a certificate should say.
struct certificate_request {
    std::string common_name = "localhost";
    std::vector<std::string> dns_names;    ///< subjectAltName
    std::vector<std::string> ip_addresses; ///< subjectAltName
    int valid_from_days = -1; ///< relative to now; may lie in the future or, with valid_until_days, in the past
    int valid_until_days = 30;
    bool client = false; ///< extendedKeyUsage clientAuth instead of serverAuth
};

/// A certificate authority (P-256).
class authority {
  public:
    explicit authority(std::string common_name = "kycd test CA");

    /// From the PEM texts of an earlier one.
    explicit authority(certificate existing);

    [[nodiscard]] const certificate& own() const { return own_; }

    [[nodiscard]] certificate issue(const certificate_request& wanted) const;

  private:
    certificate own_;
};

} // namespace kyc::test
