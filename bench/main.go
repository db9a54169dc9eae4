// Bench measures the gateway beside the kube-apiserver that it stands in front of: same pods, same client, same
// machine, one run. docs/performance.md says what the figures mean.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

type options struct {
	kube, gateway, search, jcmd, json, only string
	pods, rounds, watchers, crowd, rate     int
	enough, patience                        time.Duration
}

// bench is one run.
type bench struct {
	options
	authority *authority
	control   *server
	members   []*server
	gateway   *server
	// Those that answer for all members: the gateway, and karmada-search if it takes part.
	fronts    []*server
	report    *report
	writeCost time.Duration
}

func init() {
	// Servers end with the thread that started them, so that must be the one that lasts.
	runtime.LockOSThread()
}

func main() {
	var o options
	flag.StringVar(&o.kube, "kube", "", "program with etcd and kube-apiserver")
	flag.StringVar(&o.gateway, "gateway", "", "program multicluster-apiserver")
	flag.StringVar(&o.search, "search", "", "program karmada-search, if it is to be compared as well")
	flag.StringVar(&o.jcmd, "jcmd", "jcmd", "program of the JDK")
	flag.StringVar(&o.json, "json", "", "file for the results as JSON")
	flag.StringVar(&o.only, "only", "", "take one part of the figures: reads, watches, crowd, proxied or neighbour")
	flag.IntVar(&o.pods, "pods", 3000, "pods of each of the three members")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each figure is taken")
	flag.IntVar(&o.watchers, "watchers", 1000, "watches, each with a connection of its own")
	flag.IntVar(&o.crowd, "crowd", 10000, "watches of the gateway at most, each with a connection of its own")
	flag.IntVar(&o.rate, "rate", 1000, "requests a second through the proxy, at the figures that are taken at a rate")
	flag.DurationVar(&o.enough, "enough", 500*time.Millisecond, "CPU that a figure must have cost the server")
	flag.DurationVar(&o.patience, "patience", 15*time.Second, "how long one figure may take")
	flag.Parse()
	folder, err := os.MkdirTemp("", "bench-")
	must(err)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ended
		os.Exit(1)
	}()
	fmt.Fprintln(os.Stderr, "servers keep their files in", folder)
	b := &bench{options: o, authority: newAuthority(folder), report: newReport(o)}
	switch o.only {
	case "":
		b.run(true, true)
	case "reads":
		b.run(true, false)
	case "watches":
		b.run(false, true)
	case "crowd":
		b.start()
		b.fill(0, b.pods)
		b.startGateway()
		b.awaitPods(b.gateway, b.pods)
		b.crowd(b.side(b.gateway, b.pods*len(b.members)))
	case "proxied":
		b.runProxied()
	case "neighbour":
		b.runNeighbour()
	default:
		fmt.Fprintln(os.Stderr, "no part is called", o.only)
		os.Exit(2)
	}
	b.report.print(os.Stdout)
	if o.json != "" {
		must(os.WriteFile(o.json, b.report.json(), 0o644))
	}
	stopAll()
	must(os.RemoveAll(folder))
}

// start starts all but the gateway.
func (b *bench) start() {
	b.say("starting a control plane and three members")
	b.control = startCluster(b.authority, b.kube, "control-plane")
	for _, name := range []string{"one", "two", "three"} {
		b.members = append(b.members, startCluster(b.authority, b.kube, name))
	}
	if b.options.search != "" {
		b.joinForSearch()
	}
}

// run takes the figures of reads, of watches or of both, and with both also those of the proxy.
func (b *bench) run(reads, watches bool) {
	b.start()
	if reads {
		b.fill(0, b.pods/3)
		small := b.settledWith(b.pods / 3)
		for _, s := range b.fronts {
			s.stop()
		}
		b.fill(b.pods/3, b.pods)
		b.memoryPerPod(small, b.settledWith(b.pods))
	} else {
		b.fill(0, b.pods)
		b.startFronts(b.pods)
	}
	sides := []*side{b.side(b.members[0], b.pods)}
	for _, s := range b.fronts {
		sides = append(sides, b.side(s, b.pods*len(b.members)))
	}
	if reads {
		b.reads(sides, watches)
	}
	if watches {
		b.watchesOf(sides)
	}
}

