#include "server/service.h"

#include "wire/thrift_walk.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace dbsql::bench {

namespace {

constexpr std::int16_t kRequest = 1;  // field of every `..._args` struct
// The end of TFetchResultsResp and of the result struct around it.
constexpr std::string_view kTwoStops("\0\0", 2);

void put_big_endian(std::string& text, std::size_t position, std::uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i, value >>= 8)
    text[position + static_cast<std::size_t>(i)] = static_cast<char>(value & 0xFF);
}

/// A valid RFC 4122 UUID that carries a number (reference/thrift.md 6.5).
Guid guid_of(std::uint32_t number) {
  Guid guid{};
  for (std::size_t i = 0; i < 4; ++i) guid[i] = static_cast<char>(number >> (24 - 8 * i));
  guid[6] = 0x40;                     // version 4
  guid[8] = static_cast<char>(0x80);  // the variant
  guid[15] = 1;
  return guid;
}

std::uint32_t number_of(const Guid& guid) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<std::uint8_t>(guid[i]);
  return number;
}

std::int64_t direct_results_rows(ThriftWalker& walker) {
  std::int64_t rows = 0;
  while (const auto field = walker.next_field()) {
    if (field->id == 1 && field->type == WireType::I64) {
      rows = walker.i64();
    } else {
      walker.skip(field->type);
    }
  }
  return rows;
}

}  // namespace

/// What ExecuteStatement asks for, as far as the answer depends on it.
struct Service::ExecuteOptions {
  ExecuteOptions(std::span<const char> request, std::size_t at);

  std::string statement;
  bool reads_arrow = false;
  bool reads_lz4 = false;
  bool downloads = false;
  bool wants_direct_results = false;
  std::int64_t max_rows = 0;

  std::string text() const {
    const auto flag = [](bool value) { return value ? "1" : "0"; };
    return std::string("arrow=") + flag(reads_arrow) + " lz4=" + flag(reads_lz4) +
           " download=" + flag(downloads) + " direct_results=" + flag(wants_direct_results) +
           " max_rows=" + std::to_string(max_rows);
  }
};

Service::ExecuteOptions::ExecuteOptions(std::span<const char> request, std::size_t at) {
  ThriftWalker walker(request, at);
  while (const auto field = walker.next_field()) {
    if (field->id == 2 && field->type == WireType::String) {
      statement = walker.string();
    } else if (field->id == 0x501 && field->type == WireType::Struct) {
      wants_direct_results = true;
      max_rows = direct_results_rows(walker);
    } else if (field->id == 0x502 && field->type == WireType::Bool) {
      reads_arrow = walker.u8() != 0;
    } else if (field->id == 0x503 && field->type == WireType::Bool) {
      downloads = walker.u8() != 0;
    } else if (field->id == 0x504 && field->type == WireType::Bool) {
      reads_lz4 = walker.u8() != 0;
    } else {
      walker.skip(field->type);
    }
  }
}

/// One request, taken apart as far as all methods need it.
struct Service::Call {
  std::span<const char> message;
  MessageHead head;
  std::size_t request_at = 0;  ///< the fields of the request struct

  explicit Call(std::span<const char> bytes) : message(bytes), head(read_message_head(bytes)) {
    const auto place = find_value(bytes, head.body_at, {kRequest});
    if (!place) throw std::out_of_range("Thrift: a call without a request");
    request_at = place->begin;
  }

  std::optional<Guid> operation_guid() const {
    const auto place = find_value(message, request_at, {1, 1, 1});
    if (!place) return std::nullopt;
    const std::string_view text = ThriftWalker(message, place->begin).string();
    Guid guid{};
    if (text.size() != guid.size()) return std::nullopt;
    std::memcpy(guid.data(), text.data(), guid.size());
    return guid;
  }
};

Service::Service(std::string origin)
    : origin_(std::move(origin)),
      open_session_(prepare_open_session()),
      close_session_(prepare_close_session()),
      close_operation_(prepare_close_operation()),
      cancel_operation_(prepare_cancel_operation()),
      operation_status_(prepare_operation_status()) {
  const PagesSpec one_page{.pages = 1, .rows = 1, .batches = 1};
  keep("SELECT 1 plain", encode_select_one(false), one_page);
  keep(std::string(kSelectOne), encode_select_one(true), one_page);
}

const PreparedResult& Service::keep(std::string name, EncodedResult encoded,
                                    const PagesSpec& spec) {
  const FileAddress address{.origin = origin_,
                            .result = static_cast<std::uint32_t>(numbered_.size())};
  auto& result = results_[std::move(name)] =
      std::make_unique<PreparedResult>(prepare_result(std::move(encoded), spec, address));
  numbered_.push_back(result.get());
  return *result;
}

const PreparedResult& Service::result(std::uint32_t number) const {
  if (number >= numbered_.size()) throw std::invalid_argument("there is no such result");
  return *numbered_[number];
}

const PreparedResult& Service::prepare(std::string_view statement) {
  const auto found = results_.find(statement);
  if (found != results_.end()) return *found->second;
  const auto spec = PagesSpec::parse(statement);
  if (!spec) {
    throw std::invalid_argument("the bench server knows no statement '" + std::string(statement) +
                                "'; send SELECT 1 or bench pages=N ...");
  }
  return keep(std::string(statement), encode_pages(*spec), *spec);
}

