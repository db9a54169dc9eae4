// Package leash ends a program together with whoever started it.
package leash

import (
	"io"
	"os"
)

// Hold makes this process exit as soon as its standard input ends, if MCA_EXIT_ON_STDIN_EOF is 1.
//
// The starter keeps the other end of the pipe and never writes to it. The kernel closes that end however the
// starter dies, SIGKILL included, which neither a shutdown hook nor a process group can promise.
func Hold() {
	if os.Getenv("MCA_EXIT_ON_STDIN_EOF") != "1" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
