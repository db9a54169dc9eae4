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

// Figures that have requirements of their own kind.
const (
	delivery  = "watch, a delivery"
	laterHalf = "event, later than from the member, p50"
	laterMost = "event, later than from the member, p99"
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
	only         string
	columns      []string
	names        []string
	podBytes     float64
	latencyRate  float64
	memory       map[string]float64
	watcherBytes map[string]float64
	crowdBytes   float64
}

func newReport(o options) *report {
	columns := []string{"gateway", "nginx"}
	if o.search != "" {
		columns = []string{"gateway", karmadaSearch, "nginx"}
	}
	return &report{only: o.only, columns: columns,
		Options: map[string]any{"pods of each member": o.pods, "rounds": o.rounds, "watchers": o.watchers, "requests a second through the proxy": o.rate, "cores": runtime.NumCPU()},
		Figures: map[string]map[string]samples{}, memory: map[string]float64{}, watcherBytes: map[string]float64{}}
}

func (r *report) note(format string, arguments ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, arguments...))
}

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
	What string  `json:"what"`
	Must float64 `json:"must"`
	Unit string  `json:"unit"`
	// Value is nil if it was not measured.
	Value *float64 `json:"value"`
}

func (q requirement) String() string {
	value, verdict := "", "not measured"
	if q.Value != nil {
		value, verdict = fmt.Sprintf("%.3g %s", *q.Value, q.Unit), "**missed**"
		if *q.Value <= q.Must {
			verdict = "reached"
		}
	}
	return fmt.Sprintf("| %s | %.3g %s | %s | %s |", q.What, q.Must, q.Unit, value, verdict)
}

func (r *report) requirements() []requirement {
	var all []requirement
	// What was not measured is 0.
	must := func(what string, most float64, unit string, value float64, measured ...float64) {
		q := requirement{What: what, Must: most, Unit: unit, Value: &value}
		if slices.Contains(measured, 0) {
			q.Value = nil
		}
		all = append(all, q)
	}
	ratio := func(what string, most, gateway, other float64) { must(what, most, "", gateway/other, gateway, other) }
	cost := func(name string, parts float64) {
		ratio(name+": gateway ÷ kube-apiserver", 1/parts, r.median(name, "gateway"), r.median(name, "one"))
	}
	cost("LIST protobuf, a pod", 4)
	cost("LIST JSON, a pod", 4)
	cost("LIST Table, a pod", 6)
	cost("GET protobuf, resourceVersion=0", 15)
	cost("GET JSON, as kubectl asks", 15)
	cost(delivery, 5)
	ratio("memory a pod: gateway ÷ kube-apiserver", 1.0/30, r.memory["gateway"], r.memory["one"])
	ratio("memory a pod: gateway ÷ its protobuf bytes", 0.5, r.memory["gateway"], r.podBytes)
	must("memory a watcher of the gateway, if there are very many", 64, "KiB", r.crowdBytes/1024, r.crowdBytes)
	for _, later := range []struct {
		name string
		most float64
	}{{laterHalf, 1}, {laterMost, 10}} {
		value := r.median(later.name, "gateway")
		must(fmt.Sprintf("%s, at %.0f changes a second", later.name, r.latencyRate), later.most, "ms", value/1e6, value)
	}
	all = append(all, r.proxiedRequirements()...)
	if r.only != "" {
		all = slices.DeleteFunc(all, func(q requirement) bool { return q.Value == nil })
	}
	return all
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%v", r.Options)
	if r.podBytes > 0 {
		fmt.Fprintf(out, "; a pod is %.0f B of protobuf", r.podBytes)
	}
	fmt.Fprint(out, "\n\n")
	row := func(name, api string, front func(who string) string) {
		fmt.Fprintf(out, "| %s | %s |", name, api)
		for _, who := range r.columns {
			fmt.Fprintf(out, " %s |", front(who))
		}
		fmt.Fprintln(out)
	}
	row("median (least–most)", "kube-apiserver", func(who string) string { return who })
	row("---", "---", func(string) string { return "---" })
	for _, name := range r.names {
		api := r.Figures[name]["one"]
		if len(api) == 0 {
			api = r.Figures[name]["control-plane"]
		}
		row(name, api.String(), func(who string) string { return r.Figures[name][who].String() })
	}
	memory := func(name, format string, bytes map[string]float64, size float64) {
		value := func(who string) string {
			// Not measured, or less than what the server has given back meanwhile.
			if bytes[who] <= 0 {
				return "–"
			}
			return fmt.Sprintf(format, bytes[who]/size)
		}
		if len(bytes) > 0 {
			row(name, value("one"), value)
		}
	}
	memory("memory a pod", "%.2f KB", r.memory, 1e3)
	memory("memory a watcher", "%.0f KiB", r.watcherBytes, 1024)
	fmt.Fprint(out, "\n| must | at most | value | |\n|---|---|---|---|\n")
	for _, q := range r.requirements() {
		fmt.Fprintln(out, q)
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
		CrowdBytes   float64            `json:"bytesAWatcherOfVeryMany"`
		Requirements []requirement      `json:"requirements"`
	}{r, r.memory, r.podBytes, r.watcherBytes, r.crowdBytes, r.requirements()}, "", "  ")
	must(err)
	return append(text, '\n')
}

// collectGarbage makes a JVM tidy up and give back what it does not need.
func collectGarbage(jcmd string, pid int) {
	must(exec.Command(jcmd, strconv.Itoa(pid), "GC.run").Run())
}
