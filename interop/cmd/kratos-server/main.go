// Command kratos-server is an ordinary Kratos gRPC server that is listed in etcd. Beside Kratos' log on standard error it
// prints one JSON line when it is registered.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	"google.golang.org/grpc/peer"

	"rollcall/interop/echo"
	"rollcall/interop/kratosetcd"
	"rollcall/interop/tied"
)

func main() {
	etcd := flag.String("etcd", "127.0.0.1:2379", "`host:port` of etcd")
	name := flag.String("name", "order", "name of the service")
	address := flag.String("address", "127.0.0.1:0", "`host:port` to listen on")
	version := flag.String("version", "", "version that is registered")
	weight := flag.String("weight", "", "weight that is registered in the metadata; empty: none")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}

	registry, err := kratosetcd.Connect(*etcd)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.Address(*address))
	echo.RegisterEchoServer(server, echoServer{})
	metadata := map[string]string{}
	if *weight != "" {
		metadata["weight"] = *weight
	}
	app := kratos.New(
		kratos.Name(*name),
		kratos.Version(*version),
		kratos.Metadata(metadata),
		kratos.Server(server),
		kratos.Registrar(registry),
		kratos.AfterStart(func(context.Context) error {
			endpoint, err := server.Endpoint()
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(map[string]string{"listening": endpoint.Host})
		}),
	)
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

type echoServer struct {
	echo.UnimplementedEchoServer
}

func (echoServer) Say(ctx context.Context, request *echo.SayRequest) (*echo.SayReply, error) {
	reply := &echo.SayReply{Text: request.GetText()}
	if caller, ok := peer.FromContext(ctx); ok {
		reply.Instance = caller.LocalAddr.String()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(request.GetDelayMs()) * time.Millisecond):
		return reply, nil
	}
}
