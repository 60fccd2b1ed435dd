// The Mutex of etcd's concurrency package, on a server of etcd.
//
//	etcd HOSTS
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.uber.org/zap"
	"leasehold.io/bench/contestants/contest"
)

const ttlSeconds = 60

type session struct {
	lease *concurrency.Session
}

type lock struct {
	mutex *concurrency.Mutex
}

func (of session) NewLock(path string) contest.Lock {
	return lock{concurrency.NewMutex(of.lease, path)}
}

func (of lock) Lock() error { return of.mutex.Lock(context.Background()) }

func (of lock) Unlock() error { return of.mutex.Unlock(context.Background()) }

func (of lock) TryLock() (bool, error) {
	err := of.mutex.TryLock(context.Background())
	if errors.Is(err, concurrency.ErrLocked) {
		return false, nil
	}
	return err == nil, err
}

func connect(hosts []string) contest.Session {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   hosts,
		DialTimeout: 10 * time.Second,
		Logger:      zap.NewNop(),
	})
	contest.Must(err)
	lease, err := concurrency.NewSession(client, concurrency.WithTTL(ttlSeconds))
	contest.Must(err)
	return session{lease}
}

func main() {
	hosts := strings.Split(os.Args[1], ",")
	contest.Obey(func() contest.Session { return connect(hosts) })
}
