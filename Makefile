# The front door. `make help` lists what can be done; every target works from a fresh clone on a bare Debian machine.
.DEFAULT_GOAL := help
.PHONY: help demo test bench interop format lint clean
SHELL := /bin/bash

JOBS := $(shell nproc)
# Clones of the tree share what ccache holds.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

## help      this list
help:
	@sed -n 's/^## /  make /p' $(firstword $(MAKEFILE_LIST))

## demo      install what is missing, build, start a local warehouse, run queries on 3 million rows
demo:
	tools/bootstrap
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target dbsql_shell dbsql-warehouse
	tools/demo build/release

## test      install what is missing, build and run the whole suite with its checks
test:
	tools/bootstrap
	cmake --preset dev
	cmake --build --preset dev --parallel $(JOBS)
	rm -rf build/dev/test-results
	ctest --preset dev --parallel $(JOBS)
	tools/check_includes
	tools/check-cases build/dev/test-results

## bench     compare the driver with its floor and with the other drivers that are installed
bench:
	tools/bootstrap
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	bench/run build/release

## interop   the official Python and Node drivers against the local warehouse (skips without their registries)
interop:
	tools/bootstrap interop
	cmake --preset release -D DBSQL_BUILD_TESTS=ON
	cmake --build --preset release --parallel $(JOBS) --target dbsql_shell dbsql-warehouse golden_warehouse
	tests/interop/run build/release

## format    rewrite the sources in the project's format (tools/format --check only looks)
format:
	tools/bootstrap lint
	tools/format

## lint      static analysis of all sources (tools/lint FILE... for some)
lint:
	tools/bootstrap lint
	tools/check_includes
	tools/lint

## clean     remove everything that was built; installed packages stay
clean:
	rm -rf build
