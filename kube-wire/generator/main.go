// Command generator writes the table by which kube-wire turns protobuf into JSON: for each message
// of the Kubernetes API its fields, in the order of JSON, with their protobuf numbers and the rules
// by which Go's encoder writes or omits them. All of it is read from the Go types themselves.
//
//	go run . > ../src/main/resources/io/multicluster/wire/json/kubernetes-types.txt
//
// For another Kubernetes release change the versions in go.mod and run it again. It fails on
// everything that the transcoder would not know how to write.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"reflect"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionv1beta1 "k8s.io/api/admission/v1beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apiserverinternalv1alpha1 "k8s.io/api/apiserverinternal/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	appsv1beta1 "k8s.io/api/apps/v1beta1"
	appsv1beta2 "k8s.io/api/apps/v1beta2"
	authenticationv1 "k8s.io/api/authentication/v1"
	authenticationv1beta1 "k8s.io/api/authentication/v1beta1"
	authorizationv1 "k8s.io/api/authorization/v1"
	authorizationv1beta1 "k8s.io/api/authorization/v1beta1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1alpha1 "k8s.io/api/certificates/v1alpha1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1alpha2 "k8s.io/api/coordination/v1alpha2"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	discoveryv1beta1 "k8s.io/api/discovery/v1beta1"
	eventsv1 "k8s.io/api/events/v1"
	eventsv1beta1 "k8s.io/api/events/v1beta1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	flowcontrolv1beta1 "k8s.io/api/flowcontrol/v1beta1"
	flowcontrolv1beta2 "k8s.io/api/flowcontrol/v1beta2"
	flowcontrolv1beta3 "k8s.io/api/flowcontrol/v1beta3"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	nodev1 "k8s.io/api/node/v1"
	nodev1alpha1 "k8s.io/api/node/v1alpha1"
	nodev1beta1 "k8s.io/api/node/v1beta1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	rbacv1alpha1 "k8s.io/api/rbac/v1alpha1"
	rbacv1beta1 "k8s.io/api/rbac/v1beta1"
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1alpha2 "k8s.io/api/scheduling/v1alpha2"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	storagev1 "k8s.io/api/storage/v1"
	storagev1alpha1 "k8s.io/api/storage/v1alpha1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	storagemigrationv1beta1 "k8s.io/api/storagemigration/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var groups = []func(*runtime.Scheme) error{
	admissionv1.AddToScheme, admissionv1beta1.AddToScheme,
	admissionregistrationv1.AddToScheme, admissionregistrationv1alpha1.AddToScheme, admissionregistrationv1beta1.AddToScheme,
	apiserverinternalv1alpha1.AddToScheme,
	appsv1.AddToScheme, appsv1beta1.AddToScheme, appsv1beta2.AddToScheme,
	authenticationv1.AddToScheme, authenticationv1beta1.AddToScheme,
	authorizationv1.AddToScheme, authorizationv1beta1.AddToScheme,
	autoscalingv1.AddToScheme, autoscalingv2.AddToScheme,
	batchv1.AddToScheme, batchv1beta1.AddToScheme,
	certificatesv1.AddToScheme, certificatesv1alpha1.AddToScheme, certificatesv1beta1.AddToScheme,
	coordinationv1.AddToScheme, coordinationv1alpha2.AddToScheme, coordinationv1beta1.AddToScheme,
	corev1.AddToScheme,
	discoveryv1.AddToScheme, discoveryv1beta1.AddToScheme,
	eventsv1.AddToScheme, eventsv1beta1.AddToScheme,
	extensionsv1beta1.AddToScheme,
	flowcontrolv1.AddToScheme, flowcontrolv1beta1.AddToScheme, flowcontrolv1beta2.AddToScheme, flowcontrolv1beta3.AddToScheme,
	imagepolicyv1alpha1.AddToScheme,
	networkingv1.AddToScheme, networkingv1beta1.AddToScheme,
	nodev1.AddToScheme, nodev1alpha1.AddToScheme, nodev1beta1.AddToScheme,
	policyv1.AddToScheme, policyv1beta1.AddToScheme,
	rbacv1.AddToScheme, rbacv1alpha1.AddToScheme, rbacv1beta1.AddToScheme,
	resourcev1.AddToScheme, resourcev1alpha3.AddToScheme, resourcev1beta1.AddToScheme, resourcev1beta2.AddToScheme,
	schedulingv1.AddToScheme, schedulingv1alpha2.AddToScheme, schedulingv1beta1.AddToScheme,
	storagev1.AddToScheme, storagev1alpha1.AddToScheme, storagev1beta1.AddToScheme,
	storagemigrationv1beta1.AddToScheme,
}

