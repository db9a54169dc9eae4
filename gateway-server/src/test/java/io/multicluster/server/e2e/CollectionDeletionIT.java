package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.e2e.RawKube.Answer;
import io.multicluster.testclusters.RealClusters;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Collections are deleted through the gateway, and answered as the real API server behind it
 * answers to the same, asked directly and as a dry run: that is answered alike.
 */
class CollectionDeletionIT {
  private static final String JSON = "application/json";
  private static final String MERGE = "application/merge-patch+json";
  private static final String MAPS = "/api/v1/namespaces/prod-shop/configmaps";
  private static final String PODS = "/api/v1/namespaces/prod-shop/pods";
  private static final String CLONESETS =
      "/apis/apps.kruise.io/v1alpha1/namespaces/prod-shop/clonesets";

  @TempDir private static Path folder;
  private static ProtectedFederation world;
  private static RawKube gateway;
  private static RawKube controlPlane;
  private static RawKube member;

  @BeforeAll
  static void start() throws Exception {
    RealClusters.assumeAvailable();
    world = new ProtectedFederation(folder);
    gateway = world.raw("kate", "dev");
    controlPlane = world.rawDirect();
    member = world.rawMember();
  }

  @AfterAll
  static void stop() {
    if (world != null) {
      List.of(gateway, controlPlane, member).forEach(RawKube::close);
      world.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        JSON,
        "application/yaml",
        RawKube.PROTOBUF,
        RawKube.PROTOBUF + ",application/json",
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        "text/plain",
      })
  void theAnswerIsTheServersOwn(String accept) {
    for (String query :
        List.of(
            "labelSelector=set%3Da",
            "labelSelector=set%3Dnone",
            "dryRun=All",
            "propagationPolicy=Foreground",
            "fieldSelector=metadata.name%3Db&includeObject=None")) {
      same(controlPlane, "", MAPS, query, "", accept);
    }
    same(controlPlane, "", CLONESETS, "labelSelector=set%3Da", "", accept);
    same(member, "/clusters/m1", MAPS, "", "", accept);
  }

  @Test
  void aSelectorThatCanNotBeIsTheServersToRefuse() {
    Answer refused = same(controlPlane, "", MAPS, "fieldSelector=spec.colour%3Dblue", "", JSON);
    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
  }

  @Test
  void preconditionsThatDoNotHoldAreRefusedInTheServersWordsAndNothingGoes() {
    for (String condition : List.of("uid", "resourceVersion")) {
      String options = "{\"preconditions\":{\"" + condition + "\":\"7\"}}";
      Answer refused = same(controlPlane, "", MAPS, "labelSelector=set%3Da", options, JSON);
      assertThat(refused.status()).as(refused.text()).isEqualTo(409);
      assertThat(controlPlane.get(MAPS + "/a").status()).isEqualTo(200);
      assertThat(controlPlane.get(MAPS + "/b").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/namespaces",
        "/api/v1/configmaps",
        "/apis/apps.kruise.io/v1alpha1/clonesets"
      })
  void whatHasNoSuchDeletionIsNotDeletedOneByOne(String collection) {
    make(controlPlane, MAPS);
    make(controlPlane, CLONESETS);
    Answer expected = controlPlane.send("DELETE", collection + "?dryRun=All", "", "");
    Answer actual = gateway.send("DELETE", collection, "", "");
    assertThat(actual.status()).as(actual.text()).isEqualTo(expected.status()).isIn(404, 405);
    assertThat(controlPlane.get(MAPS + "/a").status()).isEqualTo(200);
    assertThat(controlPlane.get(CLONESETS + "/a").status()).isEqualTo(200);
  }

  @Test
  void podsOfMembersAreAnsweredAsTheyWere() {
    String selected = PODS + "?labelSelector=set%3Da";
    make(member, PODS);
    Awaitility.await("the pods are seen")
        .atMost(Duration.ofSeconds(30))
        .until(() -> gateway.get(selected).object().at("/items").size() == 2);
    Answer expected = member.send("DELETE", selected + "&dryRun=All", "", "");
    Answer before = gateway.get(selected);

    Answer deleted = gateway.send("DELETE", selected, "", "");

    assertThat(deleted.status()).as(deleted.text()).isEqualTo(expected.status()).isEqualTo(200);
    assertThat(deleted.text()).isEqualTo(before.text());
    for (String same : List.of("kind", "apiVersion")) {
      assertThat(deleted.object().get(same)).isEqualTo(expected.object().get(same));
    }
    assertThat(uids(deleted)).isEqualTo(uids(expected));
    assertThat(member.get(selected).object().at("/items")).isEmpty();
    assertThat(gateway.send("DELETE", selected, "", "").object().at("/items").toString())
        .isEqualTo("[]");
  }

  private static List<String> uids(Answer list) {
    return list.object().at("/items").findValues("metadata").stream()
        .map(metadata -> metadata.path("uid").asText())
        .toList();
  }

  /** Asks both, and again if somebody else wrote in between: a list tells the time. */
  private static Answer same(
      RawKube server,
      String entry,
      String collection,
      String query,
      String options,
      String accept) {
    String dry = options.replaceFirst("\\{", "{\"dryRun\":[\"All\"],");
    Answer expected;
    Answer actual;
    int tries = 0;
    do {
      make(server, collection);
      expected = delete(server, collection + "?dryRun=All&" + query, dry, accept);
      actual = delete(gateway, entry + collection + "?" + query, options, accept);
    } while (!actual.text().equals(expected.text()) && ++tries < 5);
    String what = accept + " " + collection + "?" + query;
    assertThat(actual.status()).as(what).isEqualTo(expected.status());
    assertThat(actual.text()).as(what).isEqualTo(expected.text());
    if (actual.status() == 200 && !query.contains("dryRun")) {
      assertThat(server.get(collection + "?" + query).object().at("/items"))
          .as(what)
          .allMatch(left -> left.at("/metadata").has("deletionTimestamp"));
    }
    return actual;
  }

  private static Answer delete(RawKube server, String target, String options, String accept) {
    return server.send(
        "DELETE",
        target,
        options.isEmpty() ? "" : JSON,
        accept,
        options.getBytes(StandardCharsets.UTF_8));
  }

  /** Objects {@code a} and {@code b}, unless they are there. */
  private static void make(RawKube server, String collection) {
    String kind =
        switch (collection) {
          case MAPS -> "'apiVersion':'v1','kind':'ConfigMap'";
          case PODS ->
              "'apiVersion':'v1','kind':'Pod',"
                  + "'spec':{'containers':[{'name':'main','image':'registry.example.com/web:1'}]}";
          default -> "'apiVersion':'apps.kruise.io/v1alpha1','kind':'CloneSet'";
        };
    for (String name : List.of("a", "b")) {
      server.send("PATCH", collection + "/" + name, MERGE, "{\"metadata\":{\"finalizers\":null}}");
      String object = "{" + kind + ",'metadata':{'name':'" + name + "','labels':{'set':'a'}}}";
      server.send("POST", collection, JSON, object.replace('\'', '"'));
    }
  }
}
