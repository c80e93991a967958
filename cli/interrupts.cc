#include "cli/interrupts.h"

#include "cli/exit_code.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace dbsql::cli {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr char kQuit = 0;

// The only things the handler touches: lock-free, so safe in a handler.
std::atomic<int> handler_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> earlier_actions;
struct sigaction earlier_pipe_action;

extern "C" void forward_signal(int signal) {
  const int saved = errno;
  const char byte = static_cast<char>(signal);
  // A full pipe means that an interrupt is on its way already.
  if (write(handler_descriptor.load(), &byte, 1) < 0) errno = saved;
  errno = saved;
}

void make_pipe(int (&ends)[2], int flags) {
  if (pipe2(ends, O_CLOEXEC | flags) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
}

void drain(int descriptor) {
  std::array<char, 64> bytes{};
  while (read(descriptor, bytes.data(), bytes.size()) > 0) {
  }
}

}  // namespace

Interrupts::Interrupts() {
  make_pipe(signals_, 0);
  make_pipe(wake_, O_NONBLOCK);
  fcntl(signals_[1], F_SETFL, O_NONBLOCK);
  handler_descriptor = signals_[1];
  watcher_ = std::thread([this] { watch(); });

  struct sigaction action {};
  action.sa_handler = forward_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t index = 0; index < kSignals.size(); ++index) {
    sigaction(kSignals[index], nullptr, &earlier_actions[index]);
    // Started with nohup or in the background of a script: what is ignored stays ignored.
    if (earlier_actions[index].sa_handler == SIG_IGN) continue;
    sigaction(kSignals[index], &action, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &earlier_pipe_action);
}

Interrupts::~Interrupts() {
  for (std::size_t index = 0; index < kSignals.size(); ++index) {
    sigaction(kSignals[index], &earlier_actions[index], nullptr);
  }
  sigaction(SIGPIPE, &earlier_pipe_action, nullptr);
  const char quit = kQuit;
  while (write(signals_[1], &quit, 1) < 0 && errno == EAGAIN) std::this_thread::yield();
  watcher_.join();
  handler_descriptor = -1;
  for (const int descriptor : {signals_[0], signals_[1], wake_[0], wake_[1]}) close(descriptor);
}

void Interrupts::begin() {
  if (is_terminating()) return;
  std::lock_guard lock(mutex_);
  source_ = std::stop_source();
  drain(wake_[0]);
}

std::stop_token Interrupts::token() const {
  std::lock_guard lock(mutex_);
  return source_.get_token();
}

bool Interrupts::is_interrupted() const { return token().stop_requested(); }

void Interrupts::remove_when_leaving(std::string file) {
  std::lock_guard lock(mutex_);
  file_to_remove_ = std::move(file);
}

void Interrupts::watch() {
  while (true) {
    char byte = kQuit;
    const ssize_t count = read(signals_[0], &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count != 1 || byte == kQuit) return;
    interrupt(byte != SIGINT);
  }
}

void Interrupts::interrupt(bool terminate) {
  if (terminate) terminating_ = true;
  std::stop_source source;
  {
    std::lock_guard lock(mutex_);
    if (source_.stop_requested() && leave_at_second_) {
      if (!file_to_remove_.empty()) unlink(file_to_remove_.c_str());
      _exit(static_cast<int>(ExitCode::Stopped));
    }
    source = source_;
  }
  source.request_stop();  // runs callbacks of the driver: not under our lock
  // Whoever is woken finds that it was interrupted, so that comes first.
  std::lock_guard lock(mutex_);
  if (source != source_) return;  // it has begun anew
  const char byte = 1;
  [[maybe_unused]] const auto written = write(wake_[1], &byte, 1);  // full: readable already
}

}  // namespace dbsql::cli
