package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestAWatchEventTellsWhenItsChangeWasMade(t *testing.T) {
	event := "k8s\x00...\n\x05bench\x12\x041234rest"
	if found := stamp([]byte(event)); found != "1234" {
		t.Errorf("stamp is %q", found)
	}
	if found := stamp([]byte("a pod that was not changed")); found != "" {
		t.Errorf("stamp of a pod without one is %q", found)
	}
}

func TestARequirementComparesMediansOfBothSides(t *testing.T) {
	r := newReport(options{pods: 3})
	api, gateway := &server{name: "one"}, &server{name: "gateway"}
	for _, value := range []time.Duration{90, 100, 5000} {
		r.add("LIST JSON, a pod", api, value*time.Microsecond)
	}
	r.add("LIST JSON, a pod", gateway, 30*time.Microsecond)
	found := map[string]requirement{}
	for _, q := range r.requirements() {
		found[q.What] = q
	}
	q := found["LIST JSON, a pod: gateway ÷ kube-apiserver"]
	if q.Value == nil || *q.Value != 0.3 || !strings.Contains(q.String(), "missed") {
		t.Errorf("%v: wanted 30/100, which misses a quarter", q)
	}
}

func TestWhatOneSideWasNotAskedIsNotReached(t *testing.T) {
	r := newReport(options{})
	r.add("LIST JSON, a pod", &server{name: "one"}, time.Millisecond)
	for _, q := range r.requirements() {
		if q.Value != nil || !strings.Contains(q.String(), "not measured") {
			t.Errorf("%v", q)
		}
	}
}

func TestTheResultsAreJSONEvenIfNothingWasMeasured(t *testing.T) {
	if !json.Valid(newReport(options{}).json()) {
		t.Error("not JSON")
	}
}

func TestWhatKarmadaSearchDoesNotOfferIsADash(t *testing.T) {
	for _, program := range []string{"", "karmada-search"} {
		r := newReport(options{search: program})
		r.add("LIST protobuf, a pod", &server{name: "gateway"}, time.Microsecond)
		var text strings.Builder
		r.print(&text)
		wanted := "| LIST protobuf, a pod | – | 1.0 µs (1.0 µs–1.0 µs) | – |" + map[bool]string{true: " – |"}[program != ""] + "\n"
		if !strings.Contains(text.String(), wanted) {
			t.Errorf("with program %q: %s", program, text.String())
		}
	}
}

func TestAWatchIsReadEventByEvent(t *testing.T) {
	for _, kind := range []struct {
		stream string
		next   func(*bufio.Reader, []byte) ([]byte, error)
	}{{"\x00\x00\x00\x02ab\x00\x00\x00\x01c\x00\x00\x00\x03d", nextFrame}, {"ab\nc\nd", nextLine}} {
		in := bufio.NewReader(strings.NewReader(kind.stream))
		var events []string
		for event, err := kind.next(in, nil); err == nil; event, err = kind.next(in, event) {
			events = append(events, strings.TrimSpace(string(event)))
		}
		if found := strings.Join(events, ","); found != "ab,c" {
			t.Errorf("%q: %s; wanted the events that are complete", kind.stream, found)
		}
	}
}

func TestCPUGrowsWithWork(t *testing.T) {
	pid := os.Getpid()
	before := cpu(pid)
	deadline := time.Now().Add(10 * time.Second)
	for n := 0; cpu(pid) == before || cpuOfThreads(pid, "bench") == 0; n++ {
		if time.Now().After(deadline) {
			t.Fatal("ten seconds of work cost nothing")
		}
	}
	if none := cpuOfThreads(pid, "no thread's name"); none != 0 {
		t.Errorf("threads that are not there took %v", none)
	}
	if resident(pid) <= 0 {
		t.Error("a process without memory")
	}
}
