#include "core/service.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kyc {
namespace {

struct alias {
    std::string_view folder;
    std::string_view canonical;
};

constexpr std::array<alias, 1> aliases{{{"liveness", "face_liveness"}}};

std::string_view canonical_name(std::string_view folder) {
    const auto* found =
        std::find_if(aliases.begin(), aliases.end(), [&](const alias& a) { return a.folder == folder; });
    return found == aliases.end() ? folder : found->canonical;
}

/// The path as it goes behind services/: the API answers 301 when the trailing slash is missing.
std::string tidy_path(std::string path) {
    path.erase(0, path.find_first_not_of('/'));
    if (!path.empty() && path.back() != '/') {
        path += '/';
    }
    return path;
}

service row(std::string_view name, std::vector<std::string> images, std::vector<check> checks) {
    service made;
    made.name = name;
    made.path = std::string(name) + '/';
    made.images = std::move(images);
    made.checks = std::move(checks);
    return made;
}

std::vector<service> ten_services() {
    const std::vector<std::string> card{"front_id", "back_id"};
    const std::vector<std::string> passport{"passport_image"};
    const std::vector<std::string> selfie_and_card{"selfie_image", "front_id", "back_id"};
    const std::vector<std::string> selfie_and_passport{"selfie_image", "passport_image"};
    const std::vector<check> ocr{check::document_valid, check::document_expired};
    const std::vector<check> kyc{check::document_valid, check::document_expired, check::face_match, check::liveness};
    std::vector<check> kyc_and_background = kyc;
    kyc_and_background.push_back(check::background_clear);

    auto register_face = row("register_face", {"image"}, {check::face_registered});
    // A second registration of one face may make a second uuid, and nothing lists them.
    register_face.never_repeat_unknown = true;
    auto authenticate_face = row("authenticate_face", {"image"}, {check::authentication, check::liveness});
    authenticate_face.fields = {"uuid"};
    auto background_check = row("background_check", {}, {check::background_clear});
    background_check.fields = {"fullname", "birth_date"};
    background_check.extend_data = false;

    std::vector<service> all;
    all.push_back(row("kyc_card", selfie_and_card, kyc));
    all.push_back(row("kyc_passport", selfie_and_passport, kyc));
    all.push_back(row("ocr_card", card, ocr));
    all.push_back(row("ocr_passport", passport, ocr));
    all.push_back(row("face_liveness", {"image"}, {check::liveness}));
    all.push_back(std::move(register_face));
    all.push_back(std::move(authenticate_face));
    all.push_back(std::move(background_check));
    all.push_back(row("kyc_card_with_background_check", selfie_and_card, kyc_and_background));
    all.push_back(row("kyc_passport_with_background_check", selfie_and_passport, kyc_and_background));
    return all;
}

} // namespace

std::string_view to_string(check value) {
    switch (value) {
    case check::document_valid:
        return "document_valid";
    case check::document_expired:
        return "document_expired";
    case check::face_match:
        return "face_match";
    case check::liveness:
        return "liveness";
    case check::authentication:
        return "authentication";
    case check::face_registered:
        return "face_registered";
    case check::background_clear:
        return "background_clear";
    }
    return "document_valid";
}

service_table::service_table() : services_(ten_services()) {}

void service_table::set(service added) {
    added.name = canonical_name(added.name);
    added.path = tidy_path(added.path.empty() ? added.name : std::move(added.path));
    const auto same = std::find_if(services_.begin(), services_.end(),
                                   [&](const service& known) { return known.name == added.name; });
    if (same == services_.end()) {
        services_.push_back(std::move(added));
        return;
    }
    added.checks = same->checks;
    added.never_repeat_unknown = same->never_repeat_unknown;
    *same = std::move(added);
}

const service* service_table::find(std::string_view folder) const {
    const auto name = canonical_name(folder);
    const auto found =
        std::find_if(services_.begin(), services_.end(), [&](const service& known) { return known.name == name; });
    return found == services_.end() ? nullptr : &*found;
}

std::vector<std::string> service_table::folders() const {
    std::vector<std::string> names;
    for (const auto& known : services_) {
        names.push_back(known.name);
    }
    for (const auto& other : aliases) {
        names.emplace_back(other.folder);
    }
    return names;
}

} // namespace kyc
