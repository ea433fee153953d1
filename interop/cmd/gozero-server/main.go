// Command gozero-server is an ordinary go-zero RPC server: the YAML file is all its configuration.
// Beside go-zero's log on standard error it prints one JSON line when its port is bound.
package main

import (
	"context"
	"encoding/base64"
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
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

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
	reply := replyTo(ctx, request)
	if request.GetCrash() {
		panic("crash, as asked")
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(request.GetDelayMs()) * time.Millisecond):
		return reply, failure(request)
	}
}

func (echoServer) Listen(request *echo.SayRequest, stream grpc.ServerStreamingServer[echo.SayReply]) error {
	if request.GetCrash() {
		panic("crash, as asked")
	}
	if err := failure(request); err != nil {
		return err
	}
	pace := time.NewTicker(max(time.Millisecond, time.Duration(request.GetDelayMs())*time.Millisecond))
	defer pace.Stop()
	for {
		if err := stream.Send(replyTo(stream.Context(), request)); err != nil {
			return err
		}
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-pace.C:
		}
	}
}

func replyTo(ctx context.Context, request *echo.SayRequest) *echo.SayReply {
	reply := &echo.SayReply{
		Text:     request.GetText(),
		Metadata: map[string]string{},
		TraceId:  trace.SpanContextFromContext(ctx).TraceID().String(),
		Baggage:  baggage.FromContext(ctx).String(),
	}
	if caller, ok := peer.FromContext(ctx); ok {
		reply.Instance = caller.LocalAddr.String()
	}
	if deadline, ok := ctx.Deadline(); ok {
		reply.DeadlineMs = int32(time.Until(deadline).Milliseconds())
	}
	arrived, _ := metadata.FromIncomingContext(ctx)
	for key, values := range arrived {
		reply.Metadata[key] = values[0]
		if strings.HasSuffix(key, "-bin") {
			reply.Metadata[key] = base64.StdEncoding.EncodeToString([]byte(values[0]))
		}
	}
	return reply
}

// failure is the error that the request asks for.
func failure(request *echo.SayRequest) error {
	if request.GetCode() == 0 {
		return nil
	}
	failed, err := status.New(codes.Code(request.GetCode()), "as asked").WithDetails(
		&errdetails.ErrorInfo{Reason: "ASKED", Domain: "interop", Metadata: map[string]string{"text": request.GetText()}})
	if err != nil {
		return err
	}
	return failed.Err()
}
