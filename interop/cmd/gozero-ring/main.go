// Command gozero-ring answers what go-zero's consistent_hash chooses: each line of standard input is a question,
// {"addresses": [...], "keys": [...]}, and gets one line, {"choices": [...]}, an address for each key.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc/balancer"

	"rollcall/interop/pickers"
)

type question struct {
	Addresses []string `json:"addresses"`
	Keys      []string `json:"keys"`
}

func main() {
	logx.Disable()
	questions := json.NewDecoder(bufio.NewReader(os.Stdin))
	answers := json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := questions.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		_ = answers.Encode(map[string][]string{"choices": choices(asked)})
	}
}

func choices(asked question) []string {
	picker := pickers.New("consistent_hash", asked.Addresses)
	chosen := make([]string, len(asked.Keys))
	for i, key := range asked.Keys {
		picked, err := picker.Pick(balancer.PickInfo{Ctx: zrpc.SetHashKey(context.Background(), key)})
		if err != nil {
			log.Fatalf("%q among %v: %v", key, asked.Addresses, err)
		}
		chosen[i] = picked.SubConn.(*pickers.SubConn).Address
	}
	return chosen
}
