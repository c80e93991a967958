#include "staging/file_descriptor.h"

#include "base/text.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dbsql::staging {
namespace {

ErrorKind kind_of(int error) noexcept {
  switch (error) {
    case ENOENT:
      return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::PermissionDenied;
    case EEXIST:
      return ErrorKind::AlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorKind::ResourceExhausted;
    case EIO:
      return ErrorKind::Internal;
    default:
      return ErrorKind::InvalidArgument;
  }
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void throw_system_error(int error, std::string_view what) {
  throw_error({.kind = kind_of(error),
               .message = base::concat(what, ": ", std::generic_category().message(error)),
               .native_code = error});
}

}  // namespace dbsql::staging
