package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

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
