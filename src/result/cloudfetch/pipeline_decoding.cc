#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "result/cloudfetch/pipeline_state.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

/// The pipeline's decoding: one task at a time for each file, on the executor.
namespace dbsql::result {

void CloudFetchPipeline::State::grown(std::uint64_t sequence, std::uint64_t transfer,
                                      const base::Buffer& so_far) {
  std::lock_guard lock(mutex_);
  Slot* slot = closed_ ? nullptr : find_locked(sequence);
  if (slot == nullptr || slot->state != Slot::State::Fetching) return;
  const auto is_it = [&](const Transfer& one) { return one.id == transfer; };
  if (std::none_of(slot->transfers.begin(), slot->transfers.end(), is_it)) return;
  // Of a download and its twin, the first one to bring something is read; the other one counts when
  // it is complete.
  if (slot->job && slot->job->transfer != transfer) return;
  feed_locked(*slot, sequence, transfer, so_far, false);
}

void CloudFetchPipeline::State::feed_locked(Slot& slot, std::uint64_t sequence,
                                            std::uint64_t transfer, const base::Buffer& so_far,
                                            bool is_complete) {
  if (!slot.job) {
    const auto hint = std::max<std::int64_t>(slot.link.size_bytes, 0);
    slot.job = std::make_shared<DecodeJob>();
    slot.job->transfer = transfer;
    slot.job->decoder =
        std::make_unique<FileDecoder>(**schema_,
                                      FileDecoder::File{.row_count = slot.link.row_count,
                                                        .size_hint = static_cast<std::size_t>(hint),
                                                        .before = slot.handed_out,
                                                        .clock = environment_.clock},
                                      environment_.budget, std::move(slot.reservation));
  }
  DecodeJob& job = *slot.job;
  job.arrived = so_far;
  job.is_complete = is_complete;
  job.has_news = true;
  if (std::exchange(job.is_running, true)) return;
  environment_.executor->post(
      [self = shared_from_this(), sequence, task = slot.job] { self->run(sequence, *task); });
}

/// The file that `job` decodes, unless the job was given up.
Slot* CloudFetchPipeline::State::slot_of_locked(std::uint64_t sequence, const DecodeJob& job) {
  Slot* slot = closed_ ? nullptr : find_locked(sequence);
  return slot != nullptr && slot->job.get() == &job ? slot : nullptr;
}

void CloudFetchPipeline::State::run(std::uint64_t sequence, DecodeJob& job) {
  for (;;) {
    base::Buffer arrived;
    bool is_complete = false;
    {
      std::lock_guard lock(mutex_);
      if (!std::exchange(job.has_news, false) || slot_of_locked(sequence, job) == nullptr) {
        job.is_running = false;
        return;
      }
      arrived = std::exchange(job.arrived, {});
      is_complete = job.is_complete;
    }
    Decoded decoded = decode(job, arrived, is_complete);
    arrived = {};  // only batches may keep the file's memory from now on
    const bool has_ended = is_complete || decoded.problem;
    if (!deliver(sequence, job, std::move(decoded), is_complete)) return;
    changed_.notify_all();
    if (!has_ended) continue;
    pump();
    return;
  }
}

CloudFetchPipeline::State::Decoded CloudFetchPipeline::State::decode(DecodeJob& job,
                                                                     const base::Buffer& arrived,
                                                                     bool is_complete) {
  Decoded decoded;
  try {
    decoded.batches = job.decoder->advance(arrived, is_complete);
    if (!is_complete) decoded.handed_out = job.decoder->handed_out();
    decoded.work = job.decoder->work();
  } catch (const Error& error) {
    decoded.problem = error;
  } catch (const std::bad_alloc&) {
    decoded.problem =
        Error({.kind = ErrorKind::ResourceExhausted,
               .message = "there is no memory for a result file; lower result.memory_budget"});
  } catch (const std::exception& error) {
    decoded.problem = Error({.kind = ErrorKind::Internal,
                             .message = base::concat("a result file could not be decoded: ",
                                                     std::string_view(error.what()))});
  }
  if (is_complete || decoded.problem) job.decoder.reset();
  return decoded;
}

/// Before the reader can get at its last rows: afterwards the statement may be over.
void CloudFetchPipeline::State::tell_of_file(std::uint64_t sequence, const DecodeJob& job,
                                             const DecodeWork& work) {
  if (!environment_.observer) return;
  observe::ChunkReceived event;
  {
    std::lock_guard lock(mutex_);
    const Slot* slot = slot_of_locked(sequence, job);
    if (slot == nullptr) return;
    event = {.index = static_cast<std::int64_t>(sequence),
             .latency = now() - slot->fetched_since,
             .wire_bytes = slot->wire_bytes,
             .repeats = slot->attempts,
             .hedges = slot->hedges,
             .bytes = work.bytes,
             .decompress = work.decompress,
             .decode = work.decode};
  }
  environment_.observer->on(event);
}

/// False when nobody wants the batches any more.
bool CloudFetchPipeline::State::deliver(std::uint64_t sequence, const DecodeJob& job,
                                        Decoded decoded, bool is_complete) {
  std::vector<AbortDownload> aborts;
  if (is_complete && !decoded.problem) tell_of_file(sequence, job, decoded.work);
  {
    std::lock_guard lock(mutex_);
    Slot* slot = slot_of_locked(sequence, job);
    if (slot == nullptr) return false;
    for (arrow::UniqueArray& batch : decoded.batches) slot->batches.push_back(std::move(batch));
    if (decoded.problem) {
      aborts = damaged_locked(*slot, *decoded.problem);
    } else {
      slot->handed_out = std::move(decoded.handed_out);
      if (is_complete) {
        slot->job.reset();
        slot->state = Slot::State::Ready;
      }
    }
  }
  for (const AbortDownload& abort : aborts) {
    if (abort) abort();
  }
  return true;
}

std::vector<AbortDownload> CloudFetchPipeline::State::damaged_locked(Slot& slot,
                                                                     const Error& error) {
  slot.job.reset();
  // One fresh download is cheap and mends what a middle box has damaged (reference/results.md 2.5).
  if (error.kind() == ErrorKind::CorruptResult && !std::exchange(slot.decoded_once, true)) {
    slot.state = Slot::State::Waiting;
    base::log(LogLevel::Warn, "cloudfetch",
              base::concat("a result file was damaged and is downloaded again: ", error.message()));
  } else {
    end_with_locked(slot, error.fields());
  }
  return drop_transfers_locked(slot);
}

}  // namespace dbsql::result
