#pragma once
// The one table that knows the API's services (design section 2), and the overrides of `services:` in the settings.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// What a service judges: its entries in `checks` of result.json, in this order.
enum class check {
    document_valid,
    document_expired,
    face_match,
    liveness,
    authentication,
    face_registered,
    background_clear
};

/// The key in `checks`, e.g. "face_match".
[[nodiscard]] std::string_view to_string(check value);

/// An API endpoint that takes a case.
struct service {
    std::string name;                  ///< canonical, e.g. "face_liveness"
    std::string path;                  ///< below services/, with the trailing slash
    std::vector<std::string> images;   ///< image fields, all required, in the order they are sent
    std::vector<std::string> fields;   ///< required text fields, without extend_data
    bool extend_data = true;           ///< whether the service lists extend_data; it is then always sent
    std::vector<check> checks;         ///< what a verdict is made of; empty: taken from what the reply holds
    bool never_repeat_unknown = false; ///< an unknown outcome is held whatever the settings say (register_face)
};

/// Every service kycd can serve. Immutable once built; shared by value inside a settings snapshot.
class service_table {
  public:
    /// The ten services of the API.
    service_table();

    /// Adds a service or replaces the one of the same canonical name (keeping its checks and hold rule). An alias names
    /// the service behind it. The path loses leading slashes and gains the trailing one; an empty one becomes the name.
    void set(service added);

    /// By canonical name or alias ("liveness" finds face_liveness); null when unknown. Valid while the table lives.
    [[nodiscard]] const service* find(std::string_view folder) const;

    [[nodiscard]] const std::vector<service>& all() const { return services_; }

    /// Every folder name a producer may use: canonical names and aliases.
    [[nodiscard]] std::vector<std::string> folders() const;

  private:
    std::vector<service> services_;
};

} // namespace kyc
