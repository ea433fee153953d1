package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

var checks = []check{
	{"status names a leader and an etcd 3 version", status},
	{"auto-sync ends with endpoints that answer", autoSync},
	{"put, get, count, sort, limit and delete over a prefix", keyValue},
	{"a read at an older revision sees what was there", oldRevision},
	{"a transaction compares, then does one branch whole", transaction},
	{"a lease is kept alive, tells its keys and takes them along when revoked", lease},
	{"a lease that nobody keeps runs out", leaseExpiry},
	{"an unknown lease and an empty key are refused in etcd's words", leaseErrors},
	{"a watch sees puts and deletes once and in order, from the revision asked for", watch},
	{"a watch tells the previous value when asked, and filters", watchOptions},
	{"several watches share a stream and are cancelled one by one", watchCancel},
	{"a watch delivers progress when asked", watchProgress},
	{"compaction refuses older reads, and an older watch says from where to go on", compaction},
	{"a session holds a mutex and loses it when closed", mutex},
}

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

func keyValue(ctx context.Context, client *clientv3.Client, prefix string) error {
	neighbour := strings.TrimSuffix(prefix, "/") + "2/x"
	for _, key := range []string{prefix + "b", prefix + "a", prefix + "c", neighbour} {
		if _, err := client.Put(ctx, key, "value of "+key); err != nil {
			return err
		}
	}
	defer client.Delete(context.Background(), neighbour)

	all, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return err
	}
	if got := keys(all.Kvs); !slices.Equal(got, []string{prefix + "a", prefix + "b", prefix + "c"}) {
		return fmt.Errorf("keys under %s: %q", prefix, got)
	}
	if kv := all.Kvs[0]; string(kv.Value) != "value of "+prefix+"a" || kv.Version != 1 || kv.CreateRevision != kv.ModRevision {
		return fmt.Errorf("first key: %+v", kv)
	}
	first, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithLimit(1),
		clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend))
	if err != nil {
		return err
	}
	if got := keys(first.Kvs); !slices.Equal(got, []string{prefix + "c"}) || !first.More || first.Count != 3 {
		return fmt.Errorf("one key, last first: %q, more %t, count %d", got, first.More, first.Count)
	}
	oldest, err := client.Get(ctx, prefix, clientv3.WithFirstCreate()...)
	if err != nil {
		return err
	}
	if got := keys(oldest.Kvs); !slices.Equal(got, []string{prefix + "b"}) {
		return fmt.Errorf("key created first: %q", got)
	}
	count, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	if count.Count != 3 || len(count.Kvs) != 0 {
		return fmt.Errorf("count only: %d, %d keys", count.Count, len(count.Kvs))
	}
	names, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return err
	}
	if len(names.Kvs) != 3 || len(names.Kvs[0].Value) != 0 {
		return fmt.Errorf("keys only: %+v", names.Kvs)
	}
	put, err := client.Put(ctx, prefix+"a", "again", clientv3.WithPrevKV())
	if err != nil {
		return err
	}
	if value(put.PrevKv) != "value of "+prefix+"a" || put.Header.Revision <= all.Header.Revision {
		return fmt.Errorf("second put: %+v", put)
	}
	deleted, err := client.Delete(ctx, prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
	if err != nil {
		return err
	}
	if deleted.Deleted != 3 || len(deleted.PrevKvs) != 3 {
		return fmt.Errorf("delete: %+v", deleted)
	}
	kept, err := client.Get(ctx, neighbour)
	if err != nil {
		return err
	}
	if kept.Count != 1 {
		return fmt.Errorf("deleting %s took %s along", prefix, neighbour)
	}
	return nil
}

func oldRevision(ctx context.Context, client *clientv3.Client, prefix string) error {
	first, err := client.Put(ctx, prefix+"k", "1")
	if err != nil {
		return err
	}
	if _, err := client.Put(ctx, prefix+"k", "2"); err != nil {
		return err
	}
	old, err := client.Get(ctx, prefix+"k", clientv3.WithRev(first.Header.Revision))
	if err != nil {
		return err
	}
	if len(old.Kvs) != 1 || string(old.Kvs[0].Value) != "1" {
		return fmt.Errorf("at revision %d: %+v", first.Header.Revision, old.Kvs)
	}
	_, err = client.Get(ctx, prefix+"k", clientv3.WithRev(old.Header.Revision+1000))
	return wantError(err, rpctypes.ErrFutureRev)
}

