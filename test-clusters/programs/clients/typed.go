package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
)

func typedProtobuf(ctx context.Context, w *world) {
	typed(ctx, w, "application/vnd.kubernetes.protobuf")
}

func typedJSON(ctx context.Context, w *world) {
	typed(ctx, w, "application/json")
}

func typed(ctx context.Context, w *world, contentType string) {
	config := rest.CopyConfig(w.gateway)
	config.ContentType = contentType
	config.AcceptContentTypes = contentType
	gateway := client(config)
	configMaps(ctx, w, gateway)
	pods(ctx, w, gateway)
	podOptions(ctx, w, gateway)
	events(ctx, w, gateway)
}

// configMaps goes through the verbs on a kind of the control plane.
func configMaps(ctx context.Context, w *world, gateway *kubernetes.Clientset) {
	maps := gateway.CoreV1().ConfigMaps(w.namespace)
	before := must(maps.List(ctx, metav1.ListOptions{}))
	changes := must(maps.Watch(ctx, metav1.ListOptions{LabelSelector: "set=cm", ResourceVersion: before.ResourceVersion}))
	defer changes.Stop()

	must(maps.Create(ctx, configMap("a", "cm"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}))
	refused(errors.IsNotFound, second(maps.Get(ctx, "a", metav1.GetOptions{})))
	created := must(maps.Create(ctx, configMap("a", "cm"), metav1.CreateOptions{}))
	equal(must(maps.Get(ctx, "a", metav1.GetOptions{})), created)
	equal(must(client(w.controlPlane).CoreV1().ConfigMaps(w.namespace).Get(ctx, "a", metav1.GetOptions{})), created)
	refused(errors.IsAlreadyExists, second(maps.Create(ctx, configMap("a", "cm"), metav1.CreateOptions{})))
	refused(errors.IsInvalid, second(maps.Create(ctx, configMap("Not-A-Name", "cm"), metav1.CreateOptions{})))

	changed := created.DeepCopy()
	changed.Data["colour"] = "blue"
	changed = must(maps.Update(ctx, changed, metav1.UpdateOptions{}))
	expect(later(changed.ResourceVersion, created.ResourceVersion), "an update has not made the resourceVersion grow")
	refused(errors.IsConflict, second(maps.Update(ctx, created, metav1.UpdateOptions{})))

	patched := patches(func(kind types.PatchType, patch string) (*corev1.ConfigMap, error) {
		return maps.Patch(ctx, "a", kind, []byte(patch), metav1.PatchOptions{FieldManager: "clients"})
	})
	equal(patched.Data, map[string]string{"colour": "blue"})
	equal(patched.Labels, map[string]string{"set": "cm", "json": "1", "merge": "2", "strategic": "3"})

	for i := range 4 {
		must(maps.Create(ctx, configMap(fmt.Sprint("page-", i), "cm"), metav1.CreateOptions{}))
	}
	names := pages(ctx, 2, setOf("cm"), func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	})
	equal(names, []string{"a", "page-0", "page-1", "page-2", "page-3"})

	other := types.UID("00000000-0000-0000-0000-000000000000")
	refused(errors.IsConflict, maps.Delete(ctx, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}}))
	succeed(maps.Delete(ctx, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &created.UID}}))
	succeed(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, setOf("cm")))
	equal(len(must(maps.List(ctx, setOf("cm"))).Items), 0)
	seen(ctx, changes, "ADDED a", "MODIFIED a", "MODIFIED a", "MODIFIED a", "MODIFIED a",
		"ADDED page-0", "ADDED page-1", "ADDED page-2", "ADDED page-3",
		"DELETED a", "DELETED page-0", "DELETED page-1", "DELETED page-2", "DELETED page-3")
}

