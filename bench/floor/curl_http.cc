#include "floor/curl_http.h"

#include <curl/curl.h>

#include <stdexcept>

namespace dbsql::bench {

struct CurlHttp::Handles {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::string body;
};

namespace {

std::size_t on_body(char* data, std::size_t, std::size_t size, void* target) {
  static_cast<std::string*>(target)->append(data, size);
  return size;
}

}  // namespace

CurlHttp::CurlHttp(std::uint16_t port) : handles_(std::make_unique<Handles>()) {
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/sql/1.0/warehouses/bench";
  for (const char* header : {"Content-Type: application/x-thrift", "Accept: application/x-thrift",
                             "Authorization: Bearer bench", "Expect:"})
    handles_->headers = curl_slist_append(handles_->headers, header);
  handles_->easy = curl_easy_init();
  curl_easy_setopt(handles_->easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handles_->easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handles_->easy, CURLOPT_HTTPHEADER, handles_->headers);
  curl_easy_setopt(handles_->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handles_->easy, CURLOPT_WRITEDATA, &handles_->body);
  curl_easy_setopt(handles_->easy, CURLOPT_NOSIGNAL, 1L);
}

CurlHttp::~CurlHttp() {
  curl_easy_cleanup(handles_->easy);
  curl_slist_free_all(handles_->headers);
}

std::string_view CurlHttp::exchange(std::string_view message) {
  handles_->body.clear();
  curl_easy_setopt(handles_->easy, CURLOPT_POSTFIELDS, message.data());
  curl_easy_setopt(handles_->easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(message.size()));
  if (const CURLcode code = curl_easy_perform(handles_->easy); code != CURLE_OK)
    throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(code));
  return handles_->body;
}

std::string CurlHttp::version() { return curl_version_info(CURLVERSION_NOW)->version; }

}  // namespace dbsql::bench
