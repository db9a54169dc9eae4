// Command reflectors follows collections of an API server as controllers do, and keeps a journal of all that it is
// told, so that a test can judge it.
//
//	reflectors KUBECONFIG FOLLOWER ...
//
// A FOLLOWER is RESOURCE/ENCODING/WAY/NAMESPACE:
//
//	RESOURCE   pods, events or events.events.k8s.io
//	ENCODING   protobuf or json
//	WAY        list: a reflector that lists and watches; watchlist: one whose lists are streamed;
//	           informer: a shared informer
//	NAMESPACE  of the collection
//
// Standard output is the journal, one JSON object a line. A line on standard input, whatever it says, is answered by
// what each follower holds; the end of standard input ends the program. With KUBE_WATCHLIST_INCONSISTENCY_DETECTOR=true,
// client-go compares each streamed list with a plain one and panics at a difference.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	clusterLabel = "multicluster.io/cluster"
	// What the writer of an object noted in it.
	noteAnnotation = "churn"
)

// entry is a line of the journal.
type entry struct {
	Follower string `json:"follower"`
	// What happened: "list" or "watch" was asked for; "listed" came back, or "failed"; an event of a watch by its type;
	// "add", "update", "delete" of an informer's handler; "held" for an object and "dumped" at their end, when asked.
	What string `json:"what"`
	// Of the request, the list, the object or the bookmark.
	RV string `json:"rv,omitempty"`
	// Of a request.
	Match   string `json:"match,omitempty"`
	Initial bool   `json:"initial,omitempty"`
	// Of an object; Hash covers all but its resourceVersion, Was is the one that an informer's handler is told besides.
	Key    string `json:"key,omitempty"`
	UID    string `json:"uid,omitempty"`
	Note   string `json:"note,omitempty"`
	Hash   string `json:"hash,omitempty"`
	Was    string `json:"was,omitempty"`
	Object any    `json:"object,omitempty"`
	Error  string `json:"error,omitempty"`
}

type journal struct {
	mutex sync.Mutex
	out   *json.Encoder
}

func (j *journal) write(entries ...entry) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for _, e := range entries {
		if err := j.out.Encode(e); err != nil {
			os.Exit(1)
		}
	}
}

// keyOf tells objects of equal names in several clusters apart.
func keyOf(object any) (string, error) {
	if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
		return unknown.Key, nil
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return "", err
	}
	return m.GetNamespace() + "/" + m.GetName() + "@" + m.GetLabels()[clusterLabel], nil
}

// plain is the object without what depends on the way it was decoded.
func plain(object runtime.Object) runtime.Object {
	copied := object.DeepCopyObject()
	copied.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	return copied
}

// follower is a ListerWatcher that journals what passes through it.
type follower struct {
	name      string
	journal   *journal
	client    rest.Interface
	resource  string
	namespace string
	streams   bool
}

// IsWatchListSemanticsUnSupported is asked by the reflector, which lists in the old way then.
func (f *follower) IsWatchListSemanticsUnSupported() bool { return !f.streams }

func (f *follower) List(options metav1.ListOptions) (runtime.Object, error) {
	return f.ListWithContext(context.Background(), options)
}

func (f *follower) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return f.WatchWithContext(context.Background(), options)
}

func (f *follower) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	f.journal.write(entry{Follower: f.name, What: "list", RV: options.ResourceVersion, Match: string(options.ResourceVersionMatch)})
	list, err := f.client.Get().Namespace(f.namespace).Resource(f.resource).
		VersionedParams(&options, scheme.ParameterCodec).Do(ctx).Get()
	if err != nil {
		f.failed(err)
		return nil, err
	}
	entries := []entry{}
	err = meta.EachListItem(list, func(item runtime.Object) error {
		entries = append(entries, f.about("item", item))
		return nil
	})
	if err != nil {
		return nil, err
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	entries = append(entries, entry{Follower: f.name, What: "listed", RV: m.GetResourceVersion(), Match: string(options.ResourceVersionMatch)})
	f.journal.write(entries...)
	return list, nil
}

