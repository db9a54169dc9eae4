package io.multicluster.server.members;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.cache.CacheOptions;
import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.FeedEvent;
import io.multicluster.cache.FeedSink;
import io.multicluster.cache.Member;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies about pod {@code x/web} of cluster {@code m}, which knows its state as 77. */
final class BodyTest {
  private static final String POD = "/api/v1/namespaces/x/pods/web";

  private final ClusterCache cache = new ClusterCache(CacheOptions.of(List.of(CachedKind.PODS)));
  private String ours = "";

  @BeforeEach
  void aPodIsKnown() throws InterruptedException {
    FeedSink feed = cache.join(CachedKind.PODS, new Member("m", "uid"));
    ProtoWriter metadata =
        new ProtoWriter().string(1, "web").string(3, "x").string(5, "u1").string(6, "77");
    byte[] pod = new ProtoWriter().message(1, metadata).toByteArray();
    CountDownLatch applied = new CountDownLatch(3);
    List.of(
            new FeedEvent.ListBegin(),
            new FeedEvent.ListItem(pod, pod.length),
            new FeedEvent.ListEnd("77"))
        .forEach(event -> feed.accept(event, applied::countDown));
    applied.await();
    ours =
        Json.ofCache(
                Objects.requireNonNull(cache.json(CachedKind.PODS.resource(), "m", "x", "web")))
            .path("metadata")
            .path("resourceVersion")
            .asText();
  }