Method Service::answer(std::span<const char> request, Outgoing& outgoing) {
  const Call call(request);
  const Method method = method_of(call.head.method);
  switch (method) {
    case Method::OpenSession:
      reply(open_session_, call, outgoing);
      break;
    case Method::ExecuteStatement:
      execute(call, outgoing);
      break;
    case Method::FetchResults:
      fetch(call, outgoing);
      break;
    case Method::GetOperationStatus:
      reply(operation_status_, call, outgoing);
      break;
    case Method::GetResultSetMetadata:
      metadata(call, outgoing);
      break;
    case Method::CloseOperation:
      close_operation(call);
      reply(close_operation_, call, outgoing);
      break;
    case Method::CancelOperation:
      reply(cancel_operation_, call, outgoing);
      break;
    case Method::CloseSession:
      reply(close_session_, call, outgoing);
      break;
    case Method::Download:
    case Method::Rest:
    case Method::Other:
      outgoing.head += unknown_method(call.head.method, call.head.sequence_id);
      break;
  }
  return method;
}

/// Puts a prepared reply into `outgoing`, with the request's sequence id and, where it has a place
/// for one, the guid of a new session.
void Service::reply(const PreparedReply& prepared, const Call& call, Outgoing& outgoing) {
  const std::size_t begin = outgoing.head.size();
  outgoing.head.append(prepared.bytes, 0, prepared.head_size);
  outgoing.body = std::string_view(prepared.bytes).substr(prepared.head_size);
  put_big_endian(outgoing.head, begin + prepared.sequence_id_at,
                 static_cast<std::uint32_t>(call.head.sequence_id), 4);
  if (prepared.guid_at != 0) {
    const Guid guid = guid_of(++next_session_);
    outgoing.head.replace(begin + prepared.guid_at, guid.size(), guid.data(), guid.size());
  }
}

const PreparedResult* Service::result_for(const ExecuteOptions& options, std::string& refusal) {
  try {
    if (options.statement == kSelectOne && !options.reads_lz4) return &prepare("SELECT 1 plain");
    const PreparedResult& result = prepare(options.statement);
    if (result.lz4 && !options.reads_lz4) {
      refusal = "the statement wants LZ4, but the client did not offer to read it";
    } else if (result.file_count > 0 && !options.downloads) {
      refusal = "the statement wants files, but the client did not offer to download any";
    } else {
      return &result;
    }
  } catch (const std::invalid_argument& error) {
    refusal = error.what();
  }
  return nullptr;
}

void Service::execute(const Call& call, Outgoing& outgoing) {
  const ExecuteOptions options(call.message, call.request_at);
  if (options.statement != kSelectOne) last_options_ = options.text();
  std::string refusal;
  const PreparedResult* result = result_for(options, refusal);
  if (result == nullptr) {
    const PreparedReply error = prepare_refusal("42000", refusal);
    reply(error, call, outgoing);
    outgoing.head += outgoing.body;  // the prepared reply ends with this function
    outgoing.body = {};
    return;
  }
  const std::size_t begin = outgoing.head.size();
  reply(result->execute, call, outgoing);
  if (result->closed_at_once()) return;
  const Guid guid = guid_of(open_operation(*result));
  outgoing.head.replace(begin + result->execute.guid_at, guid.size(), guid.data(), guid.size());
}

std::uint32_t Service::open_operation(const PreparedResult& result) {
  if (free_operations_.empty()) {
    free_operations_.push_back(static_cast<std::uint32_t>(operations_.size()));
    operations_.emplace_back();
  }
  const std::uint32_t number = free_operations_.back();
  free_operations_.pop_back();
  operations_[number] = {.result = &result, .next_page = 1, .open = true};
  return number;
}

Service::Operation* Service::find(const Guid& guid) {
  const std::uint32_t number = number_of(guid);
  if (number >= operations_.size() || !operations_[number].open) return nullptr;
  return &operations_[number];
}

void Service::fetch(const Call& call, Outgoing& outgoing) {
  const auto guid = call.operation_guid();
  Operation* operation = guid ? find(*guid) : nullptr;
  if (operation == nullptr)
    throw std::invalid_argument("FetchResults for an operation that is closed");
  const PreparedResult& result = *operation->result;
  const std::int64_t index = std::min(operation->next_page++, result.page_count);
  const auto& page = index == result.page_count
                         ? result.after_last
                         : result.pages[static_cast<std::size_t>(index) % result.pages.size()];

  const std::size_t begin = outgoing.head.size();
  reply(page, call, outgoing);
  outgoing.head[begin + page.has_more_at] = operation->next_page < result.page_count ? 1 : 0;
  put_big_endian(outgoing.head, begin + page.start_row_at,
                 static_cast<std::uint64_t>(index * result.rows_per_page), 8);
  const auto wants_metadata = find_value(call.message, call.request_at, {0x503});
  if (!wants_metadata || call.message[wants_metadata->begin] == 0) {
    outgoing.body =
        std::string_view(page.bytes).substr(page.head_size, page.metadata_at - page.head_size);
    outgoing.tail = kTwoStops;
  }
}

void Service::metadata(const Call& call, Outgoing& outgoing) {
  const auto guid = call.operation_guid();
  const Operation* operation = guid ? find(*guid) : nullptr;
  if (operation == nullptr)
    throw std::invalid_argument("GetResultSetMetadata for an operation that is closed");
  reply(operation->result->metadata, call, outgoing);
}

void Service::close_operation(const Call& call) {
  const auto guid = call.operation_guid();
  if (Operation* operation = guid ? find(*guid) : nullptr; operation != nullptr) {
    operation->open = false;
    free_operations_.push_back(number_of(*guid));
  }
}

}  // namespace dbsql::bench