func transaction(ctx context.Context, client *clientv3.Client, prefix string) error {
	key := prefix + "once"
	create := func() (*clientv3.TxnResponse, error) {
		return client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
			Then(clientv3.OpPut(key, "mine"), clientv3.OpGet(key)).
			Else(clientv3.OpGet(key)).
			Commit()
	}
	first, err := create()
	if err != nil {
		return err
	}
	if !first.Succeeded || len(first.Responses) != 2 {
		return fmt.Errorf("first: %+v", first)
	}
	if kvs := first.Responses[1].GetResponseRange().Kvs; len(kvs) != 1 || kvs[0].ModRevision != first.Header.Revision {
		return fmt.Errorf("a get after a put in one transaction: %+v", kvs)
	}
	second, err := create()
	if err != nil {
		return err
	}
	if second.Succeeded || second.Header.Revision != first.Header.Revision {
		return fmt.Errorf("second: %+v", second)
	}
	compared, err := client.Txn(ctx).If(
		clientv3.Compare(clientv3.Value(key), "=", "mine"),
		clientv3.Compare(clientv3.Version(key), ">", 0),
		clientv3.Compare(clientv3.ModRevision(key), "!=", 1),
	).Then(clientv3.OpDelete(key)).Commit()
	if err != nil {
		return err
	}
	if !compared.Succeeded || compared.Responses[0].GetResponseDeleteRange().Deleted != 1 {
		return fmt.Errorf("value, version and revision compared: %+v", compared)
	}
	_, err = client.Txn(ctx).Then(clientv3.OpPut(key, "1"), clientv3.OpPut(key, "2")).Commit()
	return wantError(err, rpctypes.ErrDuplicateKey)
}

