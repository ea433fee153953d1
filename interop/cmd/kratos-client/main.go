// Command kratos-client is an ordinary Kratos gRPC client that discovers a service in etcd. It calls it at a steady rate and
// prints one JSON line a call: the instance that answered, or the error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"sync"
	"time"

	"github.com/go-kratos/kratos/v2/transport/grpc"
	"google.golang.org/grpc/status"

	"rollcall/interop/echo"
	"rollcall/interop/kratosetcd"
	"rollcall/interop/tied"
)

type call struct {
	Instance string `json:"instance,omitempty"`
	Code     string `json:"code"`
	Error    string `json:"error,omitempty"`
}

func main() {
	etcd := flag.String("etcd", "127.0.0.1:2379", "`host:port` of etcd")
	name := flag.String("name", "order", "name of the service")
	rate := flag.Float64("rate", 100, "calls a second")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}

	registry, err := kratosetcd.Connect(*etcd)
	if err != nil {
		log.Fatal(err)
	}
	connection, err := grpc.DialInsecure(
		context.Background(),
		grpc.WithEndpoint("discovery:///"+*name),
		grpc.WithDiscovery(registry),
		grpc.WithTimeout(2*time.Second),
	)
	if err != nil {
		log.Fatal(err)
	}
	client := echo.NewEchoClient(connection)

	var printing sync.Mutex
	lines := json.NewEncoder(os.Stdout)
	for range time.Tick(time.Duration(float64(time.Second) / *rate)) {
		go func() {
			reply, err := client.Say(context.Background(), &echo.SayRequest{})
			result := call{Instance: reply.GetInstance(), Code: status.Code(err).String()}
			if err != nil {
				result.Error = err.Error()
			}
			printing.Lock()
			defer printing.Unlock()
			_ = lines.Encode(result)
		}()
	}
}
