// Command gozero-client is an ordinary go-zero RPC client. It calls the service of the file's OrderRpc section at a
// steady rate and prints one JSON line a call: the instance that answered, or the error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"sync"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc/status"

	"rollcall/interop/echo"
	"rollcall/interop/tied"
)

type call struct {
	Instance   string `json:"instance,omitempty"`
	DeadlineMs int32  `json:"deadlineMs,omitempty"`
	Code       string `json:"code"`
	Error      string `json:"error,omitempty"`
}

func main() {
	file := flag.String("f", "etc/client.yaml", "configuration `file`")
	calls := flag.Int("calls", 0, "how many calls to make; 0: until killed")
	rate := flag.Float64("rate", 100, "calls a second")
	delay := flag.Int("delay", 0, "how long the server takes to answer, in `milliseconds`")
	untilStdinCloses := flag.Bool("tied", false, "end when standard input closes")
	flag.Parse()
	if *untilStdinCloses {
		tied.ToStdin()
	}
	logx.SetWriter(logx.NewWriter(os.Stderr))

	var config struct{ OrderRpc zrpc.RpcClientConf }
	conf.MustLoad(*file, &config, conf.UseEnv())
	client := echo.NewEchoClient(zrpc.MustNewClient(config.OrderRpc).Conn())

	var running sync.WaitGroup
	var printing sync.Mutex
	lines := json.NewEncoder(os.Stdout)
	pace := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	for made := 0; *calls == 0 || made < *calls; made++ {
		<-pace.C
		running.Add(1)
		go func() {
			defer running.Done()
			result := say(client, int32(*delay))
			printing.Lock()
			defer printing.Unlock()
			_ = lines.Encode(result)
		}()
	}
	running.Wait()
}

func say(client echo.EchoClient, delayMs int32) call {
	reply, err := client.Say(context.Background(), &echo.SayRequest{DelayMs: delayMs})
	result := call{Instance: reply.GetInstance(), DeadlineMs: reply.GetDeadlineMs(), Code: status.Code(err).String()}
	if err != nil {
		result.Error = err.Error()
	}
	return result
}
