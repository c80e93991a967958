#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::bench {

/// Memory that was touched before anything is timed, and is used again and again: what a perfect
/// client would have (reference/performance.md 2.3).
class ReusedMemory {
 public:
  explicit ReusedMemory(std::size_t capacity);

  char* data() noexcept { return memory_.get(); }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Free {
    void operator()(char* memory) const noexcept;
  };
  std::unique_ptr<char, Free> memory_;
  std::size_t capacity_;
};

/// One blocking keep-alive connection to the bench server, and nothing that HTTP does not need
/// here.
class RawHttp {
 public:
  explicit RawHttp(std::uint16_t port);
  ~RawHttp();
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;

  /// A Thrift message as the whole text of a request.
  static std::string request(std::string_view message);

  /// A request for a file.
  static std::string get(std::string_view target);

  /// Sends a request and reads the reply's body into `memory`.
  /// \throws std::runtime_error  the reply is not a 200, or does not fit
  std::span<const char> exchange(std::string_view request, ReusedMemory& memory);

  std::uint64_t reads() const noexcept { return reads_; }

 private:
  std::size_t read_some(char* destination, std::size_t size);

  int socket_ = -1;
  std::uint64_t reads_ = 0;
};

}  // namespace dbsql::bench
