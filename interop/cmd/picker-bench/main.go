// Command picker-bench measures go-zero's own p2c_ewma picker: nanoseconds for one pick and the end of its call, on
// one goroutine. The picker is internal to go-zero, but grpc-go's registry hands out its builder, and a connection
// that only pretends brings it to life.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/zeromicro/go-zero/core/logx"
	_ "github.com/zeromicro/go-zero/zrpc" // registers p2c_ewma
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

func main() {
	logx.Disable()
	lines := json.NewEncoder(os.Stdout)
	for _, instances := range []int{2, 10, 100, 1_000, 10_000} {
		picker := newPicker("p2c_ewma", instances)
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				picked, err := picker.Pick(balancer.PickInfo{})
				if err != nil {
					b.Fatal(err)
				}
				picked.Done(balancer.DoneInfo{})
			}
		})
		_ = lines.Encode(map[string]any{
			"instances":   instances,
			"nsPerOp":     float64(result.T.Nanoseconds()) / float64(result.N),
			"allocsPerOp": result.AllocsPerOp(),
		})
	}
}

// newPicker lets the policy see so many addresses, each connected at once, and returns the picker it ends with.
func newPicker(policy string, instances int) balancer.Picker {
	builder := balancer.Get(policy)
	if builder == nil {
		log.Fatalf("grpc-go knows no policy called %s", policy)
	}
	conn := &pretendedConn{}
	addresses := make([]resolver.Address, instances)
	for i := range addresses {
		addresses[i].Addr = fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)
	}
	state := balancer.ClientConnState{ResolverState: resolver.State{Addresses: addresses}}
	if err := builder.Build(conn, balancer.BuildOptions{}).UpdateClientConnState(state); err != nil {
		log.Fatal(err)
	}
	for _, listen := range conn.listeners {
		listen(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	}
	return conn.picker
}

type pretendedConn struct {
	balancer.ClientConn
	listeners []func(balancer.SubConnState)
	picker    balancer.Picker
}

func (c *pretendedConn) NewSubConn(_ []resolver.Address, options balancer.NewSubConnOptions) (balancer.SubConn, error) {
	c.listeners = append(c.listeners, options.StateListener)
	return &pretendedSubConn{}, nil
}

func (c *pretendedConn) UpdateState(state balancer.State) { c.picker = state.Picker }

type pretendedSubConn struct {
	balancer.SubConn
	_ byte // keeps pointers to two of them apart
}

func (*pretendedSubConn) Connect() {}