// startFronts returns once they show so many pods of each member.
func (b *bench) startFronts(pods int) {
	b.startGateway()
	b.fronts = []*server{b.gateway}
	if b.options.search != "" {
		b.say("starting karmada-search")
		b.fronts = append(b.fronts, startSearch(b.authority, b.options.search, b.control))
	}
	for _, s := range b.fronts {
		b.awaitPods(s, pods)
	}
}

// settledWith starts the gateway, so that no log of how the pods were made is in its memory, and returns what the
// servers occupy with so many pods of each member once the gateway has compiled its code.
func (b *bench) settledWith(pods int) map[string]int64 {
	b.startFronts(pods)
	for _, s := range b.fronts {
		b.warm(b.side(s, pods*len(b.members)), pods)
	}
	return b.memory()
}

// reads compares a member's API server, which comes first, with what stands in front of it.
func (b *bench) reads(sides []*side, andProxied bool) {
	var proxied *proxying
	if andProxied {
		proxied = b.prepareProxied()
	}
	b.warm(sides[0], b.pods)
	for round := range b.rounds {
		b.say("round %d of %d", round+1, b.rounds)
		for _, s := range sides {
			b.lists(s)
			b.gets(s)
		}
		if andProxied {
			proxied.round()
		}
	}
}

func (b *bench) watchesOf(sides []*side) {
	b.writeCost = sides[0].meter.measure(b.enough, b.patience, func() int {
		stop := make(chan struct{})
		time.AfterFunc(2*time.Second, func() { close(stop) })
		return b.writes(perSecond, stop)
	})
	b.say("latency")
	for range b.rounds {
		b.latency()
	}
	for _, s := range sides {
		b.watches(s)
	}
	b.crowd(sides[1])
}

func (b *bench) say(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", arguments...)
}

func (b *bench) client(s *server) *client { return newClient(s.base, b.authority.config) }

// fill adds pods to all members, one after the other: they share the machine.
func (b *bench) fill(from, to int) {
	b.say("creating pods %d to %d of each member", from, to)
	for _, member := range b.members {
		c := b.client(member)
		load(c, member.name, from, to)
		c.close()
	}
}

func (b *bench) startGateway() {
	b.say("starting the gateway")
	b.gateway = startGateway(b.authority, b.options.gateway, b.control, b.members)
	c := b.client(b.gateway)
	defer c.close()
	b.gateway.awaitReady(c)
}

// awaitPods returns once a server in front of all members shows so many pods of each.
func (b *bench) awaitPods(s *server, pods int) {
	c := b.client(s)
	defer c.close()
	query := "?limit=1"
	if s.jsonOnly {
		// karmada-search asks the members for a page, and does not tell how many pods remain.
		query = "?resourceVersion=0"
	}
	seen := func() int {
		var page struct {
			Metadata struct{ RemainingItemCount int }
			Items    []struct{}
		}
		must(json.Unmarshal(c.read("/api/v1/pods"+query, "application/json"), &page))
		return page.Metadata.RemainingItemCount + len(page.Items)
	}
	count := pods * len(b.members)
	deadline := time.Now().Add(2 * time.Minute)
	for found := seen(); found < count; found = seen() {
		if time.Now().After(deadline) {
			panic(fmt.Sprintf("%s shows %d pods of %d", s.name, found, count))
		}
		time.Sleep(time.Second)
	}
}

// side is one of the servers that are compared, and what it holds.
type side struct {
	server *server
	pods   int
	client *client
	meter  meter
}

func (b *bench) side(s *server, pods int) *side {
	return &side{s, pods, b.client(s), newMeter(s.pid(), 5*time.Second)}
}

// form is one way to ask for pods.
type form struct{ name, query, accept string }

var (
	lists = []form{
		{"LIST protobuf, a pod", "?resourceVersion=0", protobuf},
		{"LIST JSON, a pod", "?resourceVersion=0", "application/json"},
		{"LIST Table, a pod", "?resourceVersion=0", table}}
	gets = []form{
		{"GET protobuf, resourceVersion=0", "?resourceVersion=0", protobuf},
		{"GET JSON, as kubectl asks", "", "application/json"}}
)

// offered leaves out what the server has not.
func (s *side) offered(all []form) []form {
	return slices.DeleteFunc(slices.Clone(all), func(f form) bool { return s.server.jsonOnly && f.accept == protobuf })
}

