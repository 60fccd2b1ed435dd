// go-zookeeper's Lock. It has no try.
//
//	go-zookeeper HOSTS
package main

import (
	"os"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"leasehold.io/bench/contestants/contest"
)

type session struct {
	connection *zk.Conn
}

func (of session) NewLock(path string) contest.Lock {
	return zk.NewLock(of.connection, path, zk.WorldACL(zk.PermAll))
}

func connect(hosts []string) contest.Session {
	connection, events, err := zk.Connect(hosts, time.Minute, zk.WithLogInfo(false))
	contest.Must(err)
	for event := range events {
		if event.State == zk.StateHasSession {
			break
		}
	}
	return session{connection}
}

func main() {
	hosts := strings.Split(os.Args[1], ",")
	contest.Obey(func() contest.Session { return connect(hosts) })
}
