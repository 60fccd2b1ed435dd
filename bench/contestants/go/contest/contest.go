// Package contest is what the contestants written in Go have in common: it reads the commands of
// './dev bench' from the standard input, and answers each with one line of JSON (bench/README.md).
package contest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is a peer's own, not held yet when it is made.
type Lock interface {
	Lock() error
	// Unlock returns when the server has confirmed it.
	Unlock() error
}

// Trier is a Lock of a peer that has a try.
type Trier interface {
	// TryLock says whether the lock was free.
	TryLock() (bool, error)
}

// Session is one session of a peer with its servers.
type Session interface {
	NewLock(path string) Lock
}

// times are microseconds.
type times []float64

type grant struct {
	session           int
	running, released float64
}

func (of grant) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]float64{float64(of.session), of.running, of.released})
}

type contestant struct {
	connect func() Session
	first   Session
	// Of a hand-off, kept from one to the next.
	sessions []Session
	held     Lock
}

// Obey carries out commands until the input ends. connect makes one more session.
func Obey(connect func() Session) {
	log.SetFlags(0)
	us := &contestant{connect: connect, first: connect()}
	fmt.Println("ready")
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		answer, err := json.Marshal(us.carryOut(words(input.Text())))
		Must(err)
		fmt.Println(string(answer))
	}
}

// Must ends the process with the error, if there is one: the contest shows it.
func Must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func (us *contestant) carryOut(given command) map[string]any {
	switch path := given.word(1); given.word(0) {
	case "serial":
		return us.serial(path, given.number(2))
	case "many":
		return us.many(path, given.number(2), given.number(3))
	case "handoff":
		hold := time.Duration(given.number(4)) * time.Microsecond
		return us.handoff(path, given.number(2), given.number(3), hold)
	case "hold":
		us.held = us.first.NewLock(path)
		Must(us.held.Lock())
	case "let_go":
		released := nowMicros()
		Must(us.held.Unlock())
		return map[string]any{"released": released}
	case "try":
		return us.try(path, given.number(2))
	default:
		log.Fatalf("no such command: %s", given.word(0))
	}
	return map[string]any{}
}

func (us *contestant) serial(path string, count int) map[string]any {
	acquire, release := make(times, count), make(times, count)
	for pair := 0; pair < count; pair++ {
		lock := us.first.NewLock(path)
		begin := time.Now()
		Must(lock.Lock())
		acquired := time.Now()
		Must(lock.Unlock())
		released := time.Now()
		acquire[pair] = micros(acquired.Sub(begin))
		release[pair] = micros(released.Sub(acquired))
	}
	return map[string]any{"acquire": acquire, "release": release}
}

func (us *contestant) many(path string, depth, count int) map[string]any {
	begin := time.Now()
	runAll(depth, func(number int) {
		lock := us.first.NewLock(fmt.Sprintf("%s-%d", path, number))
		for pair := 0; pair < count; pair++ {
			Must(lock.Lock())
			Must(lock.Unlock())
		}
	})
	return map[string]any{"seconds": time.Since(begin).Seconds()}
}

func (us *contestant) handoff(path string, sessions, wanted int, hold time.Duration) map[string]any {
	for len(us.sessions) < sessions {
		us.sessions = append(us.sessions, us.connect())
	}
	var mutex sync.Mutex
	var grants []grant
	isOver := func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(grants) >= wanted
	}
	runAll(sessions, func(number int) {
		lock := us.sessions[number].NewLock(path)
		for !isOver() {
			Must(lock.Lock())
			running := nowMicros()
			if hold > 0 {
				time.Sleep(hold)
			}
			mutex.Lock()
			grants = append(grants, grant{number, running, nowMicros()})
			mutex.Unlock()
			Must(lock.Unlock())
		}
	})
	return map[string]any{"grants": grants}
}

func (us *contestant) try(path string, count int) map[string]any {
	costs := make(times, count)
	for number := range costs {
		lock, hasTry := us.first.NewLock(path).(Trier)
		if !hasTry {
			log.Fatal("this lock has no try")
		}
		begin := time.Now()
		isFree, err := lock.TryLock()
		costs[number] = micros(time.Since(begin))
		Must(err)
		if isFree {
			log.Fatal("the lock is not busy")
		}
	}
	return map[string]any{"try": costs}
}

// runAll has a goroutine for each number below count, and returns when all have ended.
func runAll(count int, job func(number int)) {
	var running sync.WaitGroup
	for number := 0; number < count; number++ {
		running.Add(1)
		go func(number int) {
			defer running.Done()
			job(number)
		}(number)
	}
	running.Wait()
}

func micros(duration time.Duration) float64 {
	return float64(duration) / float64(time.Microsecond)
}

// nowMicros is on a clock that all processes of this machine share.
func nowMicros() float64 {
	var now unix.Timespec
	Must(unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	return float64(now.Nano()) / 1e3
}