// Messages on the wire that are something else in JSON.
var special = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():                 "time",
	reflect.TypeFor[metav1.MicroTime]():            "microtime",
	reflect.TypeFor[metav1.FieldsV1]():             "raw",
	reflect.TypeFor[runtime.RawExtension]():        "raw",
	reflect.TypeFor[resource.Quantity]():           "quantity",
	reflect.TypeFor[intstr.IntOrString]():          "intorstring",
	reflect.TypeFor[authenticationv1.ExtraValue](): "strings",
}

// What API servers put into JSON though it is not on the wire: the kind of embedded objects.
var constantTypeMeta = map[string]schema.GroupVersionKind{
	"k8s.io/api/apps/v1.StatefulSetSpec.volumeClaimTemplates":      corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"),
	"k8s.io/api/apps/v1beta1.StatefulSetSpec.volumeClaimTemplates": corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"),
	"k8s.io/api/apps/v1beta2.StatefulSetSpec.volumeClaimTemplates": corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"),
}

type marshaler interface{ Marshal() ([]byte, error) }

var (
	jsonMarshaler  = reflect.TypeFor[json.Marshaler]()
	protoMarshaler = reflect.TypeFor[marshaler]()
	typeMeta       = reflect.TypeFor[metav1.TypeMeta]()
)

type table struct {
	numbers map[reflect.Type]int
	queue   []reflect.Type
}

func main() {
	scheme := runtime.NewScheme()
	for _, add := range groups {
		if err := add(scheme); err != nil {
			log.Fatal(err)
		}
	}
	kinds := map[string]reflect.Type{
		"v1 Status":                                     reflect.TypeFor[metav1.Status](),
		"meta.k8s.io/v1 PartialObjectMetadata":          reflect.TypeFor[metav1.PartialObjectMetadata](),
		"meta.k8s.io/v1 PartialObjectMetadataList":      reflect.TypeFor[metav1.PartialObjectMetadataList](),
		"meta.k8s.io/v1beta1 PartialObjectMetadata":     reflect.TypeFor[metav1.PartialObjectMetadata](),
		"meta.k8s.io/v1beta1 PartialObjectMetadataList": reflect.TypeFor[metav1.PartialObjectMetadataList](),
	}
	for gvk, t := range scheme.AllKnownTypes() {
		// Every group has the types of meta/v1, as options of requests.
		if gvk.Version == runtime.APIVersionInternal || t.PkgPath() == typeMeta.PkgPath() {
			continue
		}
		if reflect.PointerTo(t).Implements(protoMarshaler) {
			kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = t
		}
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	sort.Strings(names)

	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "kubernetes %s\n", kubernetesVersion())
	t := &table{numbers: map[reflect.Type]int{}}
	for _, name := range names {
		fmt.Fprintf(out, "kind %s %d\n", name, t.number(kinds[name]))
	}
	for i := 0; i < len(t.queue); i++ {
		message := t.queue[i]
		fmt.Fprintf(out, "message %d %s.%s\n", i, message.PkgPath(), message.Name())
		for _, line := range t.fields(message) {
			fmt.Fprintln(out, line)
		}
	}
}

// kubernetesVersion is that of k8s.io/api, whose minor and patch are Kubernetes' own.
func kubernetesVersion() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == "k8s.io/api" {
				return strings.Replace(module.Version, "v0.", "1.", 1)
			}
		}
	}
	log.Fatal("the build does not tell the version of k8s.io/api")
	return ""
}

