// Command gozero-load is an ordinary go-zero RPC client that makes the calls of a schedule, each at its time whatever became
// of those before it. It prints `{"begun":true}` when the first one is due and, at the end, one JSON line a call.
// bench/fleet/load.ts does the same with grpc-js.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"rollcall/interop/tied"
)

// scheduled is one call to make; times are in milliseconds, atMs counted from the first call on.
type scheduled struct {
	AtMs       float64 `json:"atMs"`
	Method     string  `json:"method"`
	Stream     bool    `json:"stream"`
	WorkMs     float64 `json:"workMs"`
	DeadlineMs float64 `json:"deadlineMs"`
}

// outcome says how a call went. Ms is the time to the first answer, or to the failure.
type outcome struct {
	Ms     float64 `json:"ms"`
	LateMs float64 `json:"lateMs"`
	Ok     bool    `json:"ok"`
	Code   string  `json:"code"`
	Peer   string  `json:"peer,omitempty"`
}

func main() {
	etcd := flag.String("etcd", "", "`host:port` of etcd")
	key := flag.String("key", "", "service key")
	file := flag.String("schedule", "", "JSON `file` with the calls to make")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}
	logx.SetWriter(logx.NewWriter(os.Stderr))

	calls := read(*file)
	conn := dial(*etcd, *key, calls)
	outcomes := make([]outcome, len(calls))
	fmt.Println(`{"begun":true}`)

	var running sync.WaitGroup
	began := time.Now()
	for i, call := range calls {
		due := began.Add(milliseconds(call.AtMs))
		time.Sleep(time.Until(due))
		running.Add(1)
		go func() {
			defer running.Done()
			outcomes[i] = makeCall(conn, call, due)
		}()
	}
	running.Wait()

	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	for _, outcome := range outcomes {
		_ = lines.Encode(outcome)
	}
}

func read(file string) (calls []scheduled) {
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &calls)
	}
	if err != nil {
		log.Fatalf("schedule %s: %v", file, err)
	}
	return calls
}

// dial makes the client as a go-zero service does, by its configuration; Timeout is no shorter than any call's deadline.
func dial(etcd, key string, calls []scheduled) *grpc.ClientConn {
	longest := 0.0
	for _, call := range calls {
		longest = max(longest, call.DeadlineMs)
	}
	var config zrpc.RpcClientConf
	settings, err := json.Marshal(map[string]any{
		"Etcd":    map[string]any{"Hosts": []string{etcd}, "Key": key},
		"Timeout": int64(longest) + 1,
	})
	if err == nil {
		err = conf.LoadFromJsonBytes(settings, &config)
	}
	if err != nil {
		log.Fatal(err)
	}
	return zrpc.MustNewClient(config).Conn()
}

func makeCall(conn *grpc.ClientConn, call scheduled, due time.Time) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), milliseconds(call.DeadlineMs))
	defer cancel()
	var answeredBy peer.Peer
	began := time.Now()
	carryOut := unary
	if call.Stream {
		carryOut = stream
	}
	answered, err := carryOut(ctx, conn, call, &answeredBy)
	result := outcome{
		Ms:     float64(answered.Sub(began).Microseconds()) / 1000,
		LateMs: float64(began.Sub(due).Microseconds()) / 1000,
		Ok:     err == nil,
		Code:   status.Code(err).String(),
	}
	if answeredBy.Addr != nil {
		result.Peer = answeredBy.Addr.String()
	}
	return result
}

func unary(ctx context.Context, conn *grpc.ClientConn, call scheduled, by *peer.Peer) (time.Time, error) {
	err := conn.Invoke(ctx, call.Method, wrapperspb.Double(call.WorkMs), &emptypb.Empty{}, grpc.Peer(by))
	return time.Now(), err
}

// stream reads all answers; the time returned is that of the first.
func stream(ctx context.Context, conn *grpc.ClientConn, call scheduled, by *peer.Peer) (answered time.Time, err error) {
	opened, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, call.Method, grpc.Peer(by))
	if err != nil {
		return time.Now(), err
	}
	if err := opened.SendMsg(wrapperspb.Double(call.WorkMs)); err != nil && !errors.Is(err, io.EOF) {
		return time.Now(), err
	}
	if err := opened.CloseSend(); err != nil {
		return time.Now(), err
	}
	for {
		err := opened.RecvMsg(&emptypb.Empty{})
		if answered.IsZero() {
			answered = time.Now()
		}
		if errors.Is(err, io.EOF) {
			return answered, nil
		}
		if err != nil {
			return answered, err
		}
	}
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}
