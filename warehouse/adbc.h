#pragma once

#include <dbsql/arrow_c.h>

#include <cstddef>
#include <cstdint>

/// The ADBC 1.1 C ABI (reference/adbc.md 1.2 to 1.4), as far as a caller of a driver library needs
/// it: a driver is loaded with dlopen, its entry point fills an `AdbcDriver`, and everything else
/// goes through that table. All numbers are those of LP64 platforms.

extern "C" {

using AdbcStatusCode = std::uint8_t;

struct AdbcDriver;

/// An error record. With `vendor_code == kAdbcErrorHasDetails` on entry the driver may also fill
/// the last two members.
struct AdbcError {
  char* message;
  std::int32_t vendor_code;
  char sqlstate[5];  // not terminated
  void (*release)(AdbcError*);
  void* private_data;
  AdbcDriver* private_driver;
};

struct AdbcErrorDetail {
  const char* key;
  const std::uint8_t* value;
  std::size_t value_length;
};

struct AdbcDatabase {
  void* private_data;
  AdbcDriver* private_driver;
};

struct AdbcConnection {
  void* private_data;
  AdbcDriver* private_driver;
};

struct AdbcStatement {
  void* private_data;
  AdbcDriver* private_driver;
};

struct AdbcPartitions {
  std::size_t num_partitions;
  const std::uint8_t** partitions;
  const std::size_t* partition_lengths;
  void* private_data;
  void (*release)(AdbcPartitions*);
};

/// The function table. The order is the ABI; slots a driver does not have are null.
struct AdbcDriver {
  void* private_data;
  void* private_manager;
  AdbcStatusCode (*release)(AdbcDriver*, AdbcError*);

  AdbcStatusCode (*DatabaseInit)(AdbcDatabase*, AdbcError*);
  AdbcStatusCode (*DatabaseNew)(AdbcDatabase*, AdbcError*);
  AdbcStatusCode (*DatabaseSetOption)(AdbcDatabase*, const char*, const char*, AdbcError*);
  AdbcStatusCode (*DatabaseRelease)(AdbcDatabase*, AdbcError*);
  AdbcStatusCode (*ConnectionCommit)(AdbcConnection*, AdbcError*);
  AdbcStatusCode (*ConnectionGetInfo)(AdbcConnection*, const std::uint32_t*, std::size_t,
                                      ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*ConnectionGetObjects)(AdbcConnection*, int, const char*, const char*,
                                         const char*, const char**, const char*, ArrowArrayStream*,
                                         AdbcError*);
  AdbcStatusCode (*ConnectionGetTableSchema)(AdbcConnection*, const char*, const char*, const char*,
                                             ArrowSchema*, AdbcError*);
  AdbcStatusCode (*ConnectionGetTableTypes)(AdbcConnection*, ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*ConnectionInit)(AdbcConnection*, AdbcDatabase*, AdbcError*);
  AdbcStatusCode (*ConnectionNew)(AdbcConnection*, AdbcError*);
  AdbcStatusCode (*ConnectionSetOption)(AdbcConnection*, const char*, const char*, AdbcError*);
  AdbcStatusCode (*ConnectionReadPartition)(AdbcConnection*, const std::uint8_t*, std::size_t,
                                            ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*ConnectionRelease)(AdbcConnection*, AdbcError*);
  AdbcStatusCode (*ConnectionRollback)(AdbcConnection*, AdbcError*);
  AdbcStatusCode (*StatementBind)(AdbcStatement*, ArrowArray*, ArrowSchema*, AdbcError*);
  AdbcStatusCode (*StatementBindStream)(AdbcStatement*, ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*StatementExecuteQuery)(AdbcStatement*, ArrowArrayStream*, std::int64_t*,
                                          AdbcError*);
  AdbcStatusCode (*StatementExecutePartitions)(AdbcStatement*, ArrowSchema*, AdbcPartitions*,
                                               std::int64_t*, AdbcError*);
  AdbcStatusCode (*StatementGetParameterSchema)(AdbcStatement*, ArrowSchema*, AdbcError*);
  AdbcStatusCode (*StatementNew)(AdbcConnection*, AdbcStatement*, AdbcError*);
  AdbcStatusCode (*StatementPrepare)(AdbcStatement*, AdbcError*);
  AdbcStatusCode (*StatementRelease)(AdbcStatement*, AdbcError*);
  AdbcStatusCode (*StatementSetOption)(AdbcStatement*, const char*, const char*, AdbcError*);
  AdbcStatusCode (*StatementSetSqlQuery)(AdbcStatement*, const char*, AdbcError*);
  AdbcStatusCode (*StatementSetSubstraitPlan)(AdbcStatement*, const std::uint8_t*, std::size_t,
                                              AdbcError*);

  // Since 1.1.
  int (*ErrorGetDetailCount)(const AdbcError*);
  AdbcErrorDetail (*ErrorGetDetail)(const AdbcError*, int);
  const AdbcError* (*ErrorFromArrayStream)(ArrowArrayStream*, AdbcStatusCode*);
  AdbcStatusCode (*DatabaseGetOption)(AdbcDatabase*, const char*, char*, std::size_t*, AdbcError*);
  AdbcStatusCode (*DatabaseGetOptionBytes)(AdbcDatabase*, const char*, std::uint8_t*, std::size_t*,
                                           AdbcError*);
  AdbcStatusCode (*DatabaseGetOptionDouble)(AdbcDatabase*, const char*, double*, AdbcError*);
  AdbcStatusCode (*DatabaseGetOptionInt)(AdbcDatabase*, const char*, std::int64_t*, AdbcError*);
  AdbcStatusCode (*DatabaseSetOptionBytes)(AdbcDatabase*, const char*, const std::uint8_t*,
                                           std::size_t, AdbcError*);
  AdbcStatusCode (*DatabaseSetOptionDouble)(AdbcDatabase*, const char*, double, AdbcError*);
  AdbcStatusCode (*DatabaseSetOptionInt)(AdbcDatabase*, const char*, std::int64_t, AdbcError*);
  AdbcStatusCode (*ConnectionCancel)(AdbcConnection*, AdbcError*);
  AdbcStatusCode (*ConnectionGetOption)(AdbcConnection*, const char*, char*, std::size_t*,
                                        AdbcError*);
  AdbcStatusCode (*ConnectionGetOptionBytes)(AdbcConnection*, const char*, std::uint8_t*,
                                             std::size_t*, AdbcError*);
  AdbcStatusCode (*ConnectionGetOptionDouble)(AdbcConnection*, const char*, double*, AdbcError*);
  AdbcStatusCode (*ConnectionGetOptionInt)(AdbcConnection*, const char*, std::int64_t*, AdbcError*);
  AdbcStatusCode (*ConnectionGetStatistics)(AdbcConnection*, const char*, const char*, const char*,
                                            char, ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*ConnectionGetStatisticNames)(AdbcConnection*, ArrowArrayStream*, AdbcError*);
  AdbcStatusCode (*ConnectionSetOptionBytes)(AdbcConnection*, const char*, const std::uint8_t*,
                                             std::size_t, AdbcError*);
  AdbcStatusCode (*ConnectionSetOptionDouble)(AdbcConnection*, const char*, double, AdbcError*);
  AdbcStatusCode (*ConnectionSetOptionInt)(AdbcConnection*, const char*, std::int64_t, AdbcError*);
  AdbcStatusCode (*StatementCancel)(AdbcStatement*, AdbcError*);
  AdbcStatusCode (*StatementExecuteSchema)(AdbcStatement*, ArrowSchema*, AdbcError*);
  AdbcStatusCode (*StatementGetOption)(AdbcStatement*, const char*, char*, std::size_t*,
                                       AdbcError*);
  AdbcStatusCode (*StatementGetOptionBytes)(AdbcStatement*, const char*, std::uint8_t*,
                                            std::size_t*, AdbcError*);
  AdbcStatusCode (*StatementGetOptionDouble)(AdbcStatement*, const char*, double*, AdbcError*);
  AdbcStatusCode (*StatementGetOptionInt)(AdbcStatement*, const char*, std::int64_t*, AdbcError*);
  AdbcStatusCode (*StatementSetOptionBytes)(AdbcStatement*, const char*, const std::uint8_t*,
                                            std::size_t, AdbcError*);
  AdbcStatusCode (*StatementSetOptionDouble)(AdbcStatement*, const char*, double, AdbcError*);
  AdbcStatusCode (*StatementSetOptionInt)(AdbcStatement*, const char*, std::int64_t, AdbcError*);
};

/// The entry point of a driver library: fills `driver` (an `AdbcDriver`) up to the size of
/// `version`.
using AdbcDriverInitFunc = AdbcStatusCode (*)(int version, void* driver, AdbcError* error);

}  // extern "C"

inline constexpr AdbcStatusCode kAdbcOk = 0;
inline constexpr AdbcStatusCode kAdbcNotImplemented = 2;
inline constexpr AdbcStatusCode kAdbcCancelled = 11;
inline constexpr int kAdbcVersion100 = 1'000'000;
inline constexpr int kAdbcVersion110 = 1'001'000;
inline constexpr std::int32_t kAdbcErrorHasDetails = INT32_MIN;

static_assert(sizeof(AdbcError) == 48);
static_assert(offsetof(AdbcError, vendor_code) == 8);
static_assert(offsetof(AdbcError, sqlstate) == 12);
static_assert(offsetof(AdbcError, release) == 24);
static_assert(sizeof(AdbcErrorDetail) == 24);
static_assert(sizeof(AdbcDatabase) == 16);
static_assert(sizeof(AdbcConnection) == 16);
static_assert(sizeof(AdbcStatement) == 16);
static_assert(sizeof(AdbcPartitions) == 40);
static_assert(offsetof(AdbcDriver, ErrorGetDetailCount) == 29 * sizeof(void*));
static_assert(sizeof(AdbcDriver) == 58 * sizeof(void*));
