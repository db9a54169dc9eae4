// Command clients uses an API server the way Go programs do, and says by its exit code whether all went as it should.
//
//	clients -kubeconfig FILE -control-plane FILE -member NAME=FILE ... -namespace NAME CHECK
//
// What the API server under -kubeconfig says is compared with what the clusters behind it say themselves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// limit is the last fence: nothing here takes more than seconds on an idle machine.
const limit = 4 * time.Minute

// world is what a check works with: a gateway, and the clusters behind it.
type world struct {
	gateway      *rest.Config
	controlPlane *rest.Config
	members      map[string]*rest.Config
	// namespace exists in all clusters, and is this check's own.
	namespace string
}

// memberNames are in an order that is always the same.
func (w *world) memberNames() []string {
	return slices.Sorted(maps.Keys(w.members))
}

var checks = map[string]func(context.Context, *world){
	"typed-protobuf":  typedProtobuf,
	"typed-json":      typedJSON,
	"dynamic":         dynamicClient,
	"metadata":        metadataClient,
	"discovery":       discoveryClient,
	"apply":           serverSideApply,
	"informers":       informers,
	"leader-election": leaderElection,
	"manager":         controllerManager,
}

func main() {
	w := world{members: map[string]*rest.Config{}}
	// controller-runtime has a flag -kubeconfig of its own in the common set.
	flags := flag.NewFlagSet("clients", flag.ExitOnError)
	flags.Func("kubeconfig", "of the gateway", into(&w.gateway))
	flags.Func("control-plane", "kubeconfig of the control plane", into(&w.controlPlane))
	flags.StringVar(&w.namespace, "namespace", "default", "to work in")
	flags.Func("member", "NAME=kubeconfig", func(text string) error {
		name, file, found := strings.Cut(text, "=")
		if !found {
			return errors.New("NAME=FILE wanted")
		}
		var config *rest.Config
		err := into(&config)(file)
		w.members[name] = config
		return err
	})
	_ = flags.Parse(os.Args[1:]) // it exits by itself
	check, known := checks[flags.Arg(0)]
	if !known || w.gateway == nil || w.controlPlane == nil || len(w.members) == 0 {
		fmt.Fprintf(os.Stderr, "clients: no check %q; there are %v\n", flags.Arg(0), slices.Sorted(maps.Keys(checks)))
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := outcome(func() { check(ctx, &w) }); err != nil {
		fmt.Fprintf(os.Stderr, "FAILED: %v\n", err)
		os.Exit(1)
	}
}

func into(config **rest.Config) func(string) error {
	return func(file string) error {
		read, err := clientcmd.BuildConfigFromFlags("", file)
		if err != nil {
			return err
		}
		// The limiter of client-go would measure itself.
		read.QPS = -1
		*config = read
		return nil
	}
}
