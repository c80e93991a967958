#pragma once

#include "http/body.h"
#include "staging/allowed_paths.h"

#include <cstdint>
#include <string>

namespace dbsql::staging {

/// A file as the body of a PUT: as long as it was when it was opened.
///
/// Errors: `Error` by the system's errno, also from the constructor; InvalidArgument when it is no
/// regular file or has become shorter.
class FileSource final : public http::BodySource {
 public:
  explicit FileSource(const LocalPlace& place);
  /// A file that is open; all of it is sent.
  FileSource(FileDescriptor file, std::string path);

  std::uint64_t size() const override { return size_; }
  bool rewind() override;
  std::size_t read(std::span<std::byte> into) override;

 private:
  void measure();

  FileDescriptor file_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
};

/// The file that a GET writes: under another name beside it, until it is whole. A GET that fails
/// leaves the folder as it was.
///
/// Errors: `Error` by the system's errno; AlreadyExists when the file is there and may not be
/// replaced; also from the constructor, which writes nothing.
class FileSink final : public http::BodySink {
 public:
  FileSink(LocalPlace place, bool overwrite);
  ~FileSink() override;

  void begin(std::optional<std::uint64_t> size) override;
  bool rewind() override;
  void write(std::span<const std::byte> bytes) override;

  /// The file is whole: gives it its name.
  void commit();

 private:
  void require_replaceable();
  void open_part();
  void rename_part();

  LocalPlace place_;
  bool overwrite_;
  unsigned mode_ = 0;      // of the file that is replaced; 0 = there is none
  std::string part_name_;  // empty until the part file is there, and again when it is gone
  FileDescriptor part_;
};

}  // namespace dbsql::staging
