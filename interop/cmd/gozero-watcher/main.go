// Command gozero-watcher watches many services, `<prefix>0.rpc` and so on: by a Subscriber each or, with -clients, by a client
// each that has made a call. It prints `{"ready":true}` when it knows them all; for each line on standard input it collects
// garbage and prints the heap in use. It ends when standard input closes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/discov"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"

	"rollcall/interop/echo"
)

const (
	// atATime is how many calls are under way while clients connect.
	atATime = 50
	// callLimit is generous, as a machine may be busy while a thousand clients connect.
	callLimit = 60 * time.Second
)

func main() {
	etcd := flag.String("etcd", "", "`host:port` of etcd")
	prefix := flag.String("prefix", "watched", "how the services' names begin")
	services := flag.Int("services", 1, "how many services")
	clients := flag.Bool("clients", false, "a client of each service instead of a watch")
	flag.Parse()
	logx.SetWriter(logx.NewWriter(os.Stderr))

	name := func(i int) string { return fmt.Sprintf("%s%d.rpc", *prefix, i) }
	var kept any
	if *clients {
		kept = callAll(*etcd, name, *services)
	} else {
		kept = watchAll(*etcd, name, *services)
	}
	fmt.Println(`{"ready":true}`)

	lines := json.NewEncoder(os.Stdout)
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		_ = lines.Encode(map[string]uint64{"heapBytes": memory.HeapAlloc})
	}
	runtime.KeepAlive(kept)
}

func watchAll(etcd string, name func(int) string, services int) []*discov.Subscriber {
	all := make([]*discov.Subscriber, services)
	for i := range all {
		subscriber, err := discov.NewSubscriber([]string{etcd}, name(i))
		if err != nil {
			log.Fatal(err)
		}
		if len(subscriber.Values()) == 0 {
			log.Fatalf("%s lists nobody", name(i))
		}
		all[i] = subscriber
	}
	return all
}

func callAll(etcd string, name func(int) string, services int) []zrpc.Client {
	all := make([]zrpc.Client, services)
	turns := make(chan struct{}, atATime)
	var running sync.WaitGroup
	for i := range all {
		turns <- struct{}{}
		running.Add(1)
		go func() {
			defer func() { <-turns; running.Done() }()
			all[i] = called(etcd, name(i))
		}()
	}
	running.Wait()
	return all
}

// called is a client as a service makes it, by its configuration, which has made a call.
func called(etcd, key string) zrpc.Client {
	settings, err := json.Marshal(map[string]any{
		"Etcd":    map[string]any{"Hosts": []string{etcd}, "Key": key},
		"Timeout": callLimit.Milliseconds(),
	})
	var config zrpc.RpcClientConf
	if err == nil {
		err = conf.LoadFromJsonBytes(settings, &config)
	}
	if err != nil {
		log.Fatal(err)
	}
	client := zrpc.MustNewClient(config)
	if _, err := echo.NewEchoClient(client.Conn()).Say(context.Background(), &echo.SayRequest{}); err != nil {
		log.Fatalf("%s: %v", key, err)
	}
	return client
}
