package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func watch(ctx context.Context, client *clientv3.Client, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	before, err := client.Put(ctx, prefix+"a", "1")
	if err != nil {
		return err
	}
	if _, err := client.Put(ctx, prefix+"b", "2"); err != nil {
		return err
	}
	changes := client.Watch(clientv3.WithRequireLeader(ctx), prefix, clientv3.WithPrefix(),
		clientv3.WithRev(before.Header.Revision+1), clientv3.WithCreatedNotify())
	if created := <-changes; !created.Created {
		return fmt.Errorf("first message: %+v", created)
	}
	if _, err := client.Delete(ctx, prefix+"a"); err != nil {
		return err
	}
	if _, err := client.Txn(ctx).Then(clientv3.OpPut(prefix+"c", "3"), clientv3.OpPut(prefix+"d", "4")).Commit(); err != nil {
		return err
	}

	var seen []string
	for len(seen) < 4 {
		message := <-changes
		if err := message.Err(); err != nil {
			return err
		}
		for _, event := range message.Events {
			if event.Kv.ModRevision > message.Header.Revision {
				return fmt.Errorf("event of revision %d in a message of %d", event.Kv.ModRevision, message.Header.Revision)
			}
			seen = append(seen, event.Type.String()+" "+strings.TrimPrefix(string(event.Kv.Key), prefix))
		}
	}
	if want := []string{"PUT b", "DELETE a", "PUT c", "PUT d"}; !slices.Equal(seen, want) {
		return fmt.Errorf("seen %q, want %q", seen, want)
	}
	return nil
}

func watchOptions(ctx context.Context, client *clientv3.Client, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start, err := client.Put(ctx, prefix+"k", "old")
	if err != nil {
		return err
	}
	from := clientv3.WithRev(start.Header.Revision + 1)
	previous := client.Watch(ctx, prefix+"k", from, clientv3.WithPrevKV())
	deletes := client.Watch(ctx, prefix+"k", from, clientv3.WithFilterPut())
	if _, err := client.Put(ctx, prefix+"k", "new"); err != nil {
		return err
	}
	if _, err := client.Delete(ctx, prefix+"k"); err != nil {
		return err
	}
	event, err := nextEvent(previous)
	if err != nil {
		return err
	}
	if !event.IsModify() || value(event.PrevKv) != "old" {
		return fmt.Errorf("with the previous value: %+v", event)
	}
	event, err = nextEvent(deletes)
	if err != nil {
		return err
	}
	if event.Type != mvccpb.DELETE {
		return fmt.Errorf("without puts: %+v", event)
	}
	return nil
}

func watchCancel(ctx context.Context, client *clientv3.Client, prefix string) error {
	first, cancelFirst := context.WithCancel(ctx)
	defer cancelFirst()
	second, cancelSecond := context.WithCancel(ctx)
	defer cancelSecond()
	ended := client.Watch(first, prefix+"a", clientv3.WithCreatedNotify())
	goesOn := client.Watch(second, prefix+"b", clientv3.WithCreatedNotify())
	<-ended
	<-goesOn
	cancelFirst()
	for range ended { // closed once the server has confirmed
	}
	if _, err := client.Put(ctx, prefix+"b", "v"); err != nil {
		return err
	}
	_, err := nextEvent(goesOn)
	return err
}

func watchProgress(ctx context.Context, client *clientv3.Client, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify(), clientv3.WithProgressNotify())
	<-changes
	put, err := client.Put(ctx, "progress-"+prefix, "elsewhere")
	if err != nil {
		return err
	}
	defer client.Delete(context.Background(), "progress-"+prefix)
	for {
		if err := client.RequestProgress(ctx); err != nil {
			return err
		}
		select {
		case message := <-changes:
			if message.IsProgressNotify() && message.Header.Revision >= put.Header.Revision {
				return nil
			}
			if err := message.Err(); err != nil {
				return err
			}
		case <-time.After(200 * time.Millisecond): // etcd drops a request that comes before the watch has caught up
		case <-ctx.Done():
			return fmt.Errorf("no progress: %w", ctx.Err())
		}
	}
}
