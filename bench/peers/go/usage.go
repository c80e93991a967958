package main

import (
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type usage struct {
	wall   time.Time
	rusage syscall.Rusage
}

func now() usage {
	u := usage{wall: time.Now()}
	syscall.Getrusage(syscall.RUSAGE_SELF, &u.rusage)
	return u
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

func (end usage) since(begin usage) report {
	a, b := begin.rusage, end.rusage
	return report{
		"wall_s":               end.wall.Sub(begin.wall).Seconds(),
		"user_s":               seconds(b.Utime) - seconds(a.Utime),
		"system_s":             seconds(b.Stime) - seconds(a.Stime),
		"minor_faults":         b.Minflt - a.Minflt,
		"major_faults":         b.Majflt - a.Majflt,
		"voluntary_switches":   b.Nvcsw - a.Nvcsw,
		"involuntary_switches": b.Nivcsw - a.Nivcsw,
	}
}

// A line of /proc/self/status.
func memoryKib(name string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			value, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return value
		}
	}
	return 0
}

func repeated(work func() error, count int) (report, error) {
	wall := make([]float64, 0, count)
	begin := now()
	for i := 0; i < count; i++ {
		before := time.Now()
		if err := work(); err != nil {
			return nil, err
		}
		wall = append(wall, float64(time.Since(before).Nanoseconds())/1e3)
	}
	r := now().since(begin)
	sort.Float64s(wall)
	r["queries"] = count
	r["cpu_us_per_query"] = (r["user_s"].(float64) + r["system_s"].(float64)) * 1e6 / float64(count)
	r["p50_us"] = wall[count/2]
	r["p99_us"] = wall[count*99/100]
	return r, nil
}
