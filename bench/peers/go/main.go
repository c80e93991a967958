// The official Go driver at the work of dbsql-bench-client; prints the same JSON. It never asks for LZ4.
//
// usage: go-client -port PORT -mode arrow|rows -sql STATEMENT [-repeat N]
//
//	go-client -port PORT -mode queries -queries N
//	go-client -port PORT -mode first -sql STATEMENT -queries N
//	go-client -port PORT -mode slow -sql STATEMENT -bytes-per-row B -rate MB
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	_ "github.com/databricks/databricks-sql-go"
)

type options struct {
	port, repeat, queries int
	mode, statement       string
	bytesPerRow, rate     float64
}

func readOptions() options {
	var o options
	flag.IntVar(&o.port, "port", 0, "")
	flag.StringVar(&o.mode, "mode", "", "")
	flag.StringVar(&o.statement, "sql", "", "")
	flag.IntVar(&o.repeat, "repeat", 1, "")
	flag.IntVar(&o.queries, "queries", 200, "")
	flag.Float64Var(&o.bytesPerRow, "bytes-per-row", 0, "")
	flag.Float64Var(&o.rate, "rate", 0, "")
	flag.Parse()
	return o
}

type report map[string]any

// What one pass over a result saw.
type seen struct {
	rows     int64
	checksum uint64
}

func timed(work func() (seen, error)) (report, error) {
	begin := now()
	result, err := work()
	r := now().since(begin)
	r["rows"] = result.rows
	r["checksum"] = fmt.Sprint(result.checksum)
	return r, err
}

func runPages(conn *sql.Conn, o options) (report, error) {
	verify, work := arrowPass(conn, o, columnSum), arrowPass(conn, o, firstWords)
	if o.mode == "rows" {
		verify, work = rowsPass(conn, o), rowsPass(conn, o)
	}
	cold, err := timed(verify)
	if err != nil {
		return nil, err
	}
	passes := []report{}
	for i := 0; i < o.repeat; i++ {
		pass, err := timed(work)
		if err != nil {
			return nil, err
		}
		passes = append(passes, pass)
	}
	return report{"cold": cold, "verified": report{"rows": cold["rows"], "checksum": cold["checksum"]},
		"passes": report{o.mode: passes}}, nil
}

// Once, no faster than the given rate: what is looked at is how much memory it takes.
func runSlowly(conn *sql.Conn, o options) (report, error) {
	if err := selectOne(conn); err != nil {
		return nil, err
	}
	base := memoryKib("VmRSS")
	pass, err := timed(slowPass(conn, o))
	if err != nil {
		return nil, err
	}
	return report{"verified": report{"rows": pass["rows"], "checksum": pass["checksum"]}, "base_rss_kib": base,
		"passes": report{"slow": []report{pass}}}, nil
}

func selectOne(conn *sql.Conn) error {
	var value int32
	if err := conn.QueryRowContext(context.Background(), "SELECT 1").Scan(&value); err != nil {
		return err
	}
	if value != 1 {
		return fmt.Errorf("SELECT 1 gave another number")
	}
	return nil
}

func runRepeated(conn *sql.Conn, o options) (report, error) {
	work, warmUp := func() error { return selectOne(conn) }, 200
	if o.mode == "first" {
		work, warmUp = func() error { return readFirst(conn, o.statement) }, 1
	}
	for i := 0; i < warmUp; i++ {
		if err := work(); err != nil {
			return nil, err
		}
	}
	return repeated(work, o.queries)
}

func run(o options) (report, error) {
	dsn := fmt.Sprintf("http://token:bench@127.0.0.1:%d/sql/1.0/warehouses/bench?enableTelemetry=false"+
		"&maxRows=100000&useArrowNativeDecimal=true&useCloudFetch=%t", o.port, strings.Contains(o.statement, "form=files"))
	db, err := sql.Open("databricks", dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	switch o.mode {
	case "queries", "first":
		return runRepeated(conn, o)
	case "slow":
		return runSlowly(conn, o)
	default:
		return runPages(conn, o)
	}
}

func driverVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/databricks/databricks-sql-go" {
			return module.Version
		}
	}
	return "unknown"
}

func main() {
	begin := time.Now()
	r, err := run(readOptions())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r["total_s"] = time.Since(begin).Seconds()
	r["versions"] = report{"databricks-sql-go": driverVersion(), "go": runtime.Version()}
	r["peak_rss_kib"] = memoryKib("VmHWM")
	json.NewEncoder(os.Stdout).Encode(r)
}
