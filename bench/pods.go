package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

const podsPerReplicaSet = 20

type object map[string]any

func podName(member string, number int) string {
	set := number / podsPerReplicaSet
	return fmt.Sprintf("%s-app-%04d-%010x-%05x", member, set, mix(set), mix(number)&0xfffff)
}

func namespaceOf(number int) string {
	return fmt.Sprintf("team-%d", number/podsPerReplicaSet%10)
}

func podPath(member string, number int) string {
	return "/api/v1/namespaces/" + namespaceOf(number) + "/pods/" + podName(member, number)
}

// mix scrambles a number, so that names and hashes look as different as real ones.
func mix(number int) uint64 {
	z := uint64(number+1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	return (z ^ z>>27) >> 24
}

// pod is what a Deployment's controllers would make of an application with a sidecar: about 7.5 KB in protobuf once
// the status is there and the API server has noted who wrote which field.
func pod(member string, number int) object {
	set := number / podsPerReplicaSet
	app := fmt.Sprintf("%s-app-%04d", member, set)
	labels := object{
		"app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/instance": app,
		"app.kubernetes.io/managed-by": "helm", "app.kubernetes.io/part-of": "shop", "tier": "backend",
		"pod-template-hash": fmt.Sprintf("%010x", mix(set)),
	}
	probe := func(path string) object {
		return object{"httpGet": object{"path": path, "port": "http"}, "periodSeconds": 10, "failureThreshold": 5}
	}
	container := func(name string, port, variables int) object {
		env := []object{}
		for i := range variables {
			env = append(env, object{"name": fmt.Sprintf("SETTING_%02d", i), "value": fmt.Sprintf("value-of-setting-%d-in-%s", i, app)})
		}
		return object{
			"name": name, "image": "registry.example.com/shop/" + app + "-" + name + ":1.4.2",
			"args":  []string{"--config=/etc/app/config.yaml", "--listen=:8080", "--log-format=json"},
			"ports": []object{{"name": "http", "containerPort": port}}, "env": env,
			"resources":     object{"requests": object{"cpu": "250m", "memory": "512Mi"}, "limits": object{"cpu": "1", "memory": "1Gi"}},
			"livenessProbe": probe("/healthz"), "readinessProbe": probe("/readyz"),
			"volumeMounts":    []object{{"name": "config", "mountPath": "/etc/app"}, {"name": "cache", "mountPath": "/var/cache"}},
			"securityContext": object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []string{"ALL"}}},
		}
	}
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{
			"name": podName(member, number), "namespace": namespaceOf(number), "generateName": app + "-", "labels": labels,
			"annotations": object{"checksum/config": strings.Repeat(fmt.Sprintf("%010x", mix(set)), 6), "prometheus.io/port": "8080", "prometheus.io/scrape": "true"},
			"ownerReferences": []object{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "controller": true,
				"blockOwnerDeletion": true, "uid": fmt.Sprintf("%08x-0000-4000-8000-%012x", mix(set)&0xffffffff, set)}},
		},
		"spec": object{
			"nodeName":        fmt.Sprintf("node-%03d", mix(number)%100),
			"containers":      []object{container("main", 8080, 12), container("proxy", 9090, 4)},
			"volumes":         []object{{"name": "config", "configMap": object{"name": app}}, {"name": "cache", "emptyDir": object{}}},
			"securityContext": object{"runAsUser": 1000, "fsGroup": 1000, "runAsNonRoot": true},
			"affinity": object{"podAntiAffinity": object{"preferredDuringSchedulingIgnoredDuringExecution": []object{{"weight": 100,
				"podAffinityTerm": object{"topologyKey": "kubernetes.io/hostname", "labelSelector": object{"matchLabels": object{"app": app}}}}}}},
		},
	}
}

func podStatus(number int) object {
	const started = "2026-06-02T09:00:00Z"
	ip := fmt.Sprintf("10.%d.%d.%d", mix(number)%200, mix(number+7)%250, number%250)
	conditions := []object{}
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, object{"type": kind, "status": "True", "lastTransitionTime": started})
	}
	statuses := []object{}
	for i, name := range []string{"main", "proxy"} {
		statuses = append(statuses, object{"name": name, "ready": true, "started": true, "restartCount": 0,
			"image":   "registry.example.com/shop/app-" + name + ":1.4.2",
			"imageID": fmt.Sprintf("registry.example.com/shop/app@sha256:%064x", mix(i)), "containerID": fmt.Sprintf("containerd://%064x", mix(number*2+i)),
			"state": object{"running": object{"startedAt": started}}, "lastState": object{}})
	}
	return object{"status": object{"phase": "Running", "conditions": conditions, "hostIP": "10.0.0.1", "podIP": ip,
		"podIPs": []object{{"ip": ip}}, "startTime": started, "containerStatuses": statuses}}
}

// load creates the pods of those numbers in one member.
func load(c *client, member string, from, to int) {
	for namespace := range 10 {
		c.create("/api/v1/namespaces", object{"metadata": object{"name": fmt.Sprintf("team-%d", namespace)}})
	}
	var next atomic.Int64
	next.Store(int64(from))
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			for number := int(next.Add(1)) - 1; number < to; number = int(next.Add(1)) - 1 {
				c.create("/api/v1/namespaces/"+namespaceOf(number)+"/pods?fieldManager=kube-controller-manager", pod(member, number))
				c.patch(podPath(member, number)+"/status?fieldManager=kubelet", podStatus(number))
			}
		})
	}
	writers.Wait()
}

func marshal(o object) []byte {
	body, err := json.Marshal(o)
	must(err)
	return body
}