func (f *follower) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	initial := options.SendInitialEvents != nil && *options.SendInitialEvents
	f.journal.write(entry{Follower: f.name, What: "watch", RV: options.ResourceVersion, Initial: initial})
	options.Watch = true
	w, err := f.client.Get().Namespace(f.namespace).Resource(f.resource).
		VersionedParams(&options, scheme.ParameterCodec).Watch(ctx)
	if err != nil {
		f.failed(err)
		return nil, err
	}
	return watch.Filter(w, func(event watch.Event) (watch.Event, bool) {
		switch event.Type {
		case watch.Error:
			text, _ := json.Marshal(event.Object)
			f.journal.write(entry{Follower: f.name, What: string(event.Type), Error: string(text)})
		case watch.Bookmark:
			m, err := meta.Accessor(event.Object)
			if err != nil {
				panic(err)
			}
			f.journal.write(entry{Follower: f.name, What: string(event.Type), RV: m.GetResourceVersion(),
				Initial: m.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"})
		default:
			f.journal.write(f.about(string(event.Type), event.Object))
		}
		return event, true
	}), nil
}

func (f *follower) failed(err error) {
	f.journal.write(entry{Follower: f.name, What: "failed", Error: err.Error()})
}

func (f *follower) about(what string, object any) entry {
	key, err := keyOf(object)
	if err != nil {
		panic(err)
	}
	m, err := meta.Accessor(object)
	if err != nil {
		panic(err)
	}
	timeless := plain(object.(runtime.Object))
	timeless.(metav1.Object).SetResourceVersion("")
	text, err := json.Marshal(timeless)
	if err != nil {
		panic(err)
	}
	hash := sha256.Sum256(text)
	return entry{Follower: f.name, What: what, RV: m.GetResourceVersion(), Key: key, UID: string(m.GetUID()),
		Note: m.GetAnnotations()[noteAnnotation], Hash: hex.EncodeToString(hash[:16])}
}

// informerTells journals what a handler is told.
func (f *follower) informerTells() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { f.journal.write(f.about("add", object)) },
		UpdateFunc: func(before, after any) {
			e := f.about("update", after)
			e.Was = f.about("", before).RV
			f.journal.write(e)
		},
		DeleteFunc: func(object any) {
			if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			f.journal.write(f.about("delete", object))
		},
	}
}

// start follows from now on, and returns where to find what it holds.
func (f *follower) start(ctx context.Context, example runtime.Object, informer bool) cache.Store {
	if informer {
		shared := cache.NewSharedIndexInformer(f, example, 0, cache.Indexers{})
		if _, err := shared.AddEventHandler(f.informerTells()); err != nil {
			panic(err)
		}
		go shared.RunWithContext(ctx)
		return shared.GetStore()
	}
	store := cache.NewStore(keyOf)
	// The usual backoff would make a test wait half a minute for a client to come back.
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Cap: 2 * time.Second, Steps: 10, Factor: 2, Jitter: 1}
	reflector := cache.NewReflectorWithOptions(f, example, store, cache.ReflectorOptions{Name: f.name, Backoff: &backoff})
	go reflector.RunWithContext(ctx)
	return store
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: reflectors KUBECONFIG RESOURCE/ENCODING/WAY/NAMESPACE ...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "reflectors:", err)
		os.Exit(1)
	}
}

func run(kubeconfig string, names []string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	journal := &journal{out: json.NewEncoder(flushing{out})}
	ctx := context.Background()
	stores := map[string]cache.Store{}
	for _, name := range names {
		store, err := follow(ctx, config, journal, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		stores[name] = store
	}
	requests := bufio.NewScanner(os.Stdin)
	for requests.Scan() {
		for name, store := range stores {
			entries := []entry{}
			for _, object := range store.List() {
				key, _ := keyOf(object)
				entries = append(entries, entry{Follower: name, What: "held", Key: key, Object: plain(object.(runtime.Object))})
			}
			journal.write(entries...)
		}
		journal.write(entry{What: "dumped"})
	}
	return requests.Err()
}

// flushing hands each line on at once.
type flushing struct{ out *bufio.Writer }

func (f flushing) Write(line []byte) (int, error) {
	n, err := f.out.Write(line)
	if err != nil {
		return n, err
	}
	return n, f.out.Flush()
}

func follow(ctx context.Context, config *rest.Config, journal *journal, name string) (cache.Store, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 4 {
		return nil, fmt.Errorf("not RESOURCE/ENCODING/WAY/NAMESPACE")
	}
	resource, encoding, way, namespace := parts[0], parts[1], parts[2], parts[3]
	own := rest.CopyConfig(config)
	// Clients of equal configurations share connections, and this one would share the fate of others.
	own.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	own.QPS = -1
	own.ContentType = "application/json"
	if encoding == "protobuf" {
		own.ContentType = runtime.ContentTypeProtobuf
		own.AcceptContentTypes = runtime.ContentTypeProtobuf
	}
	client, err := kubernetes.NewForConfig(own)
	if err != nil {
		return nil, err
	}
	f := &follower{name: name, journal: journal, namespace: namespace, streams: way != "list"}
	var example runtime.Object
	switch resource {
	case "pods":
		f.client, f.resource, example = client.CoreV1().RESTClient(), "pods", &corev1.Pod{}
	case "events":
		f.client, f.resource, example = client.CoreV1().RESTClient(), "events", &corev1.Event{}
	case "events.events.k8s.io":
		f.client, f.resource, example = client.EventsV1().RESTClient(), "events", &eventsv1.Event{}
	default:
		return nil, fmt.Errorf("no resource is called %s here", resource)
	}
	return f.start(ctx, example, way == "informer"), nil
}
