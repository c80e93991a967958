#include "warehouse/file_buffer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <span>

namespace dbsql::warehouse {

std::optional<base::Buffer> map_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat status {};
  void* mapped = MAP_FAILED;
  if (::fstat(file, &status) == 0 && status.st_size > 0) {
    mapped =
        ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  }
  ::close(file);
  if (status.st_size == 0) return base::Buffer();
  if (mapped == MAP_FAILED) return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  std::shared_ptr<const void> owner(mapped, [size](void* memory) { ::munmap(memory, size); });
  return base::Buffer(std::move(owner), {static_cast<const std::byte*>(mapped), size});
}

}  // namespace dbsql::warehouse
