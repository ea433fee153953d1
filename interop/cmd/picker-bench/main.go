// Command picker-bench measures go-zero's own p2c_ewma picker: nanoseconds for one pick and the end of its call, on
// one goroutine. The picker is internal to go-zero, but grpc-go's registry of policies leads to it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/zeromicro/go-zero/core/logx"
	_ "github.com/zeromicro/go-zero/zrpc" // registers p2c_ewma
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"
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
		picker := newPicker("p2c_ewma", instances)
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

// newPicker has the picker of a policy built for so many connected addresses. The policy itself would build it anew for
// each of them, minutes of work for 10,000, so its builder is taken out.
func newPicker(policy string, instances int) balancer.Picker {
	registered := balancer.Get(policy)
	if registered == nil {
		log.Fatalf("grpc-go knows no policy called %s", policy)
	}
	field := reflect.ValueOf(registered).Elem().FieldByName("pickerBuilder")
	builder := *(*base.PickerBuilder)(unsafe.Pointer(field.UnsafeAddr()))

	ready := make(map[balancer.SubConn]base.SubConnInfo, instances)
	for i := range instances {
		address := fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)
		ready[&subConn{}] = base.SubConnInfo{Address: resolver.Address{Addr: address}}
	}
	return builder.Build(base.PickerBuildInfo{ReadySCs: ready})
}

type subConn struct {
	balancer.SubConn
}
