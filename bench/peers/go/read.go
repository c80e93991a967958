package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/apache/arrow/go/v12/arrow"
	dbsqlrows "github.com/databricks/databricks-sql-go/rows"
)

// Gives every Arrow batch of a result to look, until that says to stop.
func forEachBatch(conn *sql.Conn, statement string, look func(arrow.Record) bool) error {
	ctx := context.Background()
	var rows driver.Rows
	err := conn.Raw(func(d any) error {
		var err error
		rows, err = d.(driver.QueryerContext).QueryContext(ctx, statement, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer rows.Close()
	batches, err := rows.(dbsqlrows.Rows).GetArrowBatches(ctx)
	if err != nil {
		return err
	}
	defer batches.Close()
	for batches.HasNext() {
		batch, err := batches.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		goOn := look(batch)
		batch.Release()
		if !goOn {
			return nil
		}
	}
	return nil
}

func arrowPass(conn *sql.Conn, o options, look func(arrow.Array) uint64) func() (seen, error) {
	return func() (seen, error) {
		var result seen
		err := forEachBatch(conn, o.statement, func(batch arrow.Record) bool {
			result.rows += batch.NumRows()
			for _, column := range batch.Columns() {
				result.checksum += look(column)
			}
			return true
		})
		return result, err
	}
}

func slowPass(conn *sql.Conn, o options) func() (seen, error) {
	return func() (seen, error) {
		var result seen
		begin := time.Now()
		err := forEachBatch(conn, o.statement, func(batch arrow.Record) bool {
			result.rows += batch.NumRows()
			for _, column := range batch.Columns() {
				result.checksum += columnSum(column)
			}
			due := float64(result.rows) * o.bytesPerRow / (o.rate * 1e6)
			time.Sleep(time.Until(begin.Add(time.Duration(due * float64(time.Second)))))
			return true
		})
		return result, err
	}
}

func readFirst(conn *sql.Conn, statement string) error {
	rows := int64(0)
	err := forEachBatch(conn, statement, func(batch arrow.Record) bool {
		rows = batch.NumRows()
		return false
	})
	if err == nil && rows == 0 {
		return fmt.Errorf("the result has no rows")
	}
	return err
}

// Every cell of every row into a variable of its own type.
func rowsPass(conn *sql.Conn, o options) func() (seen, error) {
	return func() (seen, error) {
		var result seen
		rows, err := conn.QueryContext(context.Background(), o.statement)
		if err != nil {
			return result, err
		}
		defer rows.Close()
		targets, sum := targetsOf(o.statement)
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return result, err
			}
			result.rows++
			result.checksum += sum()
		}
		return result, rows.Err()
	}
}

func targetsOf(statement string) ([]any, func() uint64) {
	if strings.Contains(statement, "data=strings10") {
		var cells [10]string
		targets := make([]any, len(cells))
		for i := range cells {
			targets[i] = &cells[i]
		}
		return targets, func() uint64 {
			total := uint64(0)
			for i := range cells {
				total += textSum(cells[i])
			}
			return total
		}
	}
	if strings.Contains(statement, "data=nulls4") {
		var id int64
		var a, b sql.NullInt32
		var x float64
		return []any{&id, &a, &b, &x}, func() uint64 {
			total := uint64(id) + math.Float64bits(x)
			if a.Valid {
				total += uint64(int64(a.Int32))
			}
			if b.Valid {
				total += uint64(int64(b.Int32))
			}
			return total
		}
	}
	var id int64
	var a, b int32
	var x float64
	return []any{&id, &a, &b, &x}, func() uint64 {
		return uint64(id) + uint64(int64(a)) + uint64(int64(b)) + math.Float64bits(x)
	}
}
