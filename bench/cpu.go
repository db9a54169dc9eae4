package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Linux reports times of processes in ticks of 10 ms, whatever the kernel's own clock is.
const tick = 10 * time.Millisecond

// cpu is the time that a process has spent computing so far, in user and in system mode.
func cpu(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(err)
	return spent(stat)
}

// cpuOfThreads is the part of it that threads took whose names begin like this.
func cpuOfThreads(pid int, prefix string) time.Duration {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	must(err)
	var all time.Duration
	for _, thread := range threads {
		// A thread that has ended since is none whose time is asked for: those live as long as the process.
		if stat, err := os.ReadFile(thread); err == nil && bytes.Contains(stat, []byte("("+prefix)) {
			all += spent(stat)
		}
	}
	return all
}

// spent reads a stat file of a process or thread.
func spent(stat []byte) time.Duration {
	// The name may hold spaces; what follows its closing bracket has fixed places.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	must(err)
	system, err := strconv.ParseInt(fields[12], 10, 64)
	must(err)
	return time.Duration(user+system) * tick
}

// resident is how many bytes of memory a process occupies, pages of files left out.
func resident(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(err)
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			must(err)
			return kib << 10
		}
	}
	panic("no RssAnon in the status of process " + strconv.Itoa(pid))
}

// meter tells what work costs a server, without what the server does anyway.
type meter struct {
	pid  int
	idle float64
}

// newMeter watches the idle server for a while.
func newMeter(pid int, patience time.Duration) meter {
	before := cpu(pid)
	time.Sleep(patience)
	return meter{pid: pid, idle: float64(cpu(pid)-before) / float64(patience)}
}

// measure repeats work, which returns how many units it did, until it has cost enough to be told from the clock's
// grain, and returns the cost of a unit. It gives up repeating after patience, but always works once.
func (m meter) measure(enough, patience time.Duration, work func() int) time.Duration {
	start, before, units := time.Now(), cpu(m.pid), 0
	for units == 0 || (cpu(m.pid)-before < enough && time.Since(start) < patience) {
		units += work()
	}
	spent := float64(cpu(m.pid)-before) - m.idle*float64(time.Since(start))
	return time.Duration(spent / float64(units))
}
