// Command gozero-registrar lists and unlists instances of a service as a go-zero server does, by a Publisher each. It is told
// so on standard input, a line each: `register host:port`, `deregister host:port`. It ends when that closes.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/zeromicro/go-zero/core/discov"
	"github.com/zeromicro/go-zero/core/logx"
)

func main() {
	etcd := flag.String("etcd", "", "`host:port` of etcd")
	key := flag.String("key", "", "service key")
	flag.Parse()
	logx.SetWriter(logx.NewWriter(os.Stderr))

	hosts := []string{*etcd}
	// The process is connected before it is told anything, and stays so.
	if err := discov.NewPublisher(hosts, *key+".standing", "127.0.0.1:1").KeepAlive(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(`{"ready":true}`)

	listed := map[string]*discov.Publisher{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		what, address, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "register":
			listed[address] = discov.NewPublisher(hosts, *key, address)
			if err := listed[address].KeepAlive(); err != nil {
				log.Fatal(err)
			}
		case "deregister":
			listed[address].Stop()
			delete(listed, address)
		default:
			log.Fatalf("%q: want register or deregister", what)
		}
	}
}
