package main

import (
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func keys(kvs []*mvccpb.KeyValue) []string {
	names := make([]string, len(kvs))
	for i, kv := range kvs {
		names[i] = string(kv.Key)
	}
	return names
}

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

func wantError(err, want error) error {
	if errors.Is(err, want) || (err != nil && rpctypes.Error(err) == want) {
		return nil
	}
	return fmt.Errorf("got %v, want %v", err, want)
}
