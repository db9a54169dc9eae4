package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	// clusterLabel says in which cluster an object is.
	clusterLabel      = "multicluster.io/cluster"
	clusterAnnotation = "resource.karmada.io/cached-from-cluster"
)

func client(config *rest.Config) *kubernetes.Clientset {
	return must(kubernetes.NewForConfig(config))
}

// configMap is one of those that labels {set: set} select.
func configMap(name, set string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"set": set}},
		Data:       map[string]string{"colour": "red"},
	}
}

// pod waits for a scheduler that does not exist, so that nothing but the check changes it.
func pod(name, set string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"set": set}},
		Spec: corev1.PodSpec{
			SchedulerName: "nobody",
			Containers:    []corev1.Container{{Name: "main", Image: "registry.example/app:1"}},
		},
	}
}

// in asks for the object to be made in a cluster.
func in(cluster string, pod *corev1.Pod) *corev1.Pod {
	pod.Labels[clusterLabel] = cluster
	return pod
}

// setOf selects the objects of a set.
func setOf(set string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: "set=" + set}
}

// asInMember is an object as its own cluster shows it, but for its resourceVersion.
func asInMember[T metav1.Object](object T) T {
	object.SetResourceVersion("")
	labels := object.GetLabels()
	delete(labels, clusterLabel)
	object.SetLabels(labels)
	annotations := object.GetAnnotations()
	delete(annotations, clusterAnnotation)
	object.SetAnnotations(annotations)
	return object
}

// truth is what the members have under these options, by cluster and name.
func (w *world) truth(ctx context.Context, options metav1.ListOptions) map[string]corev1.Pod {
	pods := map[string]corev1.Pod{}
	for name, config := range w.members {
		for _, pod := range must(client(config).CoreV1().Pods(w.namespace).List(ctx, options)).Items {
			pods[name+"/"+pod.Name] = *asInMember(&pod)
		}
	}
	return pods
}

// byCluster is what the gateway shows, in the form of truth.
func byCluster(pods []corev1.Pod) map[string]corev1.Pod {
	found := map[string]corev1.Pod{}
	for _, pod := range pods {
		cluster := pod.Labels[clusterLabel]
		expect(cluster != "" && cluster == pod.Annotations[clusterAnnotation], "pod %s does not say where it is", pod.Name)
		found[cluster+"/"+pod.Name] = *asInMember(pod.DeepCopy())
	}
	expect(len(found) == len(pods), "a list has an object twice")
	return found
}
