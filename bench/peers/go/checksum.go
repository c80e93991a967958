package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v12/arrow"
	"github.com/apache/arrow/go/v12/arrow/array"
)

// Length, first and last byte.
func textSum(text string) uint64 {
	if text == "" {
		return 0
	}
	return uint64(len(text)) + uint64(text[0])<<8 + uint64(text[len(text)-1])<<16
}

// The checksum of workload/checksum.h, over one column of a batch.
func columnSum(column arrow.Array) uint64 {
	switch values := column.(type) {
	case *array.Struct:
		total := uint64(0)
		for i := 0; i < values.NumField(); i++ {
			total += columnSum(values.Field(i))
		}
		return total
	case *array.Map:
		return columnSum(values.ListValues())
	case *array.List:
		return columnSum(values.ListValues())
	}
	total := uint64(0)
	for row := 0; row < column.Len(); row++ {
		if column.IsValid(row) {
			total += cellSum(column, row)
		}
	}
	return total
}

func cellSum(column arrow.Array, row int) uint64 {
	switch values := column.(type) {
	case *array.Int32:
		return uint64(int64(values.Value(row)))
	case *array.Int64:
		return uint64(values.Value(row))
	case *array.Float64:
		return math.Float64bits(values.Value(row))
	case *array.String:
		return textSum(values.Value(row))
	case *array.Decimal128:
		return values.Value(row).LowBits()
	}
	panic(fmt.Sprintf("a column of type %s, which no workload has", column.DataType()))
}

// A word of every buffer.
func firstWords(column arrow.Array) uint64 {
	return dataWords(column.Data())
}

func dataWords(data arrow.ArrayData) uint64 {
	total := uint64(0)
	for i, buffer := range data.Buffers() {
		if i > 0 && buffer != nil && buffer.Len() >= 8 {
			total += binary.LittleEndian.Uint64(buffer.Bytes())
		}
	}
	for _, child := range data.Children() {
		total += dataWords(child)
	}
	return total
}
