// Command requests writes what Kubernetes' own parsers make of generated selectors and Accept headers:
// one JSON object a line, the oracle of SelectorOracleTest and AcceptOracleTest.
//
//	go run ./requests ../../src/test/resources/io/multicluster/wire
package main

import (
	"encoding/json"
	"log"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
)

type selectorCase struct {
	Selector string `json:"selector"`
	Error    string `json:"error,omitempty"`
	Text     string `json:"text"`
	Matches  []bool `json:"matches,omitempty"`
}

type acceptCase struct {
	Accept    string `json:"accept"`
	Type      string `json:"type,omitempty"`
	Transform string `json:"transform,omitempty"`
	Pretty    bool   `json:"pretty,omitempty"`
}

var labelSets = []labels.Set{
	{},
	{"a": ""},
	{"a": "b"},
	{"a": "5", "in": "x"},
	{"example.com/app": "web", "tier": "b"},
	{"a": "c", "notin": "-", "n": "-7"},
}

var labelPieces = []string{
	"a", "b", "a", "tier", "n", "in", "notin", "example.com/app", "5", "-7", "x", "web", "Bad-", "-", "A.b_c", "e..x/y", "/z", "a/b/c", "ä", "\"",
	strings.Repeat("q", 63), strings.Repeat("q", 64), "Ex.com/a", "9999999999999999999",
	"=", "==", "!=", "!", ">", "<", "(", ")", ",", ",", " ", "\t", " in (", " notin (", "a=b", "a!=b", "a in (b,c)", ",a", "),",
}

var fieldPieces = []string{
	"metadata.name", "spec.nodeName", "a", "b", "=", "==", "!=", ",", "\\", "\\,", "\\=", "\\\\", "\\n", " ", "x y", "!", "", "a=b", "c!=d", "ä", "\\ä",
}

