// Command samples writes random objects in protobuf and in the JSON that Go's encoder makes of them,
// against which kube-wire's transcoder is tested. A line has apiVersion, kind, the bare message in
// base64, and the JSON.
//
//	go run ./samples > ../src/test/resources/io/multicluster/wire/json/random-objects.txt
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"math/rand"
	"os"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

const seeds = 5

type proto interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

var kinds = map[string]func() proto{
	"apps/v1 ReplicaSet":       func() proto { return &appsv1.ReplicaSet{} },
	"apps/v1 StatefulSet":      func() proto { return &appsv1.StatefulSet{} },
	"batch/v1 Job":             func() proto { return &batchv1.Job{} },
	"events.k8s.io/v1 Event":   func() proto { return &eventsv1.Event{} },
	"v1 ConfigMap":             func() proto { return &corev1.ConfigMap{} },
	"v1 Event":                 func() proto { return &corev1.Event{} },
	"v1 Namespace":             func() proto { return &corev1.Namespace{} },
	"v1 Node":                  func() proto { return &corev1.Node{} },
	"v1 PersistentVolume":      func() proto { return &corev1.PersistentVolume{} },
	"v1 Pod":                   func() proto { return &corev1.Pod{} },
	"v1 PodList":               func() proto { return &corev1.PodList{} },
	"v1 Secret":                func() proto { return &corev1.Secret{} },
	"v1 Service":               func() proto { return &corev1.Service{} },
}

func main() {
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for seed := range int64(seeds) {
		fill := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(seed), codecs).NilChance(0.5).NumElements(0, 3)
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			object := kinds[kind]()
			fill.Fill(object)
			message, err := object.Marshal()
			if err != nil {
				log.Fatal(kind, ": ", err)
			}
			// What is lost on the wire, such as nil against empty, is not in the JSON either.
			decoded := kinds[kind]()
			if err := decoded.Unmarshal(message); err != nil {
				log.Fatal(kind, ": ", err)
			}
			text, err := json.Marshal(decoded)
			if err != nil {
				log.Fatal(kind, ": ", err)
			}
			fmt.Fprintf(out, "%s %s %s\n", kind, base64.StdEncoding.EncodeToString(message), text)
		}
	}
}
