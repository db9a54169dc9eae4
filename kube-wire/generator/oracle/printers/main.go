// Command printers writes generated pods and events, in protobuf, together with the cells that Kubernetes' own
// printers make of them and the fields by which its registries select them: one JSON object a line, the oracle of
// RowOracleTest. Ages count from the moment in the first line.
//
//	go run ./printers ../../src/test/resources/io/multicluster/wire/table
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"os"
	"path/filepath"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
	"k8s.io/kubernetes/pkg/registry/core/event"
	"k8s.io/kubernetes/pkg/registry/core/pod"
)

type line struct {
	Protobuf   []byte        `json:"protobuf"`
	Cells      []interface{} `json:"cells"`
	Conditions []string      `json:"conditions,omitempty"`
	Fields     fields.Set    `json:"fields"`
}

var ages = []time.Duration{
	-3 * time.Second, -2 * time.Second, -time.Second, 0, time.Second, 119 * time.Second, 120 * time.Second, 599 * time.Second, 600 * time.Second,
	179 * time.Minute, 180 * time.Minute, 181 * time.Minute, 8*time.Hour - time.Second, 8 * time.Hour, 48*time.Hour - time.Second, 48 * time.Hour,
	49 * time.Hour, 192*time.Hour - time.Second, 192 * time.Hour, 17519 * time.Hour, 17520 * time.Hour, 17545 * time.Hour, 8 * 365 * 24 * time.Hour,
}

type world struct {
	*rand.Rand
	now time.Time
}

func (w world) pick(from ...string) string { return from[w.Intn(len(from))] }
func (w world) chance(percent int) bool    { return w.Intn(100) < percent }
func (w world) moment() metav1.Time        { return metav1.NewTime(w.now.Add(-ages[w.Intn(len(ages))])) }
func (w world) maybeMoment() (t metav1.Time) {
	if w.chance(70) {
		t = w.moment()
	}
	return
}

func (w world) microMoment() (t metav1.MicroTime) {
	if w.chance(70) {
		t = metav1.NewMicroTime(w.moment().Time)
	}
	return
}

func (w world) terminated() *v1.ContainerStateTerminated {
	t := &v1.ContainerStateTerminated{Reason: w.pick("", "Completed", "Completed", "Error", "OOMKilled"), FinishedAt: w.maybeMoment()}
	if t.Reason != "Completed" || w.chance(10) {
		t.ExitCode = int32(w.Intn(3))
		t.Signal = int32(w.Intn(2) * 9)
	}
	return t
}

func (w world) containerState() (s v1.ContainerState) {
	switch w.Intn(8) {
	case 0:
		s.Waiting = &v1.ContainerStateWaiting{Reason: w.pick("", "PodInitializing", "ContainerCreating", "CrashLoopBackOff", "ErrImagePull")}
	case 1, 2:
		s.Terminated = w.terminated()
	case 3:
	default:
		s.Running = &v1.ContainerStateRunning{StartedAt: w.moment()}
	}
	return
}

func (w world) statuses(containers []v1.Container) (statuses []v1.ContainerStatus) {
	for _, c := range containers {
		if w.chance(10) {
			continue
		}
		s := v1.ContainerStatus{Name: c.Name, State: w.containerState(), Ready: w.chance(70), RestartCount: int32(w.Intn(3))}
		if w.chance(50) {
			s.LastTerminationState.Terminated = w.terminated()
		}
		if w.chance(70) {
			started := w.chance(70)
			s.Started = &started
		}
		statuses = append(statuses, s)
	}
	return
}

func (w world) containers(prefix string, most int) (containers []v1.Container) {
	for i := w.Intn(most + 1); i > 0; i-- {
		containers = append(containers, v1.Container{Name: fmt.Sprintf("%s%d", prefix, i)})
	}
	return
}