// pods goes through the verbs on a kind that is in the members.
func pods(ctx context.Context, w *world, gateway *kubernetes.Clientset) {
	pods := gateway.CoreV1().Pods(w.namespace)
	for _, cluster := range w.memberNames() {
		direct := client(w.members[cluster]).CoreV1().Pods(w.namespace)
		name := "of-" + cluster
		before := must(pods.List(ctx, metav1.ListOptions{}))
		changes := must(pods.Watch(ctx, metav1.ListOptions{LabelSelector: "set=pods", ResourceVersion: before.ResourceVersion}))
		itsOwn := must(direct.Watch(ctx, setOf("pods")))

		refused(errors.IsInvalid, second(pods.Create(ctx, pod(name, "pods"), metav1.CreateOptions{})))
		must(pods.Create(ctx, in(cluster, pod(name, "pods")), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}))
		refused(errors.IsNotFound, second(pods.Get(ctx, name, metav1.GetOptions{})))
		created := must(pods.Create(ctx, in(cluster, pod(name, "pods")), metav1.CreateOptions{}))
		equal(created.Labels[clusterLabel], cluster)
		equal(must(pods.Get(ctx, name, metav1.GetOptions{})), created)
		equal(asInMember(created.DeepCopy()), asInMember(must(direct.Get(ctx, name, metav1.GetOptions{}))))
		refused(errors.IsAlreadyExists, second(pods.Create(ctx, in(cluster, pod(name, "pods")), metav1.CreateOptions{})))

		changed := created.DeepCopy()
		changed.Labels["colour"] = "blue"
		changed = must(pods.Update(ctx, changed, metav1.UpdateOptions{}))
		expect(later(changed.ResourceVersion, created.ResourceVersion), "an update has not made the resourceVersion grow")
		refused(errors.IsConflict, second(pods.Update(ctx, created, metav1.UpdateOptions{})))
		patched := patches(func(kind types.PatchType, patch string) (*corev1.Pod, error) {
			return pods.Patch(ctx, name, kind, []byte(patch), metav1.PatchOptions{FieldManager: "clients"})
		})
		equal(patched.Labels, map[string]string{
			"set": "pods", "colour": "blue", "json": "1", "merge": "2", "strategic": "3", clusterLabel: cluster,
		})

		patched.Status.Phase = corev1.PodRunning
		patched.Status.PodIP = "10.0.0.1"
		running := must(pods.UpdateStatus(ctx, patched, metav1.UpdateOptions{}))
		equal(running.Status.Phase, corev1.PodRunning)
		equal(asInMember(must(pods.Get(ctx, name, metav1.GetOptions{}))), asInMember(must(direct.Get(ctx, name, metav1.GetOptions{}))))

		stale := created.ResourceVersion
		refused(errors.IsConflict, pods.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &stale}}))
		current := running.ResourceVersion
		now := int64(0)
		succeed(pods.EvictV1(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
			DeleteOptions: &metav1.DeleteOptions{
				GracePeriodSeconds: &now,
				Preconditions:      &metav1.Preconditions{UID: &created.UID, ResourceVersion: &current},
			},
		}))
		refused(errors.IsNotFound, second(pods.Get(ctx, name, metav1.GetOptions{})))
		refused(errors.IsNotFound, second(direct.Get(ctx, name, metav1.GetOptions{})))
		equal(story(ctx, changes), story(ctx, itsOwn))
		changes.Stop()
		itsOwn.Stop()
	}
}

// podOptions lists the pods of all members in every way.
func podOptions(ctx context.Context, w *world, gateway *kubernetes.Clientset) {
	pods := gateway.CoreV1().Pods(w.namespace)
	for _, cluster := range w.memberNames() {
		for i := range 5 {
			made := pod(fmt.Sprint(cluster, "-", i), "options")
			made.Labels["number"] = strconv.Itoa(i)
			must(pods.Create(ctx, in(cluster, made), metav1.CreateOptions{}))
		}
	}
	first := w.memberNames()[0]
	count := 5 * len(w.members)
	for _, options := range []metav1.ListOptions{
		{}, setOf("options"),
		{LabelSelector: "set=options,number in (1,3)"}, {LabelSelector: "set,number notin (1,3),!missing"},
		{FieldSelector: "metadata.name=" + first + "-3"}, {FieldSelector: "spec.schedulerName=nobody,status.phase!=Running"},
		{LabelSelector: "set=options", ResourceVersion: "0"},
	} {
		equal(byCluster(must(pods.List(ctx, options)).Items), w.truth(ctx, options))
	}
	list := must(pods.List(ctx, metav1.ListOptions{LabelSelector: "set=options," + clusterLabel + "=" + first}))
	equal(len(list.Items), 5)
	everywhere := must(gateway.CoreV1().Pods("").List(ctx, setOf("options")))
	equal(len(everywhere.Items), count)
	exact := must(pods.List(ctx, metav1.ListOptions{
		LabelSelector: "set=options", ResourceVersion: everywhere.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	}))
	equal(exact.Items, everywhere.Items)
	names := pages(ctx, 3, setOf("options"), func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return pods.List(ctx, options)
	})
	equal(len(names), count)
	now := int64(0)
	succeed(pods.DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, setOf("options")))
	equal(len(must(pods.List(ctx, setOf("options"))).Items), 0)
	equal(len(w.truth(ctx, setOf("options"))), 0)
}

