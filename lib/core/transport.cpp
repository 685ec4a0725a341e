#include "core/transport.hpp"

namespace kyc {

std::string_view to_string(transport_problem value) {
    switch (value) {
    case transport_problem::resolve:
        return "could not resolve";
    case transport_problem::connect:
        return "could not connect";
    case transport_problem::proxy:
        return "the proxy refused";
    case transport_problem::tls:
        return "TLS failed";
    case transport_problem::timeout:
        return "timed out";
    case transport_problem::reset:
        return "connection lost";
    case transport_problem::bad_reply:
        return "the reply is not HTTP or was cut short";
    case transport_problem::reply_too_large:
        return "the reply is too large";
    case transport_problem::cancelled:
        return "cancelled";
    }
    return "failed";
}

} // namespace kyc
