#include "sandbox/statistics.hpp"

namespace kyc::sandbox {

namespace {

std::string key_of(const std::string& key) {
    return key;
}

std::string key_of(int key) {
    return std::to_string(key);
}

std::string key_of(call_kind key) {
    return std::string(name_of(key));
}

template<class Map>
boost::json::object object_of(const Map& map) {
    boost::json::object out;
    for (const auto& [key, count] : map)
        out[key_of(key)] = count;
    return out;
}

} // namespace

boost::json::object statistics::to_json() const {
    std::uint64_t refused = 0;
    for (const auto& [code, count] : refusals)
        refused += count;
    return {{"requests", object_of(requests)},
            {"submits", object_of(submits)},
            {"replies", object_of(replies)},
            {"connections", connections},
            {"open_connections", open_connections},
            {"tls_handshakes", handshakes},
            {"tls_resumed", resumed},
            {"tls_failed", failed_handshakes},
            {"body_bytes", body_bytes},
            {"unauthorized", refused},
            {"unauthorized_by_code", object_of(refusals)},
            {"obtains", obtained},
            {"refreshes", refreshed},
            {"running", object_of(running)},
            {"max_concurrent", object_of(most_running)}};
}

} // namespace kyc::sandbox
