package main

import (
	"context"
	"os"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/openapi3"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// discoveryClient compares what is offered with what the clusters that have it say about it, in the aggregated form
// and in the one before it.
func discoveryClient(_ context.Context, w *world) {
	offered := resources(w.gateway, false)
	equal(resources(w.gateway, true), offered)
	controlPlane := resources(w.controlPlane, false)
	for kind, resource := range offered {
		// Asked of the members, which may have it or not.
		if strings.HasPrefix(kind, "metrics.k8s.io/") {
			equal(resource.Verbs, metav1.Verbs{"get", "list"})
			continue
		}
		upstream, there := controlPlane[kind]
		expect(there, "%s is offered, and nobody has it", kind)
		equal(resource, upstream)
	}
	for _, kind := range []string{
		"/v1/pods", "/v1/pods/log", "/v1/pods/eviction", "/v1/configmaps", "/v1/events",
		"events.k8s.io/v1/events", "apps/v1/deployments", "apps/v1/deployments/scale", "apps.kruise.io/v1alpha1/clonesets",
	} {
		expect(offered[kind].Name != "", "%s is not offered", kind)
	}
	expect(offered["batch/v1/jobs"].Name == "", "jobs are offered")

	plain := must(discovery.NewDiscoveryClientForConfig(w.gateway))
	must(plain.ServerVersion())
	must(plain.OpenAPISchema())
	preferred := must(plain.ServerPreferredResources())
	expect(len(preferred) > 3, "preferred: %s", text(preferred))

	folder := must(os.MkdirTemp("", "discovery"))
	defer os.RemoveAll(folder)
	cached := must(disk.NewCachedDiscoveryClientForConfig(w.gateway, folder+"/discovery", folder+"/http", 0))
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	for short, kind := range map[string]string{"po": "Pod", "cm": "ConfigMap", "deploy": "Deployment", "clone": "CloneSet"} {
		found := must(mapper.KindFor(schema.GroupVersionResource{Resource: short}))
		equal(found.Kind, kind)
	}

	root := openapi3.NewRoot(plain.OpenAPIV3())
	for _, version := range []schema.GroupVersion{{Version: "v1"}, {Group: "apps", Version: "v1"}, {Group: "apps.kruise.io", Version: "v1alpha1"}} {
		document := must(root.GVSpec(version))
		expect(len(document.Paths.Paths) > 0 && len(document.Components.Schemas) > 0, "OpenAPI of %s is empty", version)
	}
}

// resources are all that discovery tells, by group, version and name.
func resources(config *rest.Config, legacy bool) map[string]metav1.APIResource {
	client := must(discovery.NewDiscoveryClientForConfig(config))
	client.UseLegacyDiscovery = legacy
	_, lists, err := client.ServerGroupsAndResources()
	succeed(err)
	found := map[string]metav1.APIResource{}
	for _, list := range lists {
		version := must(schema.ParseGroupVersion(list.GroupVersion))
		for _, resource := range list.APIResources {
			// Only the legacy form has it.
			resource.StorageVersionHash = ""
			// Only the aggregated form has it.
			if strings.Contains(resource.Name, "/") {
				resource.SingularName = ""
			}
			// The aggregated form tells the response's group and version even where they are the list's.
			if resource.Group == version.Group && resource.Version == version.Version {
				resource.Group, resource.Version = "", ""
			}
			slices.Sort(resource.Verbs)
			found[version.Group+"/"+version.Version+"/"+resource.Name] = resource
		}
	}
	return found
}
