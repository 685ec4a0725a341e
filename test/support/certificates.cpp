#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace kyc::test {

namespace {

template<auto Free>
struct freed_by {
    template<class T>
    void operator()(T* object) const {
        Free(object);
    }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;

[[noreturn]] void fail(const std::string& what) {
    const auto code = ERR_get_error();
    throw std::runtime_error("certificate: " + what +
                             (code != 0 ? std::string(": ") + ERR_error_string(code, nullptr) : std::string{}));
}

void check(bool good, const char* what) {
    if (!good) fail(what);
}

template<class Write>
std::string to_pem(const Write& write) {
    const bio_ptr bio(BIO_new(BIO_s_mem()));
    check(bio && write(bio.get()) == 1, "cannot write PEM");
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

certificate to_certificate(X509* x509, EVP_PKEY* key) {
    certificate out;
    out.certificate_pem = to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); });
    out.key_pem =
        to_pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
    return out;
}

bio_ptr from_text(const std::string& pem) {
    return bio_ptr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

x509_ptr read_x509(const std::string& pem) {
    const auto bio = from_text(pem);
    x509_ptr out(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    check(out != nullptr, "not a PEM certificate");
    return out;
}

key_ptr read_key(const std::string& pem) {
    const auto bio = from_text(pem);
    key_ptr out(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    check(out != nullptr, "not a PEM private key");
    return out;
}

key_ptr make_key() {
    key_ptr out(EVP_EC_gen("P-256"));
    check(out != nullptr, "cannot make a P-256 key");
    return out;
}

void set_random_serial(X509* x509) {
    unsigned char bytes[16];
    check(RAND_bytes(bytes, sizeof bytes) == 1, "no random bytes");
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40); // positive, and of one length
    const number_ptr number(BN_bin2bn(bytes, sizeof bytes, nullptr));
    check(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr, "cannot set the serial");
}

void add_extension(X509* x509, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (!extension) fail("cannot make extension " + std::string(OBJ_nid2sn(nid)) + " = " + value);
    check(X509_add_ext(x509, extension.get(), -1) == 1, "cannot add an extension");
}

/// Version 3, with subject, key, serial and dates; no issuer, no extensions, no signature yet.
x509_ptr start(const std::string& common_name, EVP_PKEY* key, int from_days, int until_days) {
    x509_ptr out(X509_new());
    check(out && X509_set_version(out.get(), X509_VERSION_3) == 1, "cannot start a certificate");
    set_random_serial(out.get());
    check(X509_time_adj_ex(X509_getm_notBefore(out.get()), from_days, 0, nullptr) != nullptr, "cannot set notBefore");
    check(X509_time_adj_ex(X509_getm_notAfter(out.get()), until_days, 0, nullptr) != nullptr, "cannot set notAfter");
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1,
          "cannot set the name");
    check(X509_set_pubkey(out.get(), key) == 1, "cannot set the key");
    return out;
}

} // namespace

authority::authority(std::string common_name) {
    const auto key = make_key();
    const auto x509 = start(common_name, key.get(), -2, 3650);
    check(X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get())) == 1, "cannot set the issuer");
    add_extension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(x509.get(), x509.get(), NID_subject_key_identifier, "hash");
    add_extension(x509.get(), x509.get(), NID_authority_key_identifier, "keyid:always");
    check(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0, "cannot sign the authority");
    own_ = to_certificate(x509.get(), key.get());
}

authority::authority(certificate existing) : own_(std::move(existing)) {
    const auto x509 = read_x509(own_.certificate_pem);
    const auto key = read_key(own_.key_pem);
    check(X509_check_private_key(x509.get(), key.get()) == 1, "the authority's key does not belong to its certificate");
}

certificate authority::issue(const certificate_request& wanted) const {
    const auto issuer = read_x509(own_.certificate_pem);
    const auto issuer_key = read_key(own_.key_pem);
    const auto key = make_key();
    const auto x509 = start(wanted.common_name, key.get(), wanted.valid_from_days, wanted.valid_until_days);
    check(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer.get())) == 1, "cannot set the issuer");
    add_extension(x509.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(x509.get(), issuer.get(), NID_ext_key_usage, wanted.client ? "clientAuth" : "serverAuth");
    add_extension(x509.get(), issuer.get(), NID_subject_key_identifier, "hash");
    add_extension(x509.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
    std::string names;
    for (const auto& name : wanted.dns_names)
        names += (names.empty() ? "DNS:" : ",DNS:") + name;
    for (const auto& address : wanted.ip_addresses)
        names += (names.empty() ? "IP:" : ",IP:") + address;
    if (!names.empty()) add_extension(x509.get(), issuer.get(), NID_subject_alt_name, names);
    check(X509_sign(x509.get(), issuer_key.get(), EVP_sha256()) > 0, "cannot sign the certificate");
    return to_certificate(x509.get(), key.get());
}

} // namespace kyc::test
