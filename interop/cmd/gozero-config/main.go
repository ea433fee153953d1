// Command gozero-config loads a YAML file as go-zero does and prints what it read as JSON, or {"error": ...} with exit
// status 1 when go-zero refuses the file.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/zrpc"
)

func main() {
	file := flag.String("f", "etc/service.yaml", "configuration `file`")
	kind := flag.String("kind", "server", "what the file is: server, client (an OrderRpc section) or both")
	flag.Parse()

	var config any
	switch *kind {
	case "server":
		config = &zrpc.RpcServerConf{}
	case "client":
		config = &struct{ OrderRpc zrpc.RpcClientConf }{}
	case "both":
		config = &struct {
			zrpc.RpcServerConf
			OrderRpc zrpc.RpcClientConf
		}{}
	default:
		log.Fatalf("-kind %q: want server, client or both", *kind)
	}

	lines := json.NewEncoder(os.Stdout)
	if err := conf.Load(*file, config, conf.UseEnv()); err != nil {
		_ = lines.Encode(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
	if err := lines.Encode(config); err != nil {
		log.Fatal(err)
	}
}
