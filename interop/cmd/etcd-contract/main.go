// Command etcd-contract asks an etcd API for what Rollcall, go-zero and etcdctl rely on, with etcd's own Go client.
// The same checks run against a real etcd and against the dev registry. One JSON line a check; exit status 1 when one
// failed.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

const checkLimit = 20 * time.Second

// A check gets a client of its own and a key prefix that no other check uses.
type check struct {
	name string
	run  func(ctx context.Context, client *clientv3.Client, prefix string) error
}

func main() {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "comma-separated `hosts`")
	only := flag.String("only", "", "run the checks whose name contains this")
	flag.Parse()

	failed := false
	lines := json.NewEncoder(os.Stdout)
	for i, check := range checks {
		if !strings.Contains(check.name, *only) {
			continue
		}
		prefix := fmt.Sprintf("contract-%d-%d/", time.Now().UnixNano(), i)
		err := runCheck(check, strings.Split(*endpoints, ","), prefix)
		line := map[string]any{"check": check.name, "ok": err == nil}
		if err != nil {
			failed = true
			line["error"] = err.Error()
		}
		_ = lines.Encode(line)
	}
	if failed {
		os.Exit(1)
	}
}

func runCheck(check check, endpoints []string, prefix string) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	client, err := connect(endpoints)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := check.run(ctx, client, prefix); err != nil {
		return err
	}
	_, err = client.Delete(ctx, prefix, clientv3.WithPrefix())
	return err
}

func connect(endpoints []string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:   endpoints,
		DialTimeout: 5 * time.Second,
		// go-zero sets these two: the first asks each endpoint for its status, the second pings an idle connection.
		RejectOldCluster:    true,
		PermitWithoutStream: true,
		Logger:              zap.NewNop(),
	})
}