// events are written to the control plane and read from everywhere, in both groups.
func events(ctx context.Context, w *world, gateway *kubernetes.Clientset) {
	events := gateway.CoreV1().Events(w.namespace)
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "clients." + strconv.FormatInt(metav1.Now().UnixNano(), 36), Namespace: w.namespace},
		InvolvedObject: corev1.ObjectReference{Kind: "ConfigMap", Namespace: w.namespace, Name: "a"},
		Reason:         "Tried", Message: "clients were here", Type: corev1.EventTypeNormal,
	}
	created := must(events.Create(ctx, event, metav1.CreateOptions{}))
	equal(must(events.Get(ctx, created.Name, metav1.GetOptions{})), created)
	selected := must(events.List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=ConfigMap,reason=Tried"}))
	expect(len(selected.Items) == 1 && selected.Items[0].UID == created.UID, "got %v", selected.Items)
	regarding := must(gateway.EventsV1().Events(w.namespace).Get(ctx, created.Name, metav1.GetOptions{}))
	equal(regarding.Note, created.Message)
	succeed(events.Delete(ctx, created.Name, metav1.DeleteOptions{}))
}

// patches sets three labels by patches of three types, and returns the last answer.
func patches[T any](patch func(types.PatchType, string) (T, error)) T {
	must(patch(types.JSONPatchType, `[{"op":"add","path":"/metadata/labels/json","value":"1"}]`))
	must(patch(types.MergePatchType, `{"metadata":{"labels":{"merge":"2"}}}`))
	return must(patch(types.StrategicMergePatchType, `{"metadata":{"labels":{"strategic":"3"}}}`))
}

// pages returns the names of all objects of a list that comes in pages.
func pages(ctx context.Context, size int64, options metav1.ListOptions, list pager.ListPageFunc) []string {
	asked := 0
	p := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		asked++
		return list(ctx, options)
	})
	p.PageSize = size
	names := []string{}
	succeed(p.EachListItem(ctx, options, func(object runtime.Object) error {
		names = append(names, object.(metav1.Object).GetName())
		return nil
	}))
	expect(asked == (len(names)+int(size)-1)/int(size), "%d objects came in %d pages of %d", len(names), asked, size)
	return names
}

// seen waits for the events of a watch, which come in this order and no others between them.
func seen(ctx context.Context, changes watch.Interface, want ...string) {
	last := ""
	for _, expected := range want {
		var event string
		event, last = next(ctx, changes, last)
		equal(event, expected)
	}
}

// story is all that a watch tells, up to the first DELETED.
func story(ctx context.Context, changes watch.Interface) []string {
	events := []string{}
	event, last := "", ""
	for !strings.HasPrefix(event, string(watch.Deleted)) {
		event, last = next(ctx, changes, last)
		events = append(events, event)
	}
	return events
}

// next waits for an event, and returns it and the object's resourceVersion, which is later than the last.
func next(ctx context.Context, changes watch.Interface, last string) (event, version string) {
	select {
	case <-ctx.Done():
		fail(2, "an event does not come")
	case change, open := <-changes.ResultChan():
		expect(open, "the watch has ended")
		object, is := change.Object.(metav1.Object)
		expect(is, "%s %s came", change.Type, text(change.Object))
		version = object.GetResourceVersion()
		expect(last == "" || later(version, last), "resourceVersion %s came after %s", version, last)
		event = fmt.Sprint(change.Type, " ", object.GetName())
	}
	return event, version
}

// later compares resourceVersions as KEP-5504 allows it.
func later(a, b string) bool {
	return must(strconv.ParseUint(a, 10, 64)) > must(strconv.ParseUint(b, 10, 64))
}

func second[T any](_ T, err error) error {
	return err
}
