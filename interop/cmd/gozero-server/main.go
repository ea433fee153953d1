// Command gozero-server is an ordinary go-zero RPC server: the YAML file is all its configuration.
// Beside go-zero's log on standard error it prints one JSON line when its port is bound.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"rollcall/interop/echo"
	"rollcall/interop/tied"
)

func main() {
	file := flag.String("f", "etc/server.yaml", "configuration `file`")
	credential := flag.String("credential", "", "`app=token` that callers must show, by go-zero's own authentication")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}

	var config zrpc.RpcServerConf
	conf.MustLoad(*file, &config, conf.UseEnv())
	if *credential != "" {
		requireCredential(&config, *credential)
	}

	// go-zero registers in etcd first and binds next; this function is called once the port is bound.
	server := zrpc.MustNewServer(config, func(server *grpc.Server) {
		echo.RegisterEchoServer(server, echoServer{})
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"listening": config.ListenOn})
	})
	defer server.Stop()
	logx.SetWriter(logx.NewWriter(os.Stderr))
	server.Start()
}

// requireCredential turns go-zero's authentication on. It looks tokens up in Redis, so an embedded one is started.
func requireCredential(config *zrpc.RpcServerConf, credential string) {
	app, token, found := strings.Cut(credential, "=")
	if !found {
		log.Fatalf("-credential %q: want app=token", credential)
	}
	store, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	store.HSet("credentials", app, token)
	if err := conf.FillDefault(&config.Redis.RedisConf); err != nil {
		log.Fatal(err)
	}
	config.Redis.Host = store.Addr()
	config.Redis.Key = "credentials"
	config.Auth = true
	config.StrictControl = true
}

type echoServer struct {
	echo.UnimplementedEchoServer
}

func (echoServer) Say(ctx context.Context, request *echo.SayRequest) (*echo.SayReply, error) {
	reply := &echo.SayReply{Text: request.GetText()}
	if caller, ok := peer.FromContext(ctx); ok {
		reply.Instance = caller.LocalAddr.String()
	}
	if deadline, ok := ctx.Deadline(); ok {
		reply.DeadlineMs = int32(time.Until(deadline).Milliseconds())
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(request.GetDelayMs()) * time.Millisecond):
		return reply, nil
	}
}
