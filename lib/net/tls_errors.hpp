#pragma once
// What went wrong in TLS, in words for the one who has to mend it.

#include <boost/system/error_code.hpp>

#include <string>

struct x509_store_ctx_st;

namespace kyc::net {

/// Why a certificate was not taken, e.g. "hostname mismatch (certificate is for a.example)". For a verify callback.
[[nodiscard]] std::string verification_text(x509_store_ctx_st* context);

/// True when the server would not have us (no or a wrong client certificate, for example). With TLS 1.3 this comes
/// after our side of the handshake is done: what was written by then went unread.
[[nodiscard]] bool refuses_the_handshake(const boost::system::error_code& error);

} // namespace kyc::net
