package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Figures of the noisy neighbour.
const (
	quietAlone  = "quiet client alone, p99"
	quietBeside = "quiet client beside a noisy one, p99"
)

const (
	// neighbours is how many requests the noisy client has under way all the time.
	neighbours = 256
	// quietPace is slow enough to need no more than a seat now and then.
	quietPace = 10 * time.Millisecond
	quietTime = 10 * time.Second
	asked     = "/api/v1/namespaces/default/configmaps/three-kilobytes"
)

// runNeighbour measures what one user notices of another who asks for as much as he can, at the control plane itself
// and through the gateway. Both users have the same permissions and fall under the same flow schema.
func (b *bench) runNeighbour() {
	b.control = startCluster(b.authority, b.kube, "control-plane")
	admin := newClient(b.control.base, b.authority.client("admin"))
	defer admin.close()
	for _, name := range []string{"quiet", "noisy"} {
		b.authority.issue(name, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		admin.permitAll(user(name))
	}
	admin.create("/api/v1/namespaces/default/configmaps", object{
		"metadata": object{"name": "three-kilobytes"}, "data": object{"text": fmt.Sprintf("%02800d", 7)}})
	b.gateway = startGateway(b.authority, b.options.gateway, b.control, nil)
	ready := newClient(b.gateway.base, b.authority.client("admin"))
	b.gateway.awaitReady(ready)
	ready.close()

	servers := []*server{b.control, b.gateway}
	for _, s := range servers {
		b.say("warming up %s", s.name)
		b.beside(s, b.quiet)
	}
	for range b.rounds {
		for _, s := range servers {
			b.report.add(quietAlone, s, b.quiet(s).quantile(0.99))
			b.report.add(quietBeside, s, b.beside(s, b.quiet).quantile(0.99))
		}
	}
	for _, s := range servers {
		b.report.note("%s: p99 beside a noisy client is %.2f times that alone", s.name,
			b.report.median(quietBeside, s.name)/b.report.median(quietAlone, s.name))
	}
}

// quiet asks at a steady pace, each request for itself, and returns how long the answers took.
func (b *bench) quiet(s *server) samples {
	c := newClient(s.base, b.authority.client("quiet"))
	defer c.close()
	c.get(asked, protobuf)
	var times samples
	ticks := time.NewTicker(quietPace)
	defer ticks.Stop()
	for end := time.Now().Add(quietTime); time.Now().Before(end); {
		<-ticks.C
		start := time.Now()
		c.get(asked, protobuf)
		times = append(times, time.Since(start))
	}
	return times
}

// beside does something while the noisy client is at work.
func (b *bench) beside(s *server, work func(*server) samples) samples {
	c := newClient(s.base, b.authority.client("noisy"))
	defer c.close()
	ctx, cancel := context.WithCancel(context.Background())
	var answered, refused atomic.Int64
	var all sync.WaitGroup
	for range neighbours {
		all.Go(func() {
			for ctx.Err() == nil {
				response, err := c.do(ctx, "GET", asked, "", protobuf, nil)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode == 200 {
					answered.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	start := time.Now()
	times := work(s)
	took := time.Since(start).Seconds()
	cancel()
	all.Wait()
	b.say("%s: the noisy client had %.0f answers a second, and %.0f refusals", s.name,
		float64(answered.Load())/took, float64(refused.Load())/took)
	return times
}
