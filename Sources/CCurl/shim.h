#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <fcntl.h>

// Swift cannot call variadic functions: one wrapper for each type of argument.

typedef size_t (*glue_curl_data_callback)(char *buffer, size_t size, size_t count, void *context);

static inline CURLcode glue_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode glue_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

// libcurl copies strings, and nothing else.
static inline CURLcode glue_curl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode glue_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode glue_curl_set_callback(CURL *easy, CURLoption option, glue_curl_data_callback value) {
  return curl_easy_setopt(easy, option, value);
}

// Copies the bytes.
static inline CURLcode glue_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

static inline long glue_curl_get_long(CURL *easy, CURLINFO info) {
  long value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t glue_curl_get_size(CURL *easy, CURLINFO info) {
  curl_off_t value = 0;
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline CURLcode glue_curl_unpause(CURL *easy) { return curl_easy_pause(easy, CURLPAUSE_CONT); }

static inline const struct curl_certinfo *glue_curl_get_certificates(CURL *easy) {
  struct curl_certinfo *certificates = NULL;
  return curl_easy_getinfo(easy, CURLINFO_CERTINFO, &certificates) == CURLE_OK ? certificates : NULL;
}

// A child process must not inherit the connections.
static int glue_curl_close_on_exec(void *context, curl_socket_t socket, curlsocktype purpose) {
  (void)context;
  (void)purpose;
  return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static inline CURLcode glue_curl_set_close_on_exec(CURL *easy) {
  return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, glue_curl_close_on_exec);
}