// warm repeats each kind of work until it no longer becomes cheaper: a JVM compiles, a Go program grows its heap.
func (b *bench) warm(s *side, pods int) {
	b.say("warming up %s", s.server.name)
	for _, f := range s.offered(lists) {
		b.untilSteady(s, func() int { return b.list(s, f) })
	}
	for _, f := range s.offered(gets) {
		b.untilSteady(s, func() int { return b.get(s, f, pods) })
	}
}

func (b *bench) untilSteady(s *side, work func() int) {
	least := time.Duration(math.MaxInt64)
	start := time.Now()
	for vain := 0; vain < 3 && time.Since(start) < 2*b.patience; vain++ {
		if cost := s.meter.measure(2*b.enough, b.patience, work); cost < least*19/20 {
			least, vain = cost, 0
		}
	}
}

func (b *bench) lists(s *side) {
	for _, f := range s.offered(lists) {
		b.report.add(f.name, s.server, s.meter.measure(b.enough, b.patience, func() int { return b.list(s, f) }))
	}
}

func (b *bench) gets(s *side) {
	for _, f := range s.offered(gets) {
		b.report.add(f.name, s.server, s.meter.measure(b.enough, b.patience, func() int { return b.get(s, f, b.pods) }))
	}
}

func (b *bench) list(s *side, f form) int {
	length := s.client.get("/api/v1/pods"+f.query, f.accept)
	if f.accept == protobuf {
		b.report.podBytes = float64(length) / float64(s.pods)
	}
	return s.pods
}

// get asks for pods of the first member, those with the lowest numbers.
func (b *bench) get(s *side, f form, pods int) int {
	return parallel(8, 100, func(worker, number int) {
		s.client.get(podPath("one", (worker*997+number*31)%pods)+f.query, f.accept)
	})
}

// parallel calls work from some goroutines, each so many times, and returns the number of all calls.
func parallel(workers, times int, work func(worker, number int)) int {
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for number := range times {
				work(worker, number)
			}
		})
	}
	all.Wait()
	return workers * times
}

// writes changes pods of member one, so many a second, until stop is closed, and returns how many.
func (b *bench) writes(perSecond int, stop <-chan struct{}) int {
	c := b.client(b.members[0])
	defer c.close()
	ticks := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticks.Stop()
	for number := 0; ; number++ {
		select {
		case <-stop:
			return number
		case <-ticks.C:
			c.patch(podPath("one", number*7%b.pods)+"?fieldManager=kubelet", object{"metadata": object{
				"annotations": object{"bench": fmt.Sprint(time.Now().UnixNano())}}})
		}
	}
}

// latency compares when a change reaches a watcher of the gateway with when it reaches one of the member itself.
func (b *bench) latency() {
	const watchers, seconds, rate = 3, 10, 200
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var lock sync.Mutex
	direct, through := map[string]time.Time{}, map[string]time.Time{}
	note := func(times map[string]time.Time) func([]byte) {
		return func(event []byte) {
			now := time.Now()
			if key := stamp(event); key != "" {
				lock.Lock()
				defer lock.Unlock()
				if _, seen := times[key]; !seen {
					times[key] = now
				}
			}
		}
	}
	const path = "/api/v1/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=120"
	b.client(b.members[0]).watch(ctx, path, protobuf, note(direct))
	b.client(b.gateway).watch(ctx, path, protobuf, note(through))
	for range watchers - 1 {
		b.client(b.gateway).watch(ctx, path, protobuf, func([]byte) {})
	}
	time.Sleep(time.Second)
	stop := make(chan struct{})
	time.AfterFunc(seconds*time.Second, func() { close(stop) })
	b.report.latencyRate = float64(b.writes(rate, stop)) / seconds
	time.Sleep(time.Second)
	lock.Lock()
	defer lock.Unlock()
	var added samples
	for key, at := range direct {
		if later, arrived := through[key]; arrived {
			added = append(added, later.Sub(at))
		}
	}
	if len(added) == 0 {
		panic("no change came through the gateway")
	}
	b.report.add(laterHalf, b.gateway, added.quantile(0.5))
	b.report.add(laterMost, b.gateway, added.quantile(0.99))
}

