package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const (
	karmadaSearch = "karmada-search"
	// Of two seconds' changes 1,000 watchers got less than half within twenty seconds, on two cores.
	searchWatchers = 100
)

// joinForSearch makes the members known to karmada-search, and that it is to hold their pods.
func (b *bench) joinForSearch() {
	control := b.client(b.control)
	defer control.close()
	clusters := b.define(control, "cluster.karmada.io", "clusters", "Cluster")
	for _, member := range b.members {
		b.join(control, clusters, member)
	}
	// In a deployment karmada-search serves these itself, through the control plane's aggregation, and reads them back
	// the same way. As it reads them like any client, the control plane may as well hold them.
	registries := b.define(control, "search.karmada.io", "resourceregistries", "ResourceRegistry")
	control.create(registries, object{
		"apiVersion": "search.karmada.io/v1alpha1", "kind": "ResourceRegistry", "metadata": object{"name": "pods"},
		"spec": object{"targetCluster": object{}, "resourceSelectors": []object{{"apiVersion": "v1", "kind": "Pod"}}}})
}

// define makes a kind known to the control plane, and returns where its objects are.
func (b *bench) define(control *client, group, plural, kind string) string {
	anything := object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
	control.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object{
		"metadata": object{"name": plural + "." + group},
		"spec": object{"group": group, "scope": "Cluster",
			"names":    object{"plural": plural, "singular": strings.ToLower(kind), "kind": kind, "listKind": kind + "List"},
			"versions": []object{{"name": "v1alpha1", "served": true, "storage": true, "schema": anything}}}})
	path := "/apis/" + group + "/v1alpha1/" + plural
	b.control.await(control, path)
	return path
}

// join registers a member in push mode; Karmada knows no other credentials than tokens.
func (b *bench) join(control *client, clusters string, member *server) {
	c := b.client(member)
	defer c.close()
	const accounts = "/api/v1/namespaces/default/serviceaccounts"
	c.create(accounts, object{"metadata": object{"name": karmadaSearch}})
	c.permitAll(object{"kind": "ServiceAccount", "namespace": "default", "name": karmadaSearch})
	var issued struct{ Status struct{ Token string } }
	must(json.Unmarshal(c.create(accounts+"/"+karmadaSearch+"/token", object{"spec": object{"expirationSeconds": 24 * 60 * 60}}), &issued))
	authority, err := os.ReadFile(b.authority.file("ca.crt"))
	must(err)
	control.create("/api/v1/namespaces/default/secrets", object{
		"metadata": object{"name": member.name}, "data": object{"token": []byte(issued.Status.Token), "caBundle": authority}})
	control.create(clusters, object{
		"apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster", "metadata": object{"name": member.name},
		"spec": object{"syncMode": "Push", "apiEndpoint": member.base,
			"secretRef": object{"namespace": "default", "name": member.name}},
		"status": object{"conditions": []object{{"type": "Ready", "status": "True"}}}})
}

// startSearch runs karmada-search as it is by default; what it answers for all members is below its proxy's path.
func startSearch(a *authority, program string, control *server) *server {
	port, profiles := freePort(), freePort()
	kubeconfig := a.file(control.name + ".kubeconfig")
	process := start(a.folder, karmadaSearch, program, "--kubeconfig="+kubeconfig,
		"--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--etcd-servers="+control.etcd, "--etcd-prefix=/"+karmadaSearch,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file="+a.file("server.crt"), "--tls-private-key-file="+a.file("server.key"),
		"--enable-pprof", fmt.Sprintf("--profiling-bind-address=127.0.0.1:%d", profiles))
	s := &server{name: karmadaSearch, process: process, jsonOnly: true,
		base:     fmt.Sprintf("https://127.0.0.1:%d/apis/search.karmada.io/v1alpha1/proxying/karmada/proxy", port),
		profiles: fmt.Sprintf("http://127.0.0.1:%d", profiles)}
	c := newClient(s.base, a.config)
	defer c.close()
	// It has no pods before its caches are filled, and refuses lists while they are being filled.
	s.await(c, "/api/v1/pods?resourceVersion=0")
	return s
}
