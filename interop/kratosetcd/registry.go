// Package kratosetcd lists Kratos' instances in etcd under the keys, in the JSON and for the time that Kratos' own
// contrib/registry/etcd does, and reads them with the same two peculiarities: the prefix has no slash at its end, and one
// value under it that is not JSON is an error of the whole read. It stands in for that module, which is released by no
// version that Go's module proxies know; all else in these programs is Kratos itself.
package kratosetcd

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-kratos/kratos/v2/registry"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	namespace  = "/microservices/"
	ttlSeconds = 15
)

var (
	_ registry.Registrar = (*Registry)(nil)
	_ registry.Discovery = (*Registry)(nil)
)

// Registry is the etcd that Kratos registers in and discovers from.
type Registry struct{ client *clientv3.Client }

// Connect returns the registry at one endpoint, host:port.
func Connect(endpoint string) (*Registry, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second})
	return &Registry{client}, err
}

// Register puts the instance under a lease and renews that until the program ends.
func (r *Registry) Register(ctx context.Context, instance *registry.ServiceInstance) error {
	value, err := json.Marshal(instance)
	if err != nil {
		return err
	}
	lease, err := r.client.Grant(ctx, ttlSeconds)
	if err != nil {
		return err
	}
	if _, err = r.client.Put(ctx, keyOf(instance), string(value), clientv3.WithLease(lease.ID)); err != nil {
		return err
	}
	renewals, err := r.client.KeepAlive(context.Background(), lease.ID)
	go func() {
		for range renewals {
		}
	}()
	return err
}

// Deregister takes it out.
func (r *Registry) Deregister(ctx context.Context, instance *registry.ServiceInstance) error {
	_, err := r.client.Delete(ctx, keyOf(instance))
	return err
}

// GetService reads all instances of the name.
func (r *Registry) GetService(ctx context.Context, name string) ([]*registry.ServiceInstance, error) {
	answer, err := r.client.Get(ctx, namespace+name, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	var found []*registry.ServiceInstance
	for _, kv := range answer.Kvs {
		var instance registry.ServiceInstance
		if err := json.Unmarshal(kv.Value, &instance); err != nil {
			return nil, fmt.Errorf("%s: %w", kv.Key, err)
		}
		if instance.Name == name {
			found = append(found, &instance)
		}
	}
	return found, nil
}

// Watch follows the instances of the name.
func (r *Registry) Watch(ctx context.Context, name string) (registry.Watcher, error) {
	ctx, cancel := context.WithCancel(ctx)
	changes := r.client.Watch(ctx, namespace+name, clientv3.WithPrefix())
	return &watcher{registry: r, name: name, ctx: ctx, cancel: cancel, changes: changes}, nil
}

type watcher struct {
	registry *Registry
	name     string
	ctx      context.Context
	cancel   context.CancelFunc
	changes  clientv3.WatchChan
	read     bool
}

// Next returns the instances at once the first time, and after a change from then on.
func (w *watcher) Next() ([]*registry.ServiceInstance, error) {
	if w.read {
		select {
		case <-w.ctx.Done():
			return nil, w.ctx.Err()
		case <-w.changes:
		}
	}
	w.read = true
	return w.registry.GetService(w.ctx, w.name)
}

func (w *watcher) Stop() error {
	w.cancel()
	return nil
}

func keyOf(instance *registry.ServiceInstance) string {
	return namespace + instance.Name + "/" + instance.ID
}