func (t *table) number(message reflect.Type) int {
	n, known := t.numbers[message]
	if !known {
		n = len(t.queue)
		t.numbers[message] = n
		t.queue = append(t.queue, message)
	}
	return n
}

// fields returns a line for each field: number, name in JSON (- if inlined or not in JSON), type,
// flags (- if none), and for messages the number of their type.
func (t *table) fields(message reflect.Type) []string {
	var lines []string
	for i := 0; i < message.NumField(); i++ {
		field := message.Field(i)
		where := message.PkgPath() + "." + message.Name() + "." + field.Name
		jsonTag := strings.Split(field.Tag.Get("json"), ",")
		number := protoNumber(field, where)
		if number == 0 {
			if field.Type != typeMeta && jsonTag[0] != "-" {
				log.Fatalf("%s is in JSON but not in protobuf", where)
			}
			continue
		}
		if jsonTag[0] == "-" {
			lines = append(lines, fmt.Sprintf("%d - ignored -", number))
			continue
		}
		if field.Anonymous && jsonTag[0] == "" {
			lines = append(lines, fmt.Sprintf("%d - inline - %d", number, t.number(field.Type)))
			continue
		}
		if jsonTag[0] == "" {
			log.Fatalf("%s has no name in JSON", where)
		}
		lines = append(lines, t.field(field, number, jsonTag, where))
	}
	return lines
}

func (t *table) field(field reflect.StructField, number int, jsonTag []string, where string) string {
	flags := ""
	for _, option := range jsonTag[1:] {
		switch option {
		case "omitempty":
			flags += "o"
		case "omitzero":
			flags += "z"
		default:
			log.Fatalf("%s has JSON option %q", where, option)
		}
	}
	kind := field.Type
	if kind.Kind() == reflect.Pointer {
		flags += "p"
		kind = kind.Elem()
	}
	prefix := ""
	isBytes := kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Uint8
	switch {
	case isBytes || reflect.PointerTo(kind).Implements(protoMarshaler):
	case kind.Kind() == reflect.Slice:
		prefix = "*"
		kind = kind.Elem()
	case kind.Kind() == reflect.Map:
		if kind.Key().Kind() != reflect.String {
			log.Fatalf("%s is a map of %s", where, kind.Key())
		}
		prefix = "%"
		kind = kind.Elem()
	}
	if prefix != "" && strings.Contains(flags, "p") {
		log.Fatalf("%s is a pointer to %s", where, field.Type.Elem())
	}
	line := fmt.Sprintf("%d %s %s", number, jsonTag[0], prefix)
	if flags == "" {
		flags = "-"
	}
	if name := t.typeName(kind, where); name != "message" {
		return fmt.Sprintf("%s%s %s", line, name, flags)
	}
	line = fmt.Sprintf("%smessage %s %d", line, flags, t.number(kind))
	jsonPath := strings.TrimSuffix(where, field.Name) + jsonTag[0]
	if gvk, ok := constantTypeMeta[jsonPath]; ok {
		line += fmt.Sprintf(" %s %s", gvk.GroupVersion(), gvk.Kind)
	}
	return line
}

func (t *table) typeName(kind reflect.Type, where string) string {
	if name, ok := special[kind]; ok {
		return name
	}
	switch kind.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32:
		return "int32"
	case reflect.Int64:
		return "int64"
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if kind.Elem().Kind() == reflect.String && !kind.Implements(jsonMarshaler) {
			return "strings" // a message with one repeated string
		}
	case reflect.Struct:
		if reflect.PointerTo(kind).Implements(jsonMarshaler) {
			log.Fatalf("%s: %s has its own form in JSON", where, kind)
		}
		return "message"
	}
	log.Fatalf("%s has type %s", where, kind)
	return ""
}

func protoNumber(field reflect.StructField, where string) int {
	tag, ok := field.Tag.Lookup("protobuf")
	if !ok || tag == "-" {
		return 0
	}
	parts := strings.Split(tag, ",")
	number, err := strconv.Atoi(parts[1])
	if err != nil || number <= 0 {
		log.Fatalf("%s has protobuf tag %q", where, tag)
	}
	return number
}