  @AfterEach
  void close() {
    cache.close();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{'metadata':{'labels':{'multicluster.io/cluster':'m'}}}|{'metadata':{'labels':{}}}",
        "{'metadata':{'labels':{'a':'1','multicluster.io/cluster':'m'}}}"
            + "|{'metadata':{'labels':{'a':'1'}}}",
        "{'metadata':{'labels':{'multicluster.io/cluster':'m' , 'z':'1'}}}"
            + "|{'metadata':{'labels':{'z':'1'}}}",
        "{'metadata':{'labels':{'a':'1', 'multicluster.io/cluster':'m', 'z':{'y':[1]}}}, 's':1e400}"
            + "|{'metadata':{'labels':{'a':'1','z':{'y':[1]}}}, 's':1e400}",
        "{'metadata':{'labels':{'multicluster.io/cluster':'m','multicluster.io/cluster':'m'}}}"
            + "|{'metadata':{'labels':{}}}",
        "{'metadata':{'labels':{'multicluster.io/cluster':null}}}|{'metadata':{'labels':{}}}",
        "{'metadata':{'annotations':{'a':'ü','resource.karmada.io/cached-from-cluster':'q'}}}"
            + "|{'metadata':{'annotations':{'a':'ü'}}}",
        "{'metadata':{'resourceVersion':'OURS','name':'web'},'spec':{'resourceVersion':'OURS'}}"
            + "|{'metadata':{'resourceVersion':'77','name':'web'},'spec':{'resourceVersion':'OURS'}}",
        "{'metadata':{'resourceVersion':'OURS'},'metadata':{'resourceVersion':'OURS'}}"
            + "|{'metadata':{'resourceVersion':'77'},'metadata':{'resourceVersion':'77'}}",
        "{'metadata':{'resourceVersion':'0'}}|{'metadata':{'resourceVersion':'0'}}",
        "{'metadata':{'resourceVersion':'abc'}}|{'metadata':{'resourceVersion':'abc'}}",
        "{'spec':{'labels':{'multicluster.io/cluster':'m'}}}"
            + "|{'spec':{'labels':{'multicluster.io/cluster':'m'}}}",
        "{'metadata':{'labels':null}}|{'metadata':{'labels':null}}",
        "{'metadata'|{'metadata'",
      })
  void jsonLosesTheMarksAndNamesTheMembersState(String from, String to) {
    for (String type :
        List.of("application/merge-patch+json", "application/strategic-merge-patch+json")) {
      assertThat(text(body("PATCH", POD, type, json(from)))).isEqualTo(json(to));
    }
    assertThat(text(body("PUT", POD, "application/json", json(from)))).isEqualTo(json(to));
    assertThat(text(body("PATCH", POD, "application/apply-patch+yaml", json(from))))
        .isEqualTo(json(to));
  }

  @ParameterizedTest
  @CsvSource({
    "'metadata:\\n  labels:\\n    multicluster.io/cluster: m\\n  name: web\\n',"
        + "'metadata:\\n  labels:\\n    {}\\n  name: web\\n'",
    "'metadata:\\n  labels:\\n    multicluster.io/cluster: m\\n    b: c\\n',"
        + "'metadata:\\n  labels:\\n    \\n    b: c\\n'",
    "'metadata:\\n  labels:\\n    b: c\\n    multicluster.io/cluster: m\\nspec: {}\\n',"
        + "'metadata:\\n  labels:\\n    b: c\\n    \\nspec: {}\\n'",
    "'metadata: {labels: {a: b, multicluster.io/cluster: m, c: d}, name: web}',"
        + "'metadata: {labels: {a: b, c: d}, name: web}'",
    "'metadata: {labels: {a: b, multicluster.io/cluster: m}}'," + "'metadata: {labels: {a: b}}'",
    "'metadata: {labels: {multicluster.io/cluster: m, c: d}}'," + "'metadata: {labels: {c: d}}'",
    "'metadata:\\n  labels:\\n    multicluster.io/cluster: |-\\n      m\\n    b: c\\n',"
        + "'metadata:\\n  labels:\\n    \\n    b: c\\n'",
    "'metadata:\\n  resourceVersion: \"OURS\" # seen\\nspec: yes\\n',"
        + "'metadata:\\n  resourceVersion: \"77\" # seen\\nspec: yes\\n'",
    "'metadata:\\n  name: 🙂\\n  resourceVersion: ''OURS''\\n',"
        + "'metadata:\\n  name: 🙂\\n  resourceVersion: \"77\"\\n'",
    "'metadata:\\n  annotations:\\n    resource.karmada.io/cached-from-cluster: m\\nk: v\\n',"
        + "'metadata:\\n  annotations:\\n    {}\\nk: v\\n'",
  })
  void yamlKeepsItsTextButForTheMarksAndTheState(String from, String to) {
    for (String[] way :
        new String[][] {{"PATCH", "application/apply-patch+yaml"}, {"PUT", "application/yaml"}}) {
      assertThat(text(body(way[0], POD, way[1], yaml(from)))).isEqualTo(yaml(to));
    }
  }

  /** Takes seconds, but minutes if each label is searched for from the start. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void yamlOfTheLargestSizeCostsNoMoreThanItsLength() {
    StringBuilder labels = new StringBuilder("metadata:\n  labels:\n");
    for (int i = 0; i < 150_000; i++) {
      labels.append("    key-").append(i).append(": 🙂\n");
    }
    String mark = "    multicluster.io/cluster: m\n";
    String written = text(body("PUT", POD, "application/yaml", labels + mark + "    z: z\n"));
    assertThat(written).isEqualTo(labels + "    \n    z: z\n");
  }

  @Test
  void yamlThatRefersToItsMetadataIsRefused() {
    assertThatThrownBy(
            () -> body("PUT", POD, "application/yaml", "a: &l {}\nmetadata: {labels: *l}\n"))
        .isInstanceOf(ApiException.class)
        .hasMessage("labels must be written out, without aliases, merge keys and complex keys");
  }

  @Test
  void aStateThatIsNoLongerKnownIsAConflictInKubernetesWords() {
    assertThatThrownBy(() ->
            body("PUT", POD, "application/json", "{\"metadata\":{\"resourceVersion\":\"5\"}}"))
        .isInstanceOf(ApiException.class)
        .hasMessage(
            "Operation cannot be fulfilled on pods \"web\": the object has been modified; please"
                + " apply your changes to the latest version and try again");
    assertThatThrownBy(() ->
            body(
                "DELETE",
                POD,
                "application/json",
                "{\"preconditions\":{\"resourceVersion\":\"5\"}}"))
        .hasMessage(
            "Operation cannot be fulfilled on Pod \"web\": the ResourceVersion in the precondition"
                + " (5) does not match the ResourceVersion in record ("
                + ours
                + "). The object might have been modified");
  }

  @Test
  void anotherClusterInTheLabelIsInvalid() {
    assertThatThrownBy(() ->
            body(
                "PATCH",
                POD,
                "application/merge-patch+json",
                "{\"metadata\":{\"labels\":{\"multicluster.io/cluster\":\"n\"}}}"))
        .isInstanceOf(ApiException.class)
        .hasMessage(
            "Pod \"web\" is invalid: metadata.labels[multicluster.io/cluster]: Invalid value:"
                + " \"n\": the label shows the cluster in which the object is, m, and can't be"
                + " changed");
  }

  @Test
  void preconditionsOfDeletionsAndEvictionsAreTranslated() {
    assertThat(
            text(
                body(
                    "DELETE",
                    POD,
                    "application/json",
                    "{\"preconditions\":{\"uid\":\"u1\",\"resourceVersion\":\"" + ours + "\"}}")))
        .isEqualTo("{\"preconditions\":{\"uid\":\"u1\",\"resourceVersion\":\"77\"}}");
    assertThat(
            text(
                body(
                    "POST",
                    POD + "/eviction",
                    "application/json",
                    "{\"deleteOptions\":{\"preconditions\":{\"resourceVersion\":\""
                        + ours
                        + "\"}}}")))
        .isEqualTo("{\"deleteOptions\":{\"preconditions\":{\"resourceVersion\":\"77\"}}}");
  }

  @Test
  void protobufObjectsLoseTheMarksAndNameTheMembersState() {
    ProtoWriter metadata =
        new ProtoWriter()
            .string(1, "web")
            .string(6, ours)
            .message(11, entry("a", "1"))
            .message(11, entry("multicluster.io/cluster", "m"))
            .message(12, entry("resource.karmada.io/cached-from-cluster", "m"));
    byte[] sent = enveloped("v1", "Pod", new ProtoWriter().message(1, metadata).bool(9, true));

    byte[] rewritten = body("PUT", POD, "application/vnd.kubernetes.protobuf", sent);

    ProtoWriter expected =
        new ProtoWriter().string(1, "web").string(6, "77").message(11, entry("a", "1"));
    assertThat(rewritten)
        .isEqualTo(enveloped("v1", "Pod", new ProtoWriter().message(1, expected).bool(9, true)));
  }

  @Test
  void protobufPreconditionsNameTheMembersState() {
    ProtoWriter options =
        new ProtoWriter().int64(1, 5).message(2, new ProtoWriter().string(1, "u1").string(2, ours));
    byte[] deletion =
        body(
            "DELETE",
            POD,
            "application/vnd.kubernetes.protobuf",
            enveloped("v1", "DeleteOptions", options));
    assertThat(precondition(raw(deletion))).isEqualTo("77");

    ProtoWriter eviction =
        new ProtoWriter().message(1, new ProtoWriter().string(1, "web")).message(2, options);
    byte[] evicted =
        body(
            "POST",
            POD + "/eviction",
            "application/vnd.kubernetes.protobuf",
            enveloped("policy/v1", "Eviction", eviction));
    String last = "";
    ProtoReader fields = raw(evicted);
    while (fields.next()) {
      if (fields.field() == 2) {
        last = precondition(fields.message());
      }
    }
    assertThat(last).isEqualTo("77");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{'op':'remove','path':'/metadata/labels/multicluster.io~1cluster'}|",
        "{'op':'test','path':'/metadata/labels/multicluster.io~1cluster','value':'m'}|",
        "{'op':'add','path':'/metadata/labels/multicluster.io~1cluster','value':'m'}|",
        "{'op':'replace','path':'/metadata/labels','value':{'a':'b','multicluster.io/cluster':'m'}}"
            + "|{'op':'add','path':'/metadata/labels','value':{'a':'b'}}",
        "{'op':'remove','path':'/metadata/labels'}"
            + "|{'op':'add','path':'/metadata/labels','value':{}}",
        "{'op':'test','path':'/metadata/labels','value':{'multicluster.io/cluster':'m'}}"
            + "|{'op':'test','path':'/metadata/labels','value':null}",
        "{'op':'test','path':'/metadata/resourceVersion','value':'OURS'}"
            + "|{'op':'test','path':'/metadata/resourceVersion','value':'77'}",
        "{'op':'test','path':'/metadata/resourceVersion','value':'77'}"
            + "|{'op':'test','path':'/metadata/resourceVersion','value':'0'}",
        "{'op':'replace','path':'/metadata/resourceVersion','value':'OURS'}"
            + "|{'op':'replace','path':'/metadata/resourceVersion','value':'77'}",
        "{'op':'copy','from':'/metadata/labels/multicluster.io~1cluster','path':'/spec/x'}"
            + "|{'op':'add','path':'/spec/x','value':'m'}",
        "{'op':'replace','path':'/spec/a','value':1.10}"
            + "|{'op':'replace','path':'/spec/a','value':1.10}",
      })
  void operationsOfAJsonPatchDoThereWhatTheyWouldDoHere(String from, String to) {
    String expected = "[" + (to == null ? "" : json(to)) + "]";
    assertThat(text(body("PATCH", POD, "application/json-patch+json", "[" + json(from) + "]")))
        .isEqualTo(expected);
  }

  @Test
  void aLabelForAnObjectThatHasNoneOfItsOwnMakesTheMap() {
    Body body =
        bodyOf(
            "PATCH",
            POD,
            "application/json-patch+json",
            json("[{'op':'add','path':'/metadata/labels/a','value':'b'}]").getBytes(UTF_8));
    assertThat(text(body.first()))
        .contains(json("{'op':'test','path':'/metadata/labels','value':null}"))
        .contains(json("{'op':'add','path':'/metadata/labels','value':{}}"))
        .endsWith(json(",{'op':'add','path':'/metadata/labels/a','value':'b'}]"));
    assertThat(body.otherwise())
        .asString(UTF_8)
        .isEqualTo(json("[{'op':'add','path':'/metadata/labels/a','value':'b'}]"));
  }

  @Test
  void aFailingTestOfTheMarkFailsAsAnyOther() {
    assertThatThrownBy(() ->
            body(
                "PATCH",
                POD,
                "application/json-patch+json",
                json(
                    "[{'op':'test','path':'/metadata/labels/multicluster.io~1cluster','value':'n'}]")))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(422));
  }

  private byte[] body(String method, String path, String type, String body) {
    return body(method, path, type, body.getBytes(UTF_8));
  }

  private byte[] body(String method, String path, String type, byte[] body) {
    return bodyOf(method, path, type, body).first();
  }

  private Body bodyOf(String method, String path, String type, byte[] body) {
    RequestInfo info = RequestInfoParser.parse(method, path, Query.EMPTY);
    byte[] shown = cache.json(CachedKind.PODS.resource(), "m", "x", "web");
    return Body.of(body, type, info, shown, new MemberTerms(cache, info, "m"));
  }

  private String json(String text) {
    return text.replace('\'', '"').replace("OURS", ours);
  }

  private String yaml(String text) {
    return text.replace("\\n", "\n").replace("OURS", ours);
  }

  private static String text(byte[] body) {
    return new String(body, UTF_8);
  }

  private static ProtoWriter entry(String key, String value) {
    return new ProtoWriter().string(1, key).string(2, value);
  }

  private static byte[] enveloped(String apiVersion, String kind, ProtoWriter message) {
    byte[] raw = message.toByteArray();
    ByteBuf out = Unpooled.buffer();
    new Envelope(apiVersion, kind).write(out, raw, 0, raw.length);
    return ByteBufUtil.getBytes(out);
  }

  private static ProtoReader raw(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    return new ProtoReader(body, content.rawStart(), content.rawEnd());
  }

  /** Of fields that stand there twice the later counts. */
  private static String precondition(ProtoReader options) {
    String version = "";
    while (options.next()) {
      if (options.field() == 2) {
        ProtoReader preconditions = options.message();
        while (preconditions.next()) {
          version = preconditions.field() == 2 ? preconditions.string() : version;
        }
      }
    }
    return version;
  }
}
