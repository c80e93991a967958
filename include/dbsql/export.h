#pragma once

/// Marks what the shared library exports; everything else in it is hidden.
#if defined(_WIN32)
#if defined(DBSQL_BUILDING)
#define DBSQL_EXPORT __declspec(dllexport)
#else
#define DBSQL_EXPORT __declspec(dllimport)
#endif
#else
#define DBSQL_EXPORT __attribute__((visibility("default")))
#endif
