// Command kwok plays kubelets: pods on its nodes become ready without anything being run.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"multicluster.io/programs/leash"
	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

func main() {
	leash.Hold()
	// The configuration files decide about defaults of the other flags, so that theirs are parsed first.
	early := pflag.NewFlagSet("early", pflag.ContinueOnError)
	early.ParseErrorsAllowlist.UnknownFlags = true
	early.Usage = func() {}
	ctx, _ := log.InitFlags(signals.SetupSignalContext(), early)
	ctx, err := config.InitFlags(ctx, early)
	exitOn(err)
	command := cmd.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(early)
	exitOn(command.ExecuteContext(ctx))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		os.Exit(1)
	}
}