var acceptPieces = []string{
	"application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "*/*", "application/*", "*", "text/html", "text/*", "application/cbor", "/", "",
	";as=Table;v=v1;g=meta.k8s.io", ";as=Table;g=meta.k8s.io;v=v1beta1", ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1",
	";as=Table;g=meta.k8s.io;v=v2", ";as=Other;g=meta.k8s.io;v=v1", ";as=Table", ";v=v1", ";stream=watch", ";stream=x", ";stream", ";pretty=1", ";pretty=0", ";q=0.5", "; q=0.9", ";q=0", ";q=x", ";q =1",
	";sv=v1", ";sv=v2", ";profile=x", ";export=1", ";charset=utf-8", ";a=b=c", " ; a = b ", ",", ", ", ",", " ,",
}

var keys = []string{"a", "a", "n", "in", "notin", "tier", "example.com/app"}
var values = []string{"", "b", "c", "5", "6", "x", "web", "in", "A.b_c"}

func pick(r *rand.Rand, from []string) string { return from[r.Intn(len(from))] }

// term is mostly a well-formed requirement.
func term(r *rand.Rand) string {
	blank := strings.Repeat(" ", r.Intn(2))
	switch key := pick(r, keys); r.Intn(6) {
	case 0:
		return key
	case 1:
		return "!" + blank + key
	case 2:
		return key + blank + pick(r, []string{">", "<"}) + blank + pick(r, []string{"4", "5", "-8", "+1", "x"})
	case 3:
		set := pick(r, values)
		for n := r.Intn(3); n > 0; n-- {
			set += blank + "," + pick(r, values)
		}
		return key + pick(r, []string{" in ", " notin "}) + "(" + set + ")" + blank
	default:
		return key + blank + pick(r, []string{"=", "==", "!="}) + blank + pick(r, values)
	}
}

func joined(r *rand.Rand, most int, piece func(*rand.Rand) string) string {
	text := piece(r)
	for n := r.Intn(most); n > 0; n-- {
		text += "," + piece(r)
	}
	return text
}

func labelSelector(r *rand.Rand) string {
	if r.Intn(3) == 0 {
		return text(r, labelPieces, 7)
	}
	return joined(r, 4, term)
}

func fieldSelector(r *rand.Rand) string {
	if r.Intn(2) == 0 {
		return text(r, fieldPieces, 9)
	}
	return joined(r, 4, func(r *rand.Rand) string {
		return pick(r, []string{"metadata.name", "spec.nodeName", "a", ""}) + pick(r, []string{"=", "==", "!="}) +
			pick(r, []string{"", "x", "x y", "\\,", "\\\\\\=", "ü", "\\x", "="})
	})
}

// accept is mostly a well-formed header: twelve clauses at most, beyond which Go's sort is another one.
func accept(r *rand.Rand) string {
	if r.Intn(4) == 0 {
		return text(r, acceptPieces, 9)
	}
	return joined(r, 6, func(r *rand.Rand) string {
		clause := pick(r, acceptPieces[:9])
		for n := r.Intn(3); n > 0; n-- {
			clause += pick(r, acceptPieces[11:len(acceptPieces)-4])
		}
		return clause
	})
}

func text(r *rand.Rand, pieces []string, most int) string {
	var b strings.Builder
	for n := r.Intn(most) + 1; n > 0; n-- {
		b.WriteString(pieces[r.Intn(len(pieces))])
	}
	return b.String()
}

type restrictions struct{}

func (restrictions) AllowsMediaTypeTransform(mimeType, mimeSubType string, target *schema.GroupVersionKind) bool {
	if target == nil {
		return true
	}
	if target.Group != "meta.k8s.io" || (target.Version != "v1" && target.Version != "v1beta1") {
		return false
	}
	switch target.Kind {
	case "Table":
		return mimeType == "application" && (mimeSubType == "json" || mimeSubType == "yaml")
	case "PartialObjectMetadata", "PartialObjectMetadataList":
		return true
	}
	return false
}
func (restrictions) AllowsServerVersion(version string) bool { return version == "v1" }
func (restrictions) AllowsStreamSchema(s string) bool        { return s == "watch" }

func mediaType(subtype string, stream bool) runtime.SerializerInfo {
	info := runtime.SerializerInfo{MediaType: "application/" + subtype, MediaTypeType: "application", MediaTypeSubType: subtype}
	if stream {
		info.StreamSerializer = &runtime.StreamSerializerInfo{}
	}
	return info
}

func write(dir, name string, each func(out *json.Encoder)) {
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(file)
	out.SetEscapeHTML(false)
	each(out)
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	dir := os.Args[1]
	r := rand.New(rand.NewSource(1))
	write(dir, "selector/labels.jsonl", func(out *json.Encoder) {
		for i := 0; i < 1000; i++ {
			c := selectorCase{Selector: labelSelector(r)}
			if parsed, err := labels.Parse(c.Selector); err != nil {
				c.Error = err.Error()
			} else {
				c.Text = parsed.String()
				for _, set := range labelSets {
					c.Matches = append(c.Matches, parsed.Matches(set))
				}
			}
			must(out.Encode(c))
		}
	})
	write(dir, "selector/fields.jsonl", func(out *json.Encoder) {
		for i := 0; i < 400; i++ {
			c := selectorCase{Selector: fieldSelector(r)}
			if parsed, err := fields.ParseSelector(c.Selector); err != nil {
				c.Error = err.Error()
			} else {
				c.Text = parsed.String()
			}
			must(out.Encode(c))
		}
	})
	offered := []runtime.SerializerInfo{mediaType("json", true), mediaType("yaml", false), mediaType("vnd.kubernetes.protobuf", true)}
	write(dir, "negotiate/accept.jsonl", func(out *json.Encoder) {
		for i := 0; i < 1000; i++ {
			c := acceptCase{Accept: accept(r)}
			if chosen, ok := negotiation.NegotiateMediaTypeOptions(c.Accept, offered, restrictions{}); ok {
				c.Type = chosen.Accepted.MediaType
				c.Pretty = chosen.Pretty
				if chosen.Convert != nil {
					c.Transform = chosen.Convert.Version + " " + chosen.Convert.Kind
				}
			}
			must(out.Encode(c))
		}
	})
}
