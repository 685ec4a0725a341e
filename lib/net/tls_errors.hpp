#pragma once
// What went wrong in TLS, in words for the one who has to mend it.

#include <boost/system/error_code.hpp>

#include <string>

struct x509_store_ctx_st;

namespace kyc::net {

/// Why a certificate was not taken and what to do about it, e.g. "hostname mismatch (certificate is for a.example);
/// check api.base_url". For a verify callback.
[[nodiscard]] std::string verification_text(x509_store_ctx_st* context);

/// What the server wanted to know of us.
enum class client_proof { not_asked, missing, shown };

/// The library's words for a handshake that failed, and what to do about it where that can be told.
[[nodiscard]] std::string handshake_text(const boost::system::error_code& error, client_proof proof);

/// True when the server would not have us (no or a wrong client certificate, for example). With TLS 1.3 this comes
/// after our side of the handshake is done: what was written by then went unread.
[[nodiscard]] bool refuses_the_handshake(const boost::system::error_code& error);

} // namespace kyc::net
