package main

import (
	"context"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	clientinformers "k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// informers follows pods and ConfigMaps with informers of three kinds, while they are changed in their own clusters,
// not through the gateway: what the stores hold in the end is what the clusters have. Whether the informers begin with
// a streaming list is decided by client-go's environment variable KUBE_FEATURE_WatchListClient.
func informers(ctx context.Context, w *world) {
	w.changeAll(ctx, 0, 10)
	there := len(w.truth(ctx, metav1.ListOptions{}))
	typed := clientinformers.NewSharedInformerFactoryWithOptions(client(w.gateway), 0, clientinformers.WithNamespace(w.namespace))
	pods := typed.Core().V1().Pods().Informer()
	maps := typed.Core().V1().ConfigMaps().Informer()
	raw := dynamicinformer.NewFilteredDynamicSharedInformerFactory(must(dynamic.NewForConfig(w.gateway)), 0, w.namespace, nil)
	rawPods := raw.ForResource(podResource).Informer()
	headers := metadatainformer.NewFilteredSharedInformerFactory(must(metadata.NewForConfig(w.gateway)), 0, w.namespace, nil)
	podHeaders := headers.ForResource(podResource).Informer()
	var added, deleted atomic.Int64
	must(pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	}))
	typed.Start(ctx.Done())
	raw.Start(ctx.Done())
	headers.Start(ctx.Done())
	expect(cache.WaitForCacheSync(ctx.Done(), pods.HasSynced, maps.HasSynced, rawPods.HasSynced, podHeaders.HasSynced), "no sync")
	gone := w.changeAll(ctx, 10, 30)

	want := w.truth(ctx, metav1.ListOptions{})
	for _, store := range []cache.Store{pods.GetStore(), rawPods.GetStore(), podHeaders.GetStore()} {
		eventually(ctx, func() string { return differences(store, want) })
	}
	eventually(ctx, func() string {
		if added.Load() != int64(len(want)+gone) || deleted.Load() != int64(gone) {
			return fmt.Sprintf("%d pods were there, then %d deleted, and %d are there; the informer was told of %d and %d",
				there, gone, len(want), added.Load(), deleted.Load())
		}
		return ""
	})
	direct := must(client(w.controlPlane).CoreV1().ConfigMaps(w.namespace).List(ctx, metav1.ListOptions{}))
	eventually(ctx, func() string {
		for _, want := range direct.Items {
			got, found, _ := maps.GetStore().Get(&want)
			if !found || got.(*corev1.ConfigMap).ResourceVersion != want.ResourceVersion {
				return "the informer lacks the last state of " + want.Name
			}
		}
		if len(direct.Items) != len(maps.GetStore().List()) {
			return fmt.Sprintf("the informer has %d ConfigMaps", len(maps.GetStore().List()))
		}
		return ""
	})
}

// changeAll makes objects with numbers from first to last, changes all of them and deletes each third, in all
// clusters. It returns how many pods it deleted.
func (w *world) changeAll(ctx context.Context, first, last int) int {
	deleted := 0
	label := []byte(`{"metadata":{"labels":{"changed":"yes"}}}`)
	now := int64(0)
	for i := first; i < last; i++ {
		for _, cluster := range w.memberNames() {
			pods := client(w.members[cluster]).CoreV1().Pods(w.namespace)
			name := fmt.Sprint(cluster, "-", i)
			must(pods.Create(ctx, pod(name, "informed"), metav1.CreateOptions{}))
			must(pods.Patch(ctx, name, types.MergePatchType, label, metav1.PatchOptions{}))
			if i%3 == 0 {
				succeed(pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
				deleted++
			}
		}
		maps := client(w.controlPlane).CoreV1().ConfigMaps(w.namespace)
		name := fmt.Sprint("informed-", i)
		must(maps.Create(ctx, configMap(name, "informed"), metav1.CreateOptions{}))
		must(maps.Patch(ctx, name, types.MergePatchType, label, metav1.PatchOptions{}))
		if i%3 == 0 {
			succeed(maps.Delete(ctx, name, metav1.DeleteOptions{}))
		}
	}
	return deleted
}

// differences of an informer's store from what the members have, in words.
func differences(store cache.Store, want map[string]corev1.Pod) string {
	objects := store.List()
	if len(objects) != len(want) {
		return fmt.Sprintf("the informer has %d pods, the members %d", len(objects), len(want))
	}
	for _, object := range objects {
		header := object.(metav1.Object)
		pod, known := want[header.GetLabels()[clusterLabel]+"/"+header.GetName()]
		if !known || pod.UID != header.GetUID() || header.GetLabels()["changed"] != "yes" {
			return "the informer has an old state of " + header.GetName()
		}
		switch object := object.(type) {
		case *corev1.Pod:
			equal(*asInMember(object.DeepCopy()), pod)
		case *unstructured.Unstructured:
			converted := &corev1.Pod{}
			succeed(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, converted))
			converted.TypeMeta = metav1.TypeMeta{}
			equal(*asInMember(converted), pod)
		case *metav1.PartialObjectMetadata:
			equal(asInMember(object.DeepCopy()).ObjectMeta, pod.ObjectMeta)
		default:
			fail(0, "the informer has a %T", object)
		}
	}
	return ""
}
