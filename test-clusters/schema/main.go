// Schema prints how the built-in kinds of the simulated API servers look in JSON and in protobuf, one message a
// paragraph. It reads the struct tags of Kubernetes' own types, so that numbers, names, order and "is it written when
// it is zero?" are those of the release in go.mod:
//
//	go run . > ../src/main/resources/io/multicluster/testclusters/simulated/kubernetes.schema
package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var roots = []any{
	corev1.Namespace{}, corev1.Pod{}, corev1.Event{}, corev1.Node{}, corev1.ConfigMap{}, corev1.Secret{},
	corev1.Service{}, corev1.ServiceAccount{}, corev1.Endpoints{}, corev1.ResourceQuota{}, corev1.LimitRange{},
	corev1.PodTemplate{}, corev1.ReplicationController{}, corev1.PersistentVolume{}, corev1.PersistentVolumeClaim{},
	corev1.Binding{},
	appsv1.Deployment{}, appsv1.ReplicaSet{}, appsv1.StatefulSet{}, appsv1.DaemonSet{}, appsv1.ControllerRevision{},
	batchv1.Job{}, batchv1.CronJob{},
	autoscalingv1.Scale{}, autoscalingv2.HorizontalPodAutoscaler{},
	policyv1.PodDisruptionBudget{}, policyv1.Eviction{},
	coordinationv1.Lease{},
	eventsv1.Event{},
	rbacv1.Role{}, rbacv1.RoleBinding{}, rbacv1.ClusterRole{}, rbacv1.ClusterRoleBinding{},
	certificatesv1.CertificateSigningRequest{},
	authenticationv1.TokenRequest{}, authenticationv1.TokenReview{}, authenticationv1.SelfSubjectReview{},
	authorizationv1.SubjectAccessReview{}, authorizationv1.LocalSubjectAccessReview{},
	authorizationv1.SelfSubjectAccessReview{}, authorizationv1.SelfSubjectRulesReview{},
	apiextensionsv1.CustomResourceDefinition{},
	metav1.PartialObjectMetadata{}, metav1.DeleteOptions{}, metav1.Status{},
}

// opaque types are scalars or raw JSON outside of protobuf.
var opaque = map[string]string{
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                                             "Time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":                                        "MicroTime",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                                         "Duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":                                         "FieldsV1",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                                         "Quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":                                       "IntOrString",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                                          "RawExtension",
	"k8s.io/api/authentication/v1.ExtraValue":                                               "StringList",
	"k8s.io/api/authorization/v1.ExtraValue":                                                "StringList",
	"k8s.io/api/certificates/v1.ExtraValue":                                                 "StringList",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON":                         "JSON",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool":        "SchemaOrOther",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray":       "SchemaOrOther",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray": "SchemaOrOther",
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, "# Made by test-clusters/schema from k8s.io/api; not edited by hand.")
	fmt.Fprintln(out, "# [MESSAGE], then a line a field in the order of its JSON: NAME NUMBER TYPE [FLAG ...]")
	fmt.Fprintln(out, "# optional: a pointer, absence means something; nonzero: left out of JSON when it is zero;")
	fmt.Fprintln(out, "# inline: its fields stand beside it in JSON; merge, key=, retain: how strategic merge patches treat it;")
	fmt.Fprintln(out, "# atomic, set, keys=, atomicElements: how server-side apply treats it")
	seen := map[reflect.Type]bool{}
	var queue []reflect.Type
	visit := func(t reflect.Type) {
		if !seen[t] {
			seen[t] = true
			queue = append(queue, t)
		}
	}
	for _, root := range roots {
		visit(reflect.TypeOf(root))
	}
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		fmt.Fprintf(out, "\n[%s]\n", name(t))
		fields(out, t, visit)
	}
}