func lease(ctx context.Context, client *clientv3.Client, prefix string) error {
	granted, err := client.Grant(ctx, 10)
	if err != nil {
		return err
	}
	if granted.TTL != 10 || granted.ID <= 0 {
		return fmt.Errorf("granted: %+v", granted)
	}
	key := fmt.Sprintf("%s%d", prefix, granted.ID)
	if _, err := client.Put(ctx, key, "127.0.0.1:1", clientv3.WithLease(granted.ID)); err != nil {
		return err
	}
	alive, err := client.KeepAlive(ctx, granted.ID)
	if err != nil {
		return err
	}
	if answer := <-alive; answer == nil || answer.TTL != 10 {
		return fmt.Errorf("keepalive: %+v", answer)
	}
	left, err := client.TimeToLive(ctx, granted.ID, clientv3.WithAttachedKeys())
	if err != nil {
		return err
	}
	if left.TTL < 8 || left.GrantedTTL != 10 || len(left.Keys) != 1 || string(left.Keys[0]) != key {
		return fmt.Errorf("time to live: %+v", left)
	}
	leases, err := client.Leases(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(leases.Leases, func(l clientv3.LeaseStatus) bool { return l.ID == granted.ID }) {
		return fmt.Errorf("lease %d is not listed", granted.ID)
	}
	if _, err := client.Revoke(ctx, granted.ID); err != nil {
		return err
	}
	if got, err := client.Get(ctx, key); err != nil || got.Count != 0 {
		return fmt.Errorf("the key outlived its lease: %+v, %v", got, err)
	}
	gone, err := client.TimeToLive(ctx, granted.ID)
	if err != nil {
		return err
	}
	if gone.TTL != -1 {
		return fmt.Errorf("time to live of a revoked lease: %d", gone.TTL)
	}
	_, err = client.KeepAliveOnce(ctx, granted.ID)
	return wantError(err, rpctypes.ErrLeaseNotFound)
}

func leaseExpiry(ctx context.Context, client *clientv3.Client, prefix string) error {
	granted, err := client.Grant(ctx, 2)
	if err != nil {
		return err
	}
	put, err := client.Put(ctx, prefix+"k", "v", clientv3.WithLease(granted.ID))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	event, err := nextEvent(client.Watch(ctx, prefix+"k", clientv3.WithRev(put.Header.Revision+1)))
	if err != nil {
		return err
	}
	if event.Type != mvccpb.DELETE {
		return fmt.Errorf("event: %+v", event)
	}
	return nil
}

func leaseErrors(ctx context.Context, client *clientv3.Client, prefix string) error {
	_, err := client.Put(ctx, prefix+"k", "v", clientv3.WithLease(4242))
	if err := wantError(err, rpctypes.ErrLeaseNotFound); err != nil {
		return err
	}
	_, err = client.Revoke(ctx, 4242)
	if err := wantError(err, rpctypes.ErrLeaseNotFound); err != nil {
		return err
	}
	_, err = client.Put(ctx, "", "v")
	return wantError(err, rpctypes.ErrEmptyKey)
}

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

func compaction(ctx context.Context, client *clientv3.Client, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first, err := client.Put(ctx, prefix+"k", "1")
	if err != nil {
		return err
	}
	last, err := client.Put(ctx, prefix+"k", "2")
	if err != nil {
		return err
	}
	if _, err := client.Compact(ctx, last.Header.Revision); err != nil {
		return err
	}
	_, err = client.Get(ctx, prefix+"k", clientv3.WithRev(first.Header.Revision))
	if err := wantError(err, rpctypes.ErrCompacted); err != nil {
		return err
	}
	if _, err = client.Compact(ctx, first.Header.Revision); err == nil {
		return errors.New("compacting twice was not refused")
	}
	message := <-client.Watch(ctx, prefix+"k", clientv3.WithRev(first.Header.Revision))
	if message.CompactRevision != last.Header.Revision || !errors.Is(message.Err(), rpctypes.ErrCompacted) {
		return fmt.Errorf("watch from a compacted revision: compact revision %d, %v, want %d",
			message.CompactRevision, message.Err(), last.Header.Revision)
	}
	return nil
}

func mutex(ctx context.Context, client *clientv3.Client, prefix string) error {
	holder, err := concurrency.NewSession(client, concurrency.WithTTL(5))
	if err != nil {
		return err
	}
	defer holder.Close()
	waiter, err := concurrency.NewSession(client, concurrency.WithTTL(5))
	if err != nil {
		return err
	}
	defer waiter.Close()

	held := concurrency.NewMutex(holder, prefix+"lock")
	if err := held.Lock(ctx); err != nil {
		return err
	}
	wanted := concurrency.NewMutex(waiter, prefix+"lock")
	if err := wanted.TryLock(ctx); !errors.Is(err, concurrency.ErrLocked) {
		return fmt.Errorf("a second lock: %v", err)
	}
	if err := holder.Close(); err != nil { // revokes the lease, and the lock's key goes with it
		return err
	}
	return wanted.Lock(ctx)
}

func keys(kvs []*mvccpb.KeyValue) []string {
	names := make([]string, len(kvs))
	for i, kv := range kvs {
		names[i] = string(kv.Key)
	}
	return names
}

// value is empty where etcd's struct is nil.
func value(kv *mvccpb.KeyValue) string {
	if kv == nil {
		return ""
	}
	return string(kv.Value)
}

func nextEvent(changes clientv3.WatchChan) (*clientv3.Event, error) {
	for message := range changes {
		if err := message.Err(); err != nil {
			return nil, err
		}
		if len(message.Events) > 0 {
			return message.Events[0], nil
		}
	}
	return nil, errors.New("the watch ended")
}

// wantError compares what a server answered with etcd's own error, code and text.
func wantError(err, want error) error {
	if errors.Is(err, want) || (err != nil && rpctypes.Error(err) == want) {
		return nil
	}
	return fmt.Errorf("got %v, want %v", err, want)
}
