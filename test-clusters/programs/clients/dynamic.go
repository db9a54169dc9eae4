package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
)

var (
	podResource       = corev1.SchemeGroupVersion.WithResource("pods")
	configMapResource = corev1.SchemeGroupVersion.WithResource("configmaps")
	cloneSetResource  = schema.GroupVersionResource{Group: "apps.kruise.io", Version: "v1alpha1", Resource: "clonesets"}
)

// dynamicClient works on a custom resource of the control plane, and on pods.
func dynamicClient(ctx context.Context, w *world) {
	gateway := must(dynamic.NewForConfig(w.gateway))
	sets := gateway.Resource(cloneSetResource).Namespace(w.namespace)
	changes := must(sets.Watch(ctx, metav1.ListOptions{ResourceVersion: must(sets.List(ctx, metav1.ListOptions{})).GetResourceVersion()}))
	defer changes.Stop()
	set := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps.kruise.io/v1alpha1", "kind": "CloneSet",
		"metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"replicas": int64(3),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "registry.example/app:1"}}},
			},
		},
	}}
	created := must(sets.Create(ctx, set, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}))
	equal(must(sets.Get(ctx, "web", metav1.GetOptions{})), created)
	scale := must(sets.Get(ctx, "web", metav1.GetOptions{}, "scale"))
	equal(scale.GetKind(), "Scale")
	must(sets.Patch(ctx, "web", types.MergePatchType, []byte(`{"spec":{"replicas":5}}`), metav1.PatchOptions{}, "scale"))
	scaled := must(sets.Get(ctx, "web", metav1.GetOptions{}))
	replicas, _, err := unstructured.NestedInt64(scaled.Object, "spec", "replicas")
	succeed(err)
	equal(replicas, int64(5))
	succeed(unstructured.SetNestedField(scaled.Object, int64(4), "status", "replicas"))
	must(sets.UpdateStatus(ctx, scaled, metav1.UpdateOptions{}))
	refused(errors.IsConflict, second(sets.Update(ctx, created, metav1.UpdateOptions{})))
	succeed(sets.Delete(ctx, "web", metav1.DeleteOptions{}))
	seen(ctx, changes, "ADDED web", "MODIFIED web", "MODIFIED web", "DELETED web")

	pods := gateway.Resource(podResource).Namespace(w.namespace)
	for _, cluster := range w.memberNames() {
		raw := must(runtime.DefaultUnstructuredConverter.ToUnstructured(in(cluster, pod("dynamic-"+cluster, "dynamic"))))
		object := &unstructured.Unstructured{Object: raw}
		object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
		made := must(pods.Create(ctx, object, metav1.CreateOptions{}))
		equal(must(pods.Get(ctx, made.GetName(), metav1.GetOptions{})), made)
	}
	typed := []corev1.Pod{}
	for _, object := range must(pods.List(ctx, setOf("dynamic"))).Items {
		converted := corev1.Pod{}
		succeed(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &converted))
		converted.TypeMeta = metav1.TypeMeta{}
		typed = append(typed, converted)
	}
	equal(byCluster(typed), w.truth(ctx, setOf("dynamic")))
	now := int64(0)
	succeed(pods.DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, setOf("dynamic")))
	refused(errors.IsNotFound, second(gateway.Resource(schema.GroupVersionResource{Version: "v1", Resource: "unheardof"}).
		List(ctx, metav1.ListOptions{})))
}

// metadataClient reads and changes nothing but metadata, in protobuf, as garbage collectors do.
func metadataClient(ctx context.Context, w *world) {
	gateway := must(metadata.NewForConfig(w.gateway))
	typed := client(w.gateway).CoreV1()
	must(typed.ConfigMaps(w.namespace).Create(ctx, configMap("meta", "metadata"), metav1.CreateOptions{}))
	made := 1
	for _, cluster := range w.memberNames() {
		must(typed.Pods(w.namespace).Create(ctx, in(cluster, pod("meta-"+cluster, "metadata")), metav1.CreateOptions{}))
		made++
	}
	now := int64(0)
	for _, resource := range []schema.GroupVersionResource{podResource, configMapResource} {
		objects := gateway.Resource(resource).Namespace(w.namespace)
		list := must(objects.List(ctx, setOf("metadata")))
		changes := must(objects.Watch(ctx, metav1.ListOptions{LabelSelector: "set=metadata", ResourceVersion: list.ResourceVersion}))
		for _, item := range list.Items {
			made--
			equal(must(objects.Get(ctx, item.Name, metav1.GetOptions{})).ObjectMeta, item.ObjectMeta)
			patched := must(objects.Patch(ctx, item.Name, types.MergePatchType,
				[]byte(`{"metadata":{"annotations":{"seen":"yes"}}}`), metav1.PatchOptions{}))
			equal(patched.Annotations["seen"], "yes")
			seen(ctx, changes, "MODIFIED "+item.Name)
			succeed(objects.Delete(ctx, item.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
			story(ctx, changes)
		}
		changes.Stop()
	}
	equal(made, 0)
}
