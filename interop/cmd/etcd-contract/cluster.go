package main

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func status(ctx context.Context, client *clientv3.Client, _ string) error {
	for _, endpoint := range client.Endpoints() {
		status, err := client.Status(ctx, endpoint)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(status.Version, "3.") || status.Leader == 0 || status.Header.ClusterId == 0 {
			return fmt.Errorf("status of %s: %+v", endpoint, status)
		}
	}
	return nil
}

func autoSync(ctx context.Context, client *clientv3.Client, prefix string) error {
	members, err := client.MemberList(ctx)
	if err != nil {
		return err
	}
	if len(members.Members) == 0 || len(members.Members[0].ClientURLs) == 0 {
		return fmt.Errorf("member list: %+v", members)
	}
	if err := client.Sync(ctx); err != nil {
		return err
	}
	// What was advertised has replaced the configured hosts (go-zero does this every minute).
	_, err = client.Put(ctx, prefix+"synced", client.Endpoints()[0])
	return err
}
