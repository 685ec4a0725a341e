#include "core/issue_advice.hpp"

#include <algorithm>
#include <array>

namespace kyc {
namespace {

struct entry {
    std::string_view code;
    std::string_view advice;
};

constexpr std::string_view new_picture =
    "Ask for a new picture in good light, with the eyes open and the whole face looking at the camera.";
constexpr std::string_view vendor_fault = "The vendor's side is at fault, not the customer: report the code and the "
                                          "task id to the vendor and verify the case again later.";

constexpr std::array<entry, 19> entries{{
    {"FACE_NOT_FOUND", "Ask for a new picture that shows one whole face, well lit and unfiltered."},
    {"FACE_TOO_SMALL",
     "Ask for a picture taken from closer, with less cropping and more pixels: the face needs at least 224 pixels."},
    {"FACE_TOO_CLOSE", "Ask for a new picture taken from a little further away."},
    {"FACE_ANGLE_TOO_LARGE", "Ask for a new picture with the person looking straight at the camera."},
    {"FAILED_TO_READ_IMAGE",
     "Check that the file is whole, export it again as JPEG or PNG, and verify the case again."},
    {"FACE_CLOSE_TO_BORDER", "Ask for a new picture with more room around the face."},
    {"FACE_CROPPED", "Ask for a new picture with the whole face inside the frame."},
    {"FACE_IS_OCCLUDED",
     "Ask for a new picture with the face uncovered: no mask, hand, hair or sunglasses in front of it."},
    {"TOO_MANY_FACES", "Ask for a new picture with one person only."},
    {"EYES_CLOSED", "Ask for a new picture with the eyes open."},
    {"FAILED_TO_PREDICT_LANDMARKS", new_picture},
    {"Bad face", new_picture},
    {"UNKNOWN", "The check broke down at the provider: verify the case again, and report the task id to the vendor if "
                "it repeats."},
    {"LICENSE_ERROR", vendor_fault},
    {"INVALID_CONFIG", vendor_fault},
    {"INVALID_META", vendor_fault},
    {"FAILED_TO_WRITE_IMAGE", vendor_fault},
    {"Bad params", "Check the case's form fields, the uuid above all, and drop the case again."},
    {"Bad POST", "The API missed a parameter or could not read one: check the service's fields in the configuration."},
}};

} // namespace

std::string_view issue_advice(std::string_view code) {
    const auto* found = std::find_if(entries.begin(), entries.end(), [&](const entry& e) { return e.code == code; });
    if (found != entries.end()) {
        return found->advice;
    }
    return "A person should look at this case: the code is not one that kycd knows.";
}

bool is_vendor_fault(std::string_view code) {
    return issue_advice(code) == vendor_fault;
}

} // namespace kyc
