#include "warehouse/identity_error.h"

#include <nlohmann/json.hpp>

namespace dbsql::warehouse {

HttpReply private_json_reply(int status, std::string_view json) {
  HttpReply reply = json_reply(status, json);
  reply.headers.push_back({"cache-control", "no-store"});
  reply.headers.push_back({"pragma", "no-cache"});
  return reply;
}

HttpReply to_reply(const OAuthRefusal& refusal, bool used_basic) {
  const bool is_client = refusal.code() == "invalid_client";
  nlohmann::ordered_json json;
  json["error"] = refusal.code();
  json["error_description"] = refusal.what();
  HttpReply reply = private_json_reply(
      is_client ? 401 : 400,
      json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  if (is_client && used_basic)
    reply.headers.push_back({"www-authenticate", "Basic realm=\"DatabricksRealm\""});
  return reply;
}

}  // namespace dbsql::warehouse
