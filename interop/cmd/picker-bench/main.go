// Command picker-bench measures go-zero's own p2c_ewma picker: nanoseconds of CPU time for one pick and the end of its call,
// on one goroutine. It prints a JSON line for each size and round; bench/pick/cycle.ts measures Rollcall's the same way.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/zeromicro/go-zero/core/logx"
	"google.golang.org/grpc/balancer"

	"rollcall/interop/pickers"
)

// cycles make a round.
const cycles = 100_000

func main() {
	rounds := flag.Int("rounds", 15, "how often each size is measured")
	flag.Parse()
	logx.Disable()
	lines := json.NewEncoder(os.Stdout)
	sizes := []int{2, 10, 100, 1_000, 10_000}
	all := make([]balancer.Picker, len(sizes))
	for i, size := range sizes {
		all[i] = pickers.New("p2c_ewma", addresses(size))
		pickAndEnd(all[i]) // caches are warm when it counts
	}
	for range *rounds {
		for i, size := range sizes {
			before := cpuTime()
			pickAndEnd(all[i])
			_ = lines.Encode(map[string]any{
				"instances": size,
				"nsPerOp":   float64((cpuTime() - before).Nanoseconds()) / cycles,
			})
		}
	}
}

func pickAndEnd(picker balancer.Picker) {
	for range cycles {
		picked, err := picker.Pick(balancer.PickInfo{})
		if err != nil {
			log.Fatal(err)
		}
		picked.Done(balancer.DoneInfo{})
	}
}

// cpuTime is what the process has used, because on a shared machine the wall clock measures the neighbours.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func addresses(instances int) []string {
	all := make([]string, instances)
	for i := range all {
		all[i] = fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)
	}
	return all
}
