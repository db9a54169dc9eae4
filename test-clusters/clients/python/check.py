"""The official Python client at work on an API server, as a check.

    check.py KUBECONFIG NAMESPACE MEMBER OTHER_MEMBER

In NAMESPACE of MEMBER the pod "web" runs.
"""

import sys
import time

import yaml
from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.stream import portforward, stream

CLUSTER = "multicluster.io/cluster"
PATIENCE_SECONDS = 120

kubeconfig, namespace, member, other = sys.argv[1:]
config.load_kube_config(kubeconfig)
core = client.CoreV1Api()


def config_maps():
    for i in range(5):
        body = {"metadata": {"name": f"py-{i}", "labels": {"set": "py"}}, "data": {"n": str(i)}}
        core.create_namespaced_config_map(namespace, body)
    created = core.read_namespaced_config_map("py-0", namespace)
    created.data["n"] = "changed"
    changed = core.replace_namespaced_config_map("py-0", namespace, created)
    assert int(changed.metadata.resource_version) > int(created.metadata.resource_version)
    refused(409, lambda: core.replace_namespaced_config_map("py-0", namespace, created))
    patched = core.patch_namespaced_config_map("py-0", namespace, {"data": {"m": "1"}})
    assert patched.data == {"n": "changed", "m": "1"}
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(namespace, label_selector="set=py", limit=2, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert names == [f"py-{i}" for i in range(5)], names
    core.delete_collection_namespaced_config_map(namespace, label_selector="set=py")
    refused(404, lambda: core.read_namespaced_config_map("py-0", namespace))


def pods():
    start = core.list_namespaced_pod(namespace).metadata.resource_version
    for cluster in (member, other):
        core.create_namespaced_pod(namespace, pod(f"py-{cluster}", cluster))
    listed = core.list_namespaced_pod(namespace, label_selector="set=py").items
    assert {p.metadata.labels[CLUSTER] for p in listed} == {member, other}
    for cluster in (member, other):
        core.patch_namespaced_pod(f"py-{cluster}", namespace, {"metadata": {"annotations": {"seen": "yes"}}})
        core.delete_namespaced_pod(f"py-{cluster}", namespace, grace_period_seconds=0)
    gone, events = set(), watch.Watch()
    for event in events.stream(
        core.list_namespaced_pod, namespace, label_selector="set=py", resource_version=start, timeout_seconds=PATIENCE_SECONDS
    ):
        assert event["object"].metadata.name.startswith("py-")
        if event["type"] == "DELETED":
            gone.add(event["object"].metadata.labels[CLUSTER])
        if gone == {member, other}:
            events.stop()
    assert gone == {member, other}, gone


def dynamic():
    sets = DynamicClient(client.ApiClient()).resources.get(api_version="apps.kruise.io/v1alpha1", kind="CloneSet")
    body = yaml.safe_load(f"""
        apiVersion: apps.kruise.io/v1alpha1
        kind: CloneSet
        metadata: {{name: py, namespace: {namespace}}}
        spec:
          replicas: 2
          selector: {{matchLabels: {{app: py}}}}
          template:
            metadata: {{labels: {{app: py}}}}
            spec: {{containers: [{{name: main, image: registry.example/app:1}}]}}
        """)
    sets.server_side_apply(body=body, namespace=namespace, field_manager="py")
    body["spec"]["replicas"] = 3
    sets.server_side_apply(body=body, namespace=namespace, field_manager="py")
    assert sets.get(name="py", namespace=namespace).spec.replicas == 3
    sets.delete(name="py", namespace=namespace)


def streams():
    assert core.read_namespaced_pod_log("web", namespace).strip()
    out = stream(
        core.connect_get_namespaced_pod_exec, "web", namespace, command=["echo", "here"], stdout=True, stderr=True
    )
    assert out.strip() == "here", out
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", namespace, ports="80")
    socket = forward.socket(80)
    socket.settimeout(PATIENCE_SECONDS)
    # Every forwarded port leads to the HTTP server of the simulated kubelet.
    socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    assert b"HTTP/1" in socket.recv(4096)
    socket.close()


def pod(name, cluster):
    return {
        "metadata": {"name": name, "labels": {"set": "py", CLUSTER: cluster}},
        "spec": {"schedulerName": "nobody", "containers": [{"name": "main", "image": "registry.example/app:1"}]},
    }


def refused(code, call):
    try:
        call()
    except ApiException as e:
        assert e.status == code, e
        return
    raise AssertionError(f"succeeded, {code} is wanted")


began = time.monotonic()
for check in (config_maps, pods, dynamic, streams):
    check()
print(f"ok in {time.monotonic() - began:.1f} s")
