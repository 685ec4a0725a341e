#include "sandbox/services.hpp"

namespace kyc::sandbox {

const std::vector<service>& all_services() {
    static const std::vector<service> table = {
        {"kyc_card", {"selfie_image", "front_id", "back_id"}, {}, true, true},
        {"kyc_passport", {"selfie_image", "passport_image"}, {}, true, false},
        {"ocr_card", {"front_id", "back_id"}, {}, true, true},
        {"ocr_passport", {"passport_image"}, {}, true, false},
        {"face_liveness", {"image"}, {}, true, false},
        {"register_face", {"image"}, {}, true, false},
        {"authenticate_face", {"image"}, {{"uuid", text_kind::uuid}}, true, false},
        {"background_check", {}, {{"fullname", text_kind::name}, {"birth_date", text_kind::date}}, false, true},
        {"kyc_card_with_background_check", {"selfie_image", "front_id", "back_id"}, {}, true, true},
        {"kyc_passport_with_background_check", {"selfie_image", "passport_image"}, {}, true, false},
    };
    return table;
}

const service* find_service(std::string_view name) {
    for (const auto& one : all_services())
        if (one.name == name) return &one;
    return nullptr;
}

} // namespace kyc::sandbox
