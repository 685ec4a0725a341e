#include "net/tls_errors.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace kyc::net {
namespace {

// The names that a certificate is good for, for the one who has to find out why it does not fit.
std::string names_on(X509* certificate) {
    std::string names;
    auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && names.size() < 200; ++i) {
        const auto* name = sk_GENERAL_NAME_value(all, i);
        std::string text;
        if (name->type == GEN_DNS) {
            text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                        static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
        } else if (name->type == GEN_IPADD) {
            const auto* bytes = ASN1_STRING_get0_data(name->d.iPAddress);
            if (const int size = ASN1_STRING_length(name->d.iPAddress); size == 4) {
                for (int k = 0; k < 4; ++k)
                    text += (k != 0 ? "." : "") + std::to_string(bytes[k]);
            } else {
                text = "an IPv6 address";
            }
        }
        for (char& c : text)
            if (c <= ' ' || c >= '\x7f') c = '?';
        if (!text.empty()) names += (names.empty() ? "" : ", ") + text;
    }
    GENERAL_NAMES_free(all);
    return names;
}

std::string_view advice_on_certificate(int reason) {
    switch (reason) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "; check api.base_url";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "; whoever runs the server has to renew it, or the clock here is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "; check the clock here";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "; if it is the right server, its authority's certificate belongs into api.ca_file";
    default:
        return "";
    }
}

int ssl_reason(const boost::system::error_code& error) {
    if (error.category() != boost::asio::error::get_ssl_category()) return 0;
    return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

} // namespace

std::string verification_text(x509_store_ctx_st* context) {
    const int reason = X509_STORE_CTX_get_error(context);
    std::string text = X509_verify_cert_error_string(reason);
    if (reason == X509_V_ERR_HOSTNAME_MISMATCH || reason == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        const auto names = names_on(X509_STORE_CTX_get0_cert(context));
        text += " (certificate is for " + (names.empty() ? "no name at all" : names) + ")";
    }
    return text.append(advice_on_certificate(reason));
}

std::string handshake_text(const boost::system::error_code& error, client_proof proof) {
    auto text = error.message();
    const int reason = ssl_reason(error);
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
        return text + "; the server speaks no TLS 1.2 or later, and kycd nothing older";
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
        return text + "; what answers there does not speak TLS: check api.base_url";
    if (proof == client_proof::missing)
        return text + "; the server wants a client certificate: set api.client_certificate";
    if (proof == client_proof::shown)
        return text + "; the server may not take our client certificate: check api.client_certificate";
    return text;
}

bool refuses_the_handshake(const boost::system::error_code& error) {
    switch (ssl_reason(error)) {
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return true;
    default:
        return false;
    }
}

} // namespace kyc::net
