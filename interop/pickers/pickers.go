// Package pickers takes go-zero's own pickers out of it. They are internal to go-zero, but grpc-go's registry of policies
// leads to them.
package pickers

import (
	"log"
	"reflect"
	"unsafe"

	_ "github.com/zeromicro/go-zero/zrpc" // registers its policies
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"
)

// SubConn stands for a connection to Address.
type SubConn struct {
	balancer.SubConn
	Address string
}

// New has the picker of a policy built for these connected addresses. The policy itself would build it anew for each of
// them, minutes of work for 10,000, so its builder is taken out.
func New(policy string, addresses []string) balancer.Picker {
	registered := balancer.Get(policy)
	if registered == nil {
		log.Fatalf("grpc-go knows no policy called %s", policy)
	}
	field := reflect.ValueOf(registered).Elem().FieldByName("pickerBuilder")
	builder := *(*base.PickerBuilder)(unsafe.Pointer(field.UnsafeAddr()))

	ready := make(map[balancer.SubConn]base.SubConnInfo, len(addresses))
	for _, address := range addresses {
		ready[&SubConn{Address: address}] = base.SubConnInfo{Address: resolver.Address{Addr: address}}
	}
	return builder.Build(base.PickerBuildInfo{ReadySCs: ready})
}
