// Command gozero-client is an ordinary go-zero RPC client. It calls the service of the file's OrderRpc section at a
// steady rate and prints one JSON line a call: what was answered, or the error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/protoadapt"

	"rollcall/interop/echo"
	"rollcall/interop/tied"
)

type call struct {
	Instance   string            `json:"instance,omitempty"`
	DeadlineMs int32             `json:"deadlineMs,omitempty"`
	Reply      json.RawMessage   `json:"reply,omitempty"`
	Code       string            `json:"code"`
	Error      string            `json:"error,omitempty"`
	Details    []json.RawMessage `json:"details,omitempty"`
	// Ms is how long the call took, in milliseconds.
	Ms float64 `json:"ms"`
}

// metadataFlag collects key=value, given as often as need be.
type metadataFlag []string

func (m *metadataFlag) String() string { return strings.Join(*m, ",") }

func (m *metadataFlag) Set(pair string) error {
	key, value, _ := strings.Cut(pair, "=")
	*m = append(*m, key, value)
	return nil
}

func main() {
	file := flag.String("f", "etc/client.yaml", "configuration `file`")
	calls := flag.Int("calls", 0, "how many calls to make; 0: until killed")
	rate := flag.Float64("rate", 100, "calls a second")
	delay := flag.Int("delay", 0, "how long the server takes to answer, in `milliseconds`")
	requestJSON := flag.String("request", "{}", "the request, as `JSON`")
	traceparent := flag.String("traceparent", "", "the trace that the calls belong to, as W3C `header`")
	bags := flag.String("baggage", "", "baggage of the calls, as W3C `header`")
	hashKey := flag.String("hash-key", "", "`key` for consistent_hash")
	var sent metadataFlag
	flag.Var(&sent, "metadata", "`key=value` to send with the calls; may be given several times")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}
	logx.SetWriter(logx.NewWriter(os.Stderr))

	var config struct{ OrderRpc zrpc.RpcClientConf }
	conf.MustLoad(*file, &config, conf.UseEnv())
	client := echo.NewEchoClient(zrpc.MustNewClient(config.OrderRpc).Conn())
	request := &echo.SayRequest{}
	if err := protojson.Unmarshal([]byte(*requestJSON), request); err != nil {
		log.Fatalf("-request: %v", err)
	}
	if *delay > 0 {
		request.DelayMs = int32(*delay)
	}
	ctx := metadata.AppendToOutgoingContext(inTrace(*traceparent, *bags), sent...)
	if *hashKey != "" {
		ctx = zrpc.SetHashKey(ctx, *hashKey)
	}

	var running sync.WaitGroup
	var printing sync.Mutex
	lines := json.NewEncoder(os.Stdout)
	pace := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	for made := 0; *calls == 0 || made < *calls; made++ {
		<-pace.C
		running.Add(1)
		go func() {
			defer running.Done()
			result := say(ctx, client, request)
			printing.Lock()
			defer printing.Unlock()
			_ = lines.Encode(result)
		}()
	}
	running.Wait()
}

// inTrace is the context of a caller that serves a request of this trace with this baggage.
func inTrace(traceparent, bags string) context.Context {
	ctx := context.Background()
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	carried, err := baggage.Parse(bags)
	if err != nil {
		log.Fatalf("-baggage: %v", err)
	}
	return baggage.ContextWithBaggage(ctx, carried)
}

func say(ctx context.Context, client echo.EchoClient, request *echo.SayRequest) call {
	began := time.Now()
	reply, err := client.Say(ctx, request)
	result := call{
		Instance:   reply.GetInstance(),
		DeadlineMs: reply.GetDeadlineMs(),
		Code:       status.Code(err).String(),
		Ms:         float64(time.Since(began).Microseconds()) / 1000,
	}
	if err != nil {
		result.Error = err.Error()
		for _, detail := range status.Convert(err).Details() {
			if message, ok := detail.(protoadapt.MessageV1); ok {
				text, _ := protojson.Marshal(protoadapt.MessageV2Of(message))
				result.Details = append(result.Details, text)
			}
		}
		return result
	}
	result.Reply, _ = protojson.Marshal(reply)
	return result
}
