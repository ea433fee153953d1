// Command picker-bench measures go-zero's own p2c_ewma picker: nanoseconds for one pick and the end of its call, on
// one goroutine.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"testing"
	"time"

	"github.com/zeromicro/go-zero/core/logx"
	"google.golang.org/grpc/balancer"

	"rollcall/interop/pickers"
)

// The best of several short runs: what else the machine does only ever makes a run slower.
const (
	runs    = 5
	runTime = "200ms"
)

func main() {
	logx.Disable()
	testing.Init()
	if err := flag.Set("test.benchtime", runTime); err != nil {
		log.Fatal(err)
	}
	lines := json.NewEncoder(os.Stdout)
	for _, instances := range []int{2, 10, 100, 1_000, 10_000} {
		picker := pickers.New("p2c_ewma", addresses(instances))
		best := testing.BenchmarkResult{N: 1, T: time.Hour}
		for range runs {
			result := testing.Benchmark(func(b *testing.B) { pickAndEnd(b, picker) })
			if nanoseconds(result) < nanoseconds(best) {
				best = result
			}
		}
		_ = lines.Encode(map[string]any{
			"instances":   instances,
			"nsPerOp":     nanoseconds(best),
			"allocsPerOp": best.AllocsPerOp(),
		})
	}
}

func pickAndEnd(b *testing.B, picker balancer.Picker) {
	b.ReportAllocs()
	for b.Loop() {
		picked, err := picker.Pick(balancer.PickInfo{})
		if err != nil {
			b.Fatal(err)
		}
		picked.Done(balancer.DoneInfo{})
	}
}

func nanoseconds(result testing.BenchmarkResult) float64 {
	return float64(result.T.Nanoseconds()) / float64(result.N)
}

func addresses(instances int) []string {
	all := make([]string, instances)
	for i := range all {
		all[i] = fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)
	}
	return all
}