// watches measures deliveries to many watchers, each with a connection of its own.
func (b *bench) watches(s *side) {
	count := b.watchers
	if s.server.name == karmadaSearch && count > searchWatchers {
		count = searchWatchers
		b.report.note("karmada-search had %d watchers instead of %d: it does not keep up with more.", count, b.watchers)
	}
	b.say("%d watchers of %s", count, s.server.name)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var delivered atomic.Int64
	b.report.watcherBytes[s.server.name] = b.startWatches(ctx, s, count, &delivered)
	b.untilSteady(s, func() int { return b.deliver(count, &delivered) })
	for range b.rounds {
		b.deliveries(s, count, &delivered)
	}
}

// startWatches returns once all are open, with the memory that each occupies.
func (b *bench) startWatches(ctx context.Context, s *side, count int, delivered *atomic.Int64) float64 {
	before := b.settled(s.server)
	accept := protobuf
	if s.server.jsonOnly {
		accept = "application/json"
	}
	parallel(8, count/8, func(int, int) {
		b.client(s.server).watch(ctx,
			"/api/v1/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=600",
			accept, func([]byte) { delivered.Add(1) })
	})
	return float64(b.settled(s.server)-before) / float64(count/8*8)
}

// The rate at which pods are changed while very many watch: one at which a kube-apiserver falls behind on two cores.
const perSecond = 50

// deliver changes pods for two seconds, and returns how many events reached the watchers, once all did.
func (b *bench) deliver(watchers int, delivered *atomic.Int64) int {
	start := delivered.Load()
	stop := make(chan struct{})
	time.AfterFunc(2*time.Second, func() { close(stop) })
	expected := start + int64(b.writes(perSecond, stop))*int64(watchers/8*8)
	deadline := time.Now().Add(20 * time.Second)
	for delivered.Load() < expected && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	return int(delivered.Load() - start)
}

// crowd opens as many watches of the gateway as it must bear, and sees that one change reaches them all.
func (b *bench) crowd(s *side) {
	b.say("%d watchers of %s", b.options.crowd, s.server.name)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var delivered atomic.Int64
	b.report.crowdBytes = b.startWatches(ctx, s, b.options.crowd, &delivered)
	start := time.Now()
	c := b.client(b.members[0])
	defer c.close()
	c.patch(podPath("one", 0)+"?fieldManager=kubelet", object{"metadata": object{"annotations": object{"bench": "all"}}})
	for delivered.Load() < int64(b.options.crowd/8*8) {
		if time.Since(start) > time.Minute {
			panic(fmt.Sprintf("one change has reached %d of %d watchers", delivered.Load(), b.options.crowd))
		}
		time.Sleep(time.Millisecond)
	}
	b.report.note("One change reached all of %d watchers within %v.", b.options.crowd, time.Since(start).Round(time.Millisecond))
}

func (b *bench) deliveries(s *side, watchers int, delivered *atomic.Int64) {
	cost := s.meter.measure(2*b.enough, 2*b.patience, func() int { return b.deliver(watchers, delivered) })
	if s.server == b.members[0] {
		// What a change costs the server that makes it is not the price of telling others.
		cost -= b.writeCost / time.Duration(watchers/8*8)
	}
	b.report.add(delivery, s.server, cost)
}

// memory is what the servers occupy once they have tidied up.
func (b *bench) memory() map[string]int64 {
	b.say("waiting for memory to settle")
	all := map[string]int64{b.members[0].name: b.settled(b.members[0])}
	for _, s := range b.fronts {
		all[s.name] = b.settled(s)
	}
	return all
}

// settled makes a server collect its garbage, and returns what it occupies then.
func (b *bench) settled(s *server) int64 {
	for range 2 {
		if s.profiles == "" {
			collectGarbage(b.jcmd, s.pid())
		} else {
			// A Go program does so when asked for a profile of its heap.
			c := newClient(s.profiles, b.authority.config)
			c.get("/debug/pprof/heap?gc=1", "*/*")
			c.close()
		}
		time.Sleep(4 * time.Second)
	}
	return resident(s.pid())
}

func (b *bench) memoryPerPod(small, large map[string]int64) {
	for name := range large {
		added := b.pods - b.pods/3
		if name != b.members[0].name {
			added *= len(b.members)
		}
		b.report.memory[name] = float64(large[name]-small[name]) / float64(added)
	}
}