func (w world) pod(n int) *v1.Pod {
	p := &v1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("pod-%d", n), Namespace: w.pick("shop", "default"), CreationTimestamp: w.maybeMoment(), Labels: map[string]string{"app": "web"},
	}}
	if w.chance(15) {
		t := w.moment()
		p.DeletionTimestamp = &t
	}
	p.Spec.Containers = w.containers("c", 3)
	if w.chance(50) {
		p.Spec.InitContainers = w.containers("i", 3)
		for i := range p.Spec.InitContainers {
			if w.chance(40) {
				always := v1.ContainerRestartPolicyAlways
				p.Spec.InitContainers[i].RestartPolicy = &always
			}
		}
	}
	p.Spec.NodeName = w.pick("", "n1", "n2")
	p.Spec.RestartPolicy = v1.RestartPolicy(w.pick("Always", "Never", ""))
	p.Spec.SchedulerName = w.pick("default-scheduler", "")
	p.Spec.ServiceAccountName = w.pick("default", "")
	p.Spec.HostNetwork = w.chance(20)
	for _, gate := range []string{"a.b/c", "d"} {
		if w.chance(25) {
			p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, v1.PodReadinessGate{ConditionType: v1.PodConditionType(gate)})
		}
	}
	for _, condition := range []string{"PodScheduled", "Initialized", "Ready", "a.b/c", "d", "d"} {
		if w.chance(60) {
			p.Status.Conditions = append(p.Status.Conditions, v1.PodCondition{
				Type: v1.PodConditionType(condition), Status: v1.ConditionStatus(w.pick("True", "True", "False", "Unknown")), LastTransitionTime: w.moment(),
			})
		}
	}
	if len(p.Status.Conditions) > 0 && w.chance(10) {
		p.Status.Conditions[0].Reason = "SchedulingGated"
	}
	p.Status.Phase = v1.PodPhase(w.pick("Pending", "Running", "Running", "Running", "Succeeded", "Failed", "Unknown", ""))
	p.Status.Reason = w.pick("", "", "", "", "", "", "Evicted", "NodeLost", "Completed")
	p.Status.NominatedNodeName = w.pick("", "", "n3")
	p.Status.InitContainerStatuses = w.statuses(p.Spec.InitContainers)
	if w.chance(85) {
		p.Status.ContainerStatuses = w.statuses(p.Spec.Containers)
	}
	switch w.Intn(5) {
	case 0:
	case 1:
		p.Status.PodIP = "10.0.0.1"
	case 2:
		p.Status.PodIPs = []v1.PodIP{{IP: "fd00::12"}, {IP: "10.0.0.2"}}
	default:
		p.Status.PodIP = fmt.Sprintf("10.0.%d.%d", w.Intn(256), w.Intn(256))
		p.Status.PodIPs = []v1.PodIP{{IP: w.pick(p.Status.PodIP, "10.9.9.9")}, {IP: "fd00::1"}}
	}
	return p
}

func (w world) event(n int) *v1.Event {
	e := &v1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("e.%d", n), Namespace: "shop", CreationTimestamp: w.maybeMoment()},
		InvolvedObject: v1.ObjectReference{
			Kind: w.pick("Pod", "ReplicaSet", ""), Namespace: "shop", Name: w.pick("web-0", ""), UID: types.UID(w.pick("u-1", "")), APIVersion: w.pick("v1", "apps/v1"),
			ResourceVersion: w.pick("", "7"), FieldPath: w.pick("", "spec.containers{web}"),
		},
		Type: w.pick("Normal", "Warning"), Reason: w.pick("Pulled", "BackOff", ""),
		Message:             w.pick("Pulled image \"web\" & more", " a\nb <c> \t\n", "\u00a0é\u2028", ""),
		Source:              v1.EventSource{Component: w.pick("kubelet", ""), Host: w.pick("n1", "")},
		ReportingController: w.pick("kubelet", "x.io/y", ""), ReportingInstance: w.pick("n2", ""),
		FirstTimestamp: w.maybeMoment(), LastTimestamp: w.maybeMoment(), EventTime: w.microMoment(), Count: int32(w.Intn(3)),
	}
	if w.chance(30) {
		e.Series = &v1.EventSeries{Count: int32(w.Intn(3)), LastObservedTime: w.microMoment()}
	}
	return e
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func describe(generator printers.TableGenerator, obj runtime.Object, protobuf []byte, set fields.Set) line {
	table, err := generator.GenerateTable(obj, printers.GenerateOptions{Wide: true})
	must(err)
	l := line{Protobuf: protobuf, Cells: table.Rows[0].Cells, Fields: set}
	for _, c := range table.Rows[0].Conditions {
		l.Conditions = append(l.Conditions, string(c.Type), string(c.Status), c.Reason, c.Message)
	}
	return l
}

func write(path string, now time.Time, lines []line) {
	file, err := os.Create(path)
	must(err)
	out := json.NewEncoder(file)
	out.SetEscapeHTML(false)
	must(out.Encode(map[string]int64{"nowMillis": now.UnixMilli() + 500}))
	for _, l := range lines {
		must(out.Encode(l))
	}
	must(file.Close())
}

func main() {
	generator := printers.NewTableGenerator().With(printersinternal.AddHandlers)
	// The printers take the time from the clock: all is printed between 0.1 and 0.9 of a second, where whole seconds
	// of age are the same as at 0.5.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1100 * time.Millisecond)))
	w := world{rand.New(rand.NewSource(1)), time.Now().Truncate(time.Second)}
	var pods, events []line
	for i := 0; i < 500; i++ {
		p := w.pod(i)
		bytes, err := p.Marshal()
		must(err)
		internal := &core.Pod{}
		must(legacyscheme.Scheme.Convert(p, internal, nil))
		pods = append(pods, describe(generator, internal, bytes, pod.ToSelectableFields(internal)))
	}
	for i := 0; i < 150; i++ {
		e := w.event(i)
		bytes, err := e.Marshal()
		must(err)
		internal := &core.Event{}
		must(legacyscheme.Scheme.Convert(e, internal, nil))
		events = append(events, describe(generator, internal, bytes, event.ToSelectableFields(internal)))
	}
	if time.Since(w.now) > 900*time.Millisecond {
		log.Fatal("too slow: the ages are not exact")
	}
	write(filepath.Join(os.Args[1], "pods.jsonl"), w.now, pods)
	write(filepath.Join(os.Args[1], "events.jsonl"), w.now, events)
}
