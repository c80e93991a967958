#pragma once

#include <dbsql/error.h>

#include "arrow/c_data.h"
#include "protocol/backend.h"
#include "result/cloudfetch/download.h"
#include "result/cloudfetch/file_decoder.h"
#include "result/cloudfetch/memory_budget.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::result {

/// One download of a slot's file. A slot has two of them while a slow one is being hedged.
struct Transfer {
  std::uint64_t id = 0;
  std::chrono::steady_clock::time_point started;
  AbortDownload abort;  ///< empty until the download has been handed to the network
};

/// The decoding of one download, while it goes on. Its task is the only one to touch `decoder`; the
/// rest is guarded by the pipeline.
struct DecodeJob {
  std::uint64_t transfer = 0;
  std::unique_ptr<FileDecoder> decoder;  ///< gone when the task has come to its end
  base::Buffer arrived;
  bool is_complete = false;
  bool has_news = false;    ///< `arrived` has grown since the task looked
  bool is_running = false;  ///< the task is queued or running
};

/// One file of the result, from its link to its last batch.
struct Slot {
  enum class State : std::uint8_t {
    Waiting,   ///< for a place among the downloads, or for `not_before`
    Stale,     ///< its link must be renewed
    Fetching,  ///< batches may come already
    Decoding,  ///< all of it has arrived
    Ready,     ///< all batches are in `batches`, or were handed out
    Failed,    ///< `error` says why
  };

  protocol::ResultLink link;
  State state = State::Waiting;
  std::chrono::steady_clock::time_point not_before{};
  std::vector<Transfer> transfers;
  MemoryBudget::Reservation reservation;  ///< until a decoder takes it over
  std::shared_ptr<DecodeJob> job;
  FileDecoder::HandedOut handed_out;  ///< by this file's decoders, into `batches`
  std::deque<arrow::UniqueArray> batches;
  std::exception_ptr error;

  std::chrono::steady_clock::time_point fetched_since;  ///< of the download that brought the file
  std::int64_t wire_bytes = 0;                          ///< the same
  int attempts = 0;                                     ///< downloads that failed
  int hedges = 0;                                       ///< second downloads beside a slow one
  std::chrono::steady_clock::time_point no_hedge_before{};  ///< after one that failed
  int refreshes = 0;                                        ///< links asked for again
  bool ignores_expiry =
      false;                  ///< the link looked too old when it was fresh: our clock may be wrong
  bool decoded_once = false;  ///< one download was damaged
  std::chrono::milliseconds waited{0};
  std::string last_problem;
  int last_status = 0;

  /// The download of that number, while it runs.
  Transfer* find_transfer(std::uint64_t id) noexcept {
    for (Transfer& transfer : transfers)
      if (transfer.id == id) return &transfer;
    return nullptr;
  }
};

}  // namespace dbsql::result
