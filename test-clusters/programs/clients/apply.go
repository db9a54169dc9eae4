package main

import (
	"context"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
)

// serverSideApply applies a Deployment at the control plane and pods in the members, as two managers.
func serverSideApply(ctx context.Context, w *world) {
	gateway := client(w.gateway)
	us := metav1.ApplyOptions{FieldManager: "us"}
	them := metav1.ApplyOptions{FieldManager: "them"}

	deployments := gateway.AppsV1().Deployments(w.namespace)
	deployment := func(replicas int32) *appsv1.DeploymentApplyConfiguration {
		return appsv1.Deployment("applied", w.namespace).WithSpec(appsv1.DeploymentSpec().
			WithReplicas(replicas).
			WithSelector(applymeta.LabelSelector().WithMatchLabels(map[string]string{"app": "applied"})).
			WithTemplate(corev1.PodTemplateSpec().WithLabels(map[string]string{"app": "applied"}).
				WithSpec(corev1.PodSpec().WithContainers(corev1.Container().WithName("main").WithImage("registry.example/app:1")))))
	}
	created := must(deployments.Apply(ctx, deployment(2), us))
	again := must(deployments.Apply(ctx, deployment(2), us))
	equal(again.ResourceVersion, created.ResourceVersion)
	equal(must(client(w.controlPlane).AppsV1().Deployments(w.namespace).Get(ctx, "applied", metav1.GetOptions{})), created)
	refused(errors.IsConflict, second(deployments.Apply(ctx, deployment(3), them)))
	equal(*must(deployments.Get(ctx, "applied", metav1.GetOptions{})).Spec.Replicas, int32(2))
	them.Force = true
	equal(*must(deployments.Apply(ctx, deployment(3), them)).Spec.Replicas, int32(3))
	ours := must(appsv1.ExtractDeployment(must(deployments.Get(ctx, "applied", metav1.GetOptions{})), "them"))
	equal(*ours.Spec.Replicas, int32(3))
	must(deployments.ApplyStatus(ctx, appsv1.Deployment("applied", w.namespace).
		WithStatus(appsv1.DeploymentStatus().WithReplicas(3).WithReadyReplicas(1)), us))
	scale := must(deployments.GetScale(ctx, "applied", metav1.GetOptions{}))
	equal(scale.Status.Replicas, int32(3))
	scale.Spec.Replicas = 4
	equal(must(deployments.UpdateScale(ctx, "applied", scale, metav1.UpdateOptions{})).Spec.Replicas, int32(4))
	succeed(deployments.Delete(ctx, "applied", metav1.DeleteOptions{}))

	pods := gateway.CoreV1().Pods(w.namespace)
	for _, cluster := range w.memberNames() {
		name := "applied-" + cluster
		wanted := func(image string) *corev1.PodApplyConfiguration {
			return corev1.Pod(name, w.namespace).WithLabels(map[string]string{"set": "applied", clusterLabel: cluster}).
				WithSpec(corev1.PodSpec().WithSchedulerName("nobody").
					WithContainers(corev1.Container().WithName("main").WithImage(image)))
		}
		them.Force = false
		made := must(pods.Apply(ctx, wanted("registry.example/app:1"), us))
		equal(must(pods.Get(ctx, name, metav1.GetOptions{})), made)
		refused(errors.IsConflict, second(pods.Apply(ctx, wanted("registry.example/app:2"), them)))
		them.Force = true
		equal(must(pods.Apply(ctx, wanted("registry.example/app:2"), them)).Spec.Containers[0].Image, "registry.example/app:2")
		now := int64(0)
		succeed(pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	}
}
