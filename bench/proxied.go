package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// What is measured of requests that are passed on to the control plane.
const (
	proxiedCost    = "proxied GET of 3 KB, CPU at the rate"
	proxiedAnswer  = "proxied GET of 3 KB, time to answer p50 at the rate"
	proxiedMost    = "proxied GET of 3 KB, time to answer p99 at the rate"
	proxiedBusy    = "proxied GET of 3 KB, CPU at full load"
	eventLoops     = ", event loops only" // without the JIT compiler, the garbage collector and what runs in the background
	proxiedObject  = "/api/v1/namespaces/default/configmaps/three-kilobytes"
	proxiedWarming = 160000 // requests after which a JVM has compiled what they need
)

// From the API server's memory: the proxies are to be what is busy, and etcd is nobody's concern here.
const proxiedPath = proxiedObject + "?resourceVersion=0"

// proxying compares ways to the same object: directly, through the gateway and through nginx.
type proxying struct {
	report *report
	rate   int
	sides  []*proxiedSide
}

type proxiedSide struct {
	server *server
	client *client
	meter  meter
}

// runProxied needs no members: it is the part of a run that is about the proxy.
func (b *bench) runProxied() {
	b.say("starting a control plane")
	b.control = startCluster(b.authority, b.kube, "control-plane")
	b.startGateway()
	proxied := b.prepareProxied()
	for round := range b.rounds {
		b.say("round %d of %d", round+1, b.rounds)
		proxied.round()
	}
}

// prepareProxied creates the object, starts nginx, and warms all up.
func (b *bench) prepareProxied() *proxying {
	p := &proxying{report: b.report, rate: b.rate}
	direct := b.client(b.control)
	direct.create("/api/v1/namespaces/default/configmaps", object{
		"metadata": object{"name": "three-kilobytes"}, "data": object{"text": fmt.Sprintf("%02800d", 7)}})
	servers := []*server{b.control, b.gateway}
	if nginx := startNginx(b.authority, b.control); nginx != nil {
		servers = append(servers, nginx)
	} else {
		b.report.note("nginx is not installed: no comparison with it")
	}
	b.say("warming up %d ways to an object", len(servers))
	for _, s := range servers {
		side := &proxiedSide{server: s, client: b.client(s)}
		p.sides = append(p.sides, side)
		requests := proxiedWarming
		if s != b.gateway {
			requests /= 20
		}
		parallel(8, requests/8, func(int, int) { side.get() })
		// What comes one at a time takes other ways through the code, which are compiled anew.
		openLoop(b.rate, requests/16, side.get)
	}
	for _, side := range p.sides {
		side.meter = newMeter(side.server.pid(), 2*time.Second)
	}
	return p
}

func (s *proxiedSide) get() { s.client.get(proxiedPath, protobuf) }

func (p *proxying) round() {
	for _, side := range p.sides {
		var answers samples
		p.add(proxiedCost, side, func() int {
			answers = openLoop(p.rate, max(4*p.rate, 4000), side.get)
			return len(answers)
		})
		p.report.add(proxiedAnswer, side.server, answers.quantile(0.5))
		p.report.add(proxiedMost, side.server, answers.quantile(0.99))
	}
	for _, side := range p.sides {
		p.add(proxiedBusy, side, func() int {
			return parallel(16, 1000, func(int, int) { side.get() })
		})
	}
}

// add takes a figure of CPU for a unit of work.
func (p *proxying) add(name string, side *proxiedSide, work func() int) {
	pid, units := side.server.pid(), 0
	before := cpuOfThreads(pid, "event-loop")
	cost := side.meter.measure(0, 0, func() int {
		units = work()
		return units
	})
	p.report.add(name, side.server, cost)
	if loops := cpuOfThreads(pid, "event-loop") - before; loops > 0 {
		p.report.add(name+eventLoops, side.server, loops/time.Duration(units))
	}
}

// openLoop does work so many times a second, whether or not what began before has ended. It returns how long each took
// from the moment in which it was due, so that waiting for a stalled server counts.
func openLoop(perSecond, times int, work func()) samples {
	answers := make(samples, times)
	var all sync.WaitGroup
	// Go's timers are as coarse as a millisecond when nothing else goes on; the kernel's are not.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := time.Now()
	for number := range times {
		due := start.Add(time.Duration(number) * time.Second / time.Duration(perSecond))
		for left := time.Until(due); left > 0; left = time.Until(due) {
			pause := syscall.NsecToTimespec(left.Nanoseconds())
			_ = syscall.Nanosleep(&pause, nil)
		}
		all.Go(func() {
			work()
			answers[number] = time.Since(due)
		})
	}
	all.Wait()
	return answers
}

// ratios divides the gateway's figure by the other's, round by round; nil if one of them was not measured.
func (r *report) ratios(name, other string) []float64 {
	ours, theirs := r.Figures[name]["gateway"], r.Figures[name][other]
	var all []float64
	for round := range min(len(ours), len(theirs)) {
		all = append(all, float64(ours[round])/float64(theirs[round]))
	}
	slices.Sort(all)
	return all
}

func (r *report) proxiedRequirements() []requirement {
	var added *float64
	gateway, direct := r.Figures[proxiedAnswer]["gateway"], r.Figures[proxiedAnswer]["control-plane"]
	var differences samples
	for round := range min(len(gateway), len(direct)) {
		differences = append(differences, gateway[round]-direct[round])
	}
	if len(differences) > 0 {
		median := float64(differences.quantile(0.5)) / 1e6
		added = &median
	}
	all := []requirement{{"proxied GET: added to the time to answer at the rate, p50", 0.3, "ms", added}}
	for _, name := range []string{proxiedCost, proxiedBusy} {
		q := requirement{What: name + ": gateway ÷ nginx", Must: 1}
		if found := r.ratios(name, "nginx"); len(found) > 0 {
			q.Value = &found[(len(found)-1)/2]
			q.What += fmt.Sprintf(" (%.2f–%.2f)", found[0], found[len(found)-1])
		}
		all = append(all, q)
	}
	return all
}

// startNginx runs nginx as the peer of the proxied requests; nil if there is none on this machine.
func startNginx(a *authority, upstream *server) *server {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil
	}
	folder := a.file("nginx")
	must(os.MkdirAll(folder, 0o700))
	port := freePort()
	configuration := filepath.Join(folder, "nginx.conf")
	must(os.WriteFile(configuration, fmt.Appendf(nil, `daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f;
  uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  upstream api { server %[2]s; keepalive 64; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:%[3]d ssl http2;
    keepalive_requests 10000000;
    ssl_certificate %[4]s/server.crt; ssl_certificate_key %[4]s/server.key;
    ssl_client_certificate %[4]s/ca.crt; ssl_verify_client on;
    location / {
      proxy_pass https://api; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_ssl_certificate %[4]s/admin.crt; proxy_ssl_certificate_key %[4]s/admin.key;
      proxy_ssl_trusted_certificate %[4]s/ca.crt; proxy_ssl_verify on; proxy_ssl_name localhost;
    }
  }
}
`, folder, upstream.base[len("https://"):], port, a.folder), 0o600))
	process := start(folder, "nginx", program, "-c", configuration, "-p", folder)
	s := &server{name: "nginx", base: fmt.Sprintf("https://127.0.0.1:%d", port), process: process}
	c := newClient(s.base, a.config)
	defer c.close()
	s.awaitReady(c)
	return s
}
