package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const finalizer = "clients.multicluster.io/copy"

// controllerManager runs a manager of controller-runtime with two controllers: one says "reconciled" in an annotation
// of every pod of any member, the other keeps a copy of each ConfigMap that asks for one.
func controllerManager(ctx context.Context, w *world) {
	log.SetLogger(zap.New())
	manager := must(ctrl.NewManager(w.gateway, ctrl.Options{
		Cache:                   cache.Options{DefaultNamespaces: map[string]cache.Config{w.namespace: {}}},
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "clients-manager",
		LeaderElectionNamespace: w.namespace,
		// It goes at once, so that the next one need not wait.
		LeaderElectionReleaseOnCancel: true,
	}))
	through := manager.GetClient()
	succeed(ctrl.NewControllerManagedBy(manager).For(&corev1.Pod{}).Complete(
		reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			pod := &corev1.Pod{}
			if err := through.Get(ctx, request.NamespacedName, pod); err != nil || pod.Annotations["reconciled"] == "yes" {
				return reconcile.Result{}, ctrlclient.IgnoreNotFound(err)
			}
			patch := ctrlclient.MergeFromWithOptions(pod.DeepCopy(), ctrlclient.MergeFromWithOptimisticLock{})
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, "reconciled", "yes")
			return reconcile.Result{}, through.Patch(ctx, pod, patch)
		})))
	succeed(ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Owns(&corev1.ConfigMap{}).Complete(
		reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, reconcileCopy(ctx, through, request)
		})))
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(running) }()

	direct := client(w.controlPlane).CoreV1().ConfigMaps(w.namespace)
	source := configMap("source", "copied")
	must(direct.Create(ctx, source, metav1.CreateOptions{}))
	for i := range 5 {
		for _, cluster := range w.memberNames() {
			must(client(w.members[cluster]).CoreV1().Pods(w.namespace).
				Create(ctx, pod(fmt.Sprint(cluster, "-", i), "managed"), metav1.CreateOptions{}))
		}
	}
	eventually(ctx, func() string {
		for name, pod := range w.truth(ctx, setOf("managed")) {
			if pod.Annotations["reconciled"] != "yes" {
				return name + " was not reconciled"
			}
		}
		return ""
	})
	copied := func(colour string) func() string {
		return func() string {
			found, err := direct.Get(ctx, "source-copy", metav1.GetOptions{})
			if err != nil || found.Data["colour"] != colour {
				return fmt.Sprintf("the copy is %v, %v; %s is wanted", found.Data, err, colour)
			}
			return ""
		}
	}
	eventually(ctx, copied("red"))
	succeed(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		source, err := direct.Get(ctx, "source", metav1.GetOptions{})
		if err != nil {
			return err
		}
		source.Data["colour"] = "blue"
		_, err = direct.Update(ctx, source, metav1.UpdateOptions{})
		return err
	}))
	eventually(ctx, copied("blue"))
	succeed(direct.Delete(ctx, "source-copy", metav1.DeleteOptions{}))
	eventually(ctx, copied("blue"))
	succeed(direct.Delete(ctx, "source", metav1.DeleteOptions{}))
	eventually(ctx, func() string {
		for _, name := range []string{"source", "source-copy"} {
			if _, err := direct.Get(ctx, name, metav1.GetOptions{}); !errors.IsNotFound(err) {
				return name + " is still there"
			}
		}
		return ""
	})
	stop()
	succeed(<-ended)
}

func reconcileCopy(ctx context.Context, through ctrlclient.Client, request reconcile.Request) error {
	source := &corev1.ConfigMap{}
	if err := through.Get(ctx, request.NamespacedName, source); err != nil || source.Labels["set"] != "copied" {
		return ctrlclient.IgnoreNotFound(err)
	}
	duplicate := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: source.Namespace, Name: source.Name + "-copy"}}
	if !source.DeletionTimestamp.IsZero() {
		if err := ctrlclient.IgnoreNotFound(through.Delete(ctx, duplicate)); err != nil {
			return err
		}
		controllerutil.RemoveFinalizer(source, finalizer)
		return through.Update(ctx, source)
	}
	if controllerutil.AddFinalizer(source, finalizer) {
		return through.Update(ctx, source)
	}
	_, err := controllerutil.CreateOrUpdate(ctx, through, duplicate, func() error {
		duplicate.Data = source.Data
		return controllerutil.SetControllerReference(source, duplicate, through.Scheme())
	})
	return err
}

// leaderElection hands a Lease of the control plane from one candidate to another.
func leaderElection(ctx context.Context, w *world) {
	var leaders atomic.Int64
	for _, name := range []string{"first", "second"} {
		turn, end := context.WithCancel(ctx)
		gateway := client(w.gateway)
		leaderelection.RunOrDie(turn, leaderelection.LeaderElectionConfig{
			Lock: must(resourcelock.New(resourcelock.LeasesResourceLock, w.namespace, "clients",
				gateway.CoreV1(), gateway.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: name})),
			LeaseDuration: 60 * time.Second, RenewDeadline: 45 * time.Second, RetryPeriod: time.Second,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(ctx context.Context) {
					lease := must(gateway.CoordinationV1().Leases(w.namespace).Get(ctx, "clients", metav1.GetOptions{}))
					equal(*lease.Spec.HolderIdentity, name)
					leaders.Add(1)
					end()
				},
				OnStoppedLeading: func() {},
			},
		})
	}
	equal(leaders.Load(), int64(2))
}
