package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

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
