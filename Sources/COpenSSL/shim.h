#pragma once
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// What OpenSSL offers only as macros or variadic functions.

/// The bytes written to a memory BIO; they live as long as it does.
static inline const unsigned char *glue_bio_bytes(BIO *bio, long *count) {
  char *bytes = NULL;
  *count = BIO_get_mem_data(bio, &bytes);
  return (const unsigned char *)bytes;
}

static inline EVP_PKEY *glue_new_p256_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

static inline int glue_general_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/// The type of the n-th name (GEN_DNS, GEN_IPADD …) and, for those two, its bytes.
static inline int glue_general_name(const GENERAL_NAMES *names, int place, const unsigned char **bytes, int *count) {
  int type = 0;
  const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, place), &type);
  *bytes = NULL;
  *count = 0;
  if (type == GEN_DNS || type == GEN_IPADD) {
    *bytes = ASN1_STRING_get0_data((const ASN1_STRING *)value);
    *count = ASN1_STRING_length((const ASN1_STRING *)value);
  }
  return type;
}

/// Verifies chain[0] with the rest of the chain and the trusted certificates, at a point of time; X509_V_OK or why not.
static inline int glue_verify_chain(X509 **chain, int chain_count, X509 **trusted, int trusted_count, time_t now) {
  int result = X509_V_ERR_OUT_OF_MEM;
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  STACK_OF(X509) *others = sk_X509_new_null();
  if (store && context && others) {
    for (int i = 0; i < trusted_count; i++) X509_STORE_add_cert(store, trusted[i]);
    for (int i = 1; i < chain_count; i++) sk_X509_push(others, chain[i]);
    if (X509_STORE_CTX_init(context, store, chain[0], others) == 1) {
      X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
      X509_VERIFY_PARAM_set_time(parameters, now);
      // As libcurl has it: a trusted certificate need not be a root.
      X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
      X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
      result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
      if (result == X509_V_OK && X509_STORE_CTX_get_error(context) != X509_V_OK) {
        result = X509_STORE_CTX_get_error(context);
      }
    }
  }
  sk_X509_free(others);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return result;
}

/// Names as RFC 2253 writes them, UTF-8 as it is.
static const unsigned long glue_name_flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