func fields(out *bufio.Writer, t reflect.Type, visit func(reflect.Type)) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		proto := f.Tag.Get("protobuf")
		if f.Name == "TypeMeta" || proto == "-" {
			continue
		}
		jsonName, jsonOptions, _ := strings.Cut(f.Tag.Get("json"), ",")
		if proto == "" {
			panic(fmt.Sprintf("%s.%s has no protobuf tag", t, f.Name))
		}
		number := strings.Split(proto, ",")[1]
		var flags []string
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
			flags = append(flags, "optional")
		}
		// omitempty never leaves out a struct that is no pointer.
		if strings.Contains(jsonOptions, "omitzero") || strings.Contains(jsonOptions, "omitempty") && f.Type.Kind() != reflect.Struct {
			flags = append(flags, "nonzero")
		}
		if jsonName == "" {
			if !strings.Contains(jsonOptions, "inline") {
				panic(fmt.Sprintf("%s.%s has no JSON name", t, f.Name))
			}
			flags = append(flags, "inline")
			// Never seen in JSON: any name will do.
			jsonName = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		for _, strategy := range strings.Split(f.Tag.Get("patchStrategy"), ",") {
			switch strategy {
			case "merge":
				flags = append(flags, "merge")
			case "retainKeys":
				flags = append(flags, "retain")
			}
		}
		if key := f.Tag.Get("patchMergeKey"); key != "" {
			flags = append(flags, "key="+key)
		}
		flags = append(flags, topology(t, f)...)
		fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", jsonName, number, typeName(ft, visit), strings.Join(flags, " "))))
	}
}

func typeName(t reflect.Type, visit func(reflect.Type)) string {
	if o, ok := opaque[t.PkgPath()+"."+t.Name()]; ok {
		return o
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem(), visit)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32:
		return "int32"
	case reflect.Int64:
		return "int64"
	case reflect.Float64:
		return "double"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + typeName(t.Elem(), visit)
	case reflect.Map:
		return "map:" + typeName(t.Elem(), visit)
	case reflect.Struct:
		visit(t)
		return name(t)
	}
	panic("no name for " + t.String())
}

// topology reads the markers of server-side apply, which stand in comments.
func topology(t reflect.Type, f reflect.StructField) []string {
	markers := append(comments(t.PkgPath())[t.Name()+"."+f.Name], typeMarkers(f.Type)...)
	var keys []string
	for _, marker := range markers {
		name, value, _ := strings.Cut(marker, "=")
		switch name {
		case "listType", "mapType", "structType":
			if value == "atomic" || value == "set" {
				return []string{value}
			}
		case "listMapKey":
			keys = append(keys, value)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	flags := []string{"keys=" + strings.Join(keys, ",")}
	for _, marker := range typeMarkers(f.Type.Elem()) {
		if marker == "structType=atomic" {
			flags = append(flags, "atomicElements")
		}
	}
	return flags
}

func typeMarkers(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		return comments(t.PkgPath())[t.Name()]
	}
	return nil
}

var parsed = map[string]map[string][]string{}

// comments are the markers (+x=y) of the types and fields of a package: TYPE, TYPE.FIELD.
func comments(path string) map[string][]string {
	if found, ok := parsed[path]; ok {
		return found
	}
	found := map[string][]string{}
	parsed[path] = found
	if path == "" {
		return found
	}
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		panic(err)
	}
	packages, err := parser.ParseDir(token.NewFileSet(), strings.TrimSpace(string(folder)), nil, parser.ParseComments)
	if err != nil {
		panic(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			declaration, ok := n.(*ast.GenDecl)
			if !ok || declaration.Tok != token.TYPE {
				return true
			}
			for _, spec := range declaration.Specs {
				typeSpec := spec.(*ast.TypeSpec)
				found[typeSpec.Name.Name] = append(markers(declaration.Doc), markers(typeSpec.Doc)...)
				if structure, ok := typeSpec.Type.(*ast.StructType); ok {
					for _, field := range structure.Fields.List {
						for _, name := range field.Names {
							found[typeSpec.Name.Name+"."+name.Name] = markers(field.Doc)
						}
					}
				}
			}
			return true
		})
	}
	return found
}

func markers(doc *ast.CommentGroup) []string {
	var found []string
	if doc != nil {
		for _, comment := range doc.List {
			if marker, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(comment.Text, "//")), "+"); ok {
				found = append(found, marker)
			}
		}
	}
	return found
}

// name is the one that OpenAPI documents use: io.k8s.api.core.v1.Pod.
func name(t reflect.Type) string {
	host, path, _ := strings.Cut(t.PkgPath(), "/")
	labels := strings.Split(host, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".") + "." + strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}
