// The official JavaScript client at work on an API server, as a check.
//
//     node check.js KUBECONFIG NAMESPACE MEMBER OTHER_MEMBER
//
// In NAMESPACE of MEMBER the pod "web" runs.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import * as k8s from "@kubernetes/client-node";

const CLUSTER = "multicluster.io/cluster";
const PATIENCE = 120_000;

const [kubeconfig, namespace, member, other] = process.argv.slice(2);
const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);

async function configMaps() {
  for (let i = 0; i < 3; i++) {
    const body = { metadata: { name: `js-${i}`, labels: { set: "js" } }, data: { n: String(i) } };
    await core.createNamespacedConfigMap({ namespace, body });
  }
  const created = await core.readNamespacedConfigMap({ name: "js-0", namespace });
  created.data.n = "changed";
  await core.replaceNamespacedConfigMap({ name: "js-0", namespace, body: created });
  await refused(409, core.replaceNamespacedConfigMap({ name: "js-0", namespace, body: created }));
  const first = await core.listNamespacedConfigMap({ namespace, labelSelector: "set=js", limit: 2 });
  const second = await core.listNamespacedConfigMap({
    namespace, labelSelector: "set=js", limit: 2, _continue: first.metadata._continue,
  });
  assert.deepEqual([...first.items, ...second.items].map((item) => item.metadata.name), ["js-0", "js-1", "js-2"]);
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: "set=js" });
  await refused(404, core.readNamespacedConfigMap({ name: "js-0", namespace }));
}

async function informer() {
  const list = () => core.listNamespacedPod({ namespace, labelSelector: "set=js" });
  const pods = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list, "set=js");
  const seen = { add: new Set(), delete: new Set() };
  const all = new Promise((resolve) => {
    for (const verb of ["add", "delete"]) {
      pods.on(verb, (pod) => {
        seen[verb].add(pod.metadata.labels[CLUSTER]);
        if (seen.delete.size === 2) resolve();
      });
    }
  });
  await pods.start();
  for (const cluster of [member, other]) {
    const name = `js-${cluster}`;
    await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name, labels: { set: "js", [CLUSTER]: cluster } },
        spec: { schedulerName: "nobody", containers: [{ name: "main", image: "registry.example/app:1" }] },
      },
    });
    await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
  }
  await all;
  await pods.stop();
  assert.deepEqual([...seen.add].sort(), [member, other].sort());
}

async function objects() {
  const client = k8s.KubernetesObjectApi.makeApiClient(config);
  const set = {
    apiVersion: "apps.kruise.io/v1alpha1",
    kind: "CloneSet",
    metadata: { name: "js", namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "js" } },
      template: {
        metadata: { labels: { app: "js" } },
        spec: { containers: [{ name: "main", image: "registry.example/app:1" }] },
      },
    },
  };
  await client.create(set);
  const patched = await client.patch(
    { ...set, spec: { replicas: 3 } }, undefined, undefined, undefined, undefined, k8s.PatchStrategy.MergePatch);
  assert.equal(patched.spec.replicas, 3);
  await client.delete(set);
}

async function exec() {
  const out = new PassThrough();
  let text = "";
  out.on("data", (chunk) => (text += chunk));
  const status = await new Promise((resolve, reject) => {
    new k8s.Exec(config).exec(namespace, "web", "main", ["echo", "here"], out, process.stderr, null, false, resolve).catch(reject);
  });
  assert.equal(status.status, "Success");
  assert.equal(text.trim(), "here");
}

async function refused(code, call) {
  await assert.rejects(call, (error) => error.code === code);
}

setTimeout(() => {
  console.error("does not end");
  process.exit(1);
}, PATIENCE).unref();
for (const check of [configMaps, informer, objects, exec]) {
  await check();
}
console.log("ok");
process.exit(0);
