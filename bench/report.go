package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// samples are repetitions of one figure.
type samples []time.Duration

func (s samples) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(q*float64(len(sorted)-1))]
}

func (s samples) String() string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", short(s.quantile(0.5)), short(s.quantile(0)), short(s.quantile(1)))
}

func short(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/1e3, 'f', map[bool]int{true: 1, false: 0}[d < 100*time.Microsecond], 64) + " µs"
}

// report collects figures by what was measured and whom.
type report struct {
	Options      map[string]any                `json:"options"`
	Figures      map[string]map[string]samples `json:"nanoseconds"`
	Notes        []string                      `json:"notes"`
	names        []string
	podBytes     float64
	latencyRate  float64
	memory       map[string]float64
	watcherBytes map[string]float64
}

func newReport(o options) *report {
	return &report{
		Options: map[string]any{"pods of each member": o.pods, "rounds": o.rounds, "watchers": o.watchers, "cores": runtime.NumCPU()},
		Figures: map[string]map[string]samples{}, memory: map[string]float64{}, watcherBytes: map[string]float64{}}
}

func (r *report) note(text string) { r.Notes = append(r.Notes, text) }

func (r *report) add(name string, s *server, value time.Duration) {
	fmt.Fprintf(os.Stderr, "%s %s: %s\n", name, s.name, short(value))
	if r.Figures[name] == nil {
		r.Figures[name] = map[string]samples{}
		r.names = append(r.names, name)
	}
	r.Figures[name][s.name] = append(r.Figures[name][s.name], value)
}

// median is 0 if it was not measured.
func (r *report) median(name, who string) float64 {
	if s := r.Figures[name][who]; len(s) > 0 {
		return float64(s.quantile(0.5))
	}
	return 0
}

// requirement is one "must": a value and what it may be at most.
type requirement struct {
	What  string  `json:"what"`
	Must  float64 `json:"must"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func (q requirement) reached() bool { return q.Value <= q.Must }

func (r *report) requirements() []requirement {
	var all []requirement
	ratio := func(name string, parts float64) {
		if api := r.median(name, "one"); api > 0 {
			all = append(all, requirement{name + ": gateway ÷ kube-apiserver", 1 / parts, r.median(name, "gateway") / api, ""})
		}
	}
	ratio("LIST protobuf, a pod", 4)
	ratio("LIST JSON, a pod", 4)
	ratio("LIST Table, a pod", 6)
	ratio("GET protobuf, resourceVersion=0", 15)
	ratio("GET JSON, as kubectl asks", 15)
	for _, name := range r.names {
		if len(name) > 6 && name[:6] == "watch," {
			ratio(name, 5)
		}
	}
	all = append(all,
		requirement{"memory a pod: gateway ÷ kube-apiserver", 1.0 / 30, r.memory["gateway"] / r.memory["one"], ""},
		requirement{"memory a pod: gateway ÷ its protobuf bytes", 0.5, r.memory["gateway"] / r.podBytes, ""},
		requirement{"memory a watcher of the gateway", 64, r.watcherBytes["gateway"] / 1024, "KiB"})
	const p50, p99 = "event, later than from the member, p50", "event, later than from the member, p99"
	all = append(all,
		requirement{fmt.Sprintf("%s, at %.0f a second", p50, r.latencyRate), 1, r.median(p50, "gateway") / 1e6, "ms"},
		requirement{fmt.Sprintf("%s, at %.0f a second", p99, r.latencyRate), 10, r.median(p99, "gateway") / 1e6, "ms"})
	const proxied, answer = "proxied GET of 3 KB", "proxied GET of 3 KB, time to answer p50"
	all = append(all, requirement{"proxied GET: added to the time to answer, p50", 0.3,
		(r.median(answer, "gateway") - r.median(answer, "control-plane")) / 1e6, "ms"})
	if nginx := r.median(proxied, "nginx"); nginx > 0 {
		all = append(all, requirement{"proxied GET: gateway ÷ nginx", 1, r.median(proxied, "gateway") / nginx, ""})
	}
	return all
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%v; a pod is %.0f B of protobuf\n\n", r.Options, r.podBytes)
	fmt.Fprint(out, "| median (least–most) | kube-apiserver | gateway | nginx |\n|---|---|---|---|\n")
	for _, name := range r.names {
		api := r.Figures[name]["one"]
		if len(api) == 0 {
			api = r.Figures[name]["control-plane"]
		}
		fmt.Fprintf(out, "| %s | %v | %v | %v |\n", name, api, r.Figures[name]["gateway"], r.Figures[name]["nginx"])
	}
	fmt.Fprintf(out, "| memory a pod | %.1f KB | %.2f KB | |\n", r.memory["one"]/1e3, r.memory["gateway"]/1e3)
	fmt.Fprintf(out, "| memory a watcher | %.0f KiB | %.0f KiB | |\n", r.watcherBytes["one"]/1024, r.watcherBytes["gateway"]/1024)
	fmt.Fprint(out, "\n| must | at most | value | |\n|---|---|---|---|\n")
	for _, q := range r.requirements() {
		verdict := "reached"
		if !q.reached() {
			verdict = "**missed**"
		}
		fmt.Fprintf(out, "| %s | %.3g %s | %.3g %s | %s |\n", q.What, q.Must, q.Unit, q.Value, q.Unit, verdict)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "\n%s\n", note)
	}
}

func (r *report) json() []byte {
	text, err := json.MarshalIndent(struct {
		*report
		Memory       map[string]float64 `json:"bytesAPod"`
		PodBytes     float64            `json:"protobufBytesOfAPod"`
		WatcherBytes map[string]float64 `json:"bytesAWatcher"`
		Requirements []requirement      `json:"requirements"`
	}{r, r.memory, r.podBytes, r.watcherBytes, r.requirements()}, "", "  ")
	must(err)
	return append(text, '\n')
}

// collectGarbage makes a JVM tidy up and give back what it does not need.
func collectGarbage(jcmd string, pid int) {
	must(exec.Command(jcmd, strconv.Itoa(pid), "GC.run").Run())
}
