package io.multicluster.wire.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.request.ListOptions.Match;
import io.multicluster.wire.rv.ContinueToken;
import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.StatusEncoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  private static final String TOKEN = new ContinueToken(5, new byte[] {'a'}, false).encode();

  @Test
  void aListReadsItsParameters() {
    ListOptions options =
        list(
            "labelSelector=app%3Dweb&fieldSelector=spec.host%3Dn1&limit=500&resourceVersion=7"
                + "&resourceVersionMatch=Exact&unknown=x");
    assertThat(options.labels()).hasToString("app=web");
    assertThat(options.fields()).hasToString("spec.nodeName=n1");
    assertThat(options.limit()).isEqualTo(500);
    assertThat(options.resourceVersion()).isEqualTo(new ResourceVersion.At(7));
    assertThat(options.match()).isEqualTo(Match.EXACT);
    assertThat(options.continueToken()).isNull();
    assertThat(list("limit=-3").limit()).isZero();
    assertThat(list("continue=" + TOKEN + "&resourceVersion=0").continueToken()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "limit=x|400|strconv.ParseInt: parsing \"x\": invalid syntax",
        "limit=|400|strconv.ParseInt: parsing \"\": invalid syntax",
        "limit=-|400|strconv.ParseInt: parsing \"-\": invalid syntax",
        "limit=٣|400|strconv.ParseInt: parsing \"٣\": invalid syntax",
        "limit=1%0a|400|strconv.ParseInt: parsing \"1\\n\": invalid syntax",
        "limit=9223372036854775808|400|strconv.ParseInt: parsing \"9223372036854775808\": value"
            + " out of range",
        "timeoutSeconds=1s&limit=x|400|strconv.ParseInt: parsing \"1s\": invalid syntax",
        "labelSelector=a+b|400|unable to parse requirement: found 'b', expected: in, notin, =, ==,"
            + " !=, gt, lt",
        "fieldSelector=spec.foo%3D1|400|field label not supported: spec.foo",
        "resourceVersion=x|400|invalid resource version: resourceVersion: Invalid value: \"x\":"
            + " strconv.ParseUint: parsing \"x\": invalid syntax",
        "continue=garbage|400|invalid continue token: continue key is not valid",
        "resourceVersionMatch=Exact|422|ListOptions.meta.k8s.io \"\" is invalid:"
            + " resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless"
            + " resourceVersion is provided",
        "resourceVersionMatch=Exact&resourceVersion=0|422|ListOptions.meta.k8s.io \"\" is invalid:"
            + " resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for"
            + " resourceVersion \"0\"",
        "resourceVersionMatch=x&resourceVersion=1|422|ListOptions.meta.k8s.io \"\" is invalid:"
            + " resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\","
            + " \"NotOlderThan\", \"\"",
        "sendInitialEvents=0|422|ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents:"
            + " Forbidden: sendInitialEvents is forbidden for list",
        "resourceVersionMatch=Exact&continue=x|422|ListOptions.meta.k8s.io \"\" is invalid:"
            + " [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless"
            + " resourceVersion is provided, resourceVersionMatch: Forbidden: resourceVersionMatch"
            + " is forbidden when continue is provided]",
      })
  void aListRefusesInTheWordsOfKubeApiserver(String query, int code, String message) {
    assertThatThrownBy(() -> list(query))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code))
        .hasMessage(message);
  }

  @Test
  void aPageBelongsToTheStateOfItsToken() {
    assertThatThrownBy(() -> list("continue=" + TOKEN + "&resourceVersion=5"))
        .hasMessage("specifying resource version is not allowed when using continue");
  }

  @Test
  void anInvalidListIsExplainedByACause() {
    assertThatThrownBy(() -> list("resourceVersionMatch=NotOlderThan"))
        .isInstanceOfSatisfying(
            ApiException.class,
            e ->
                assertThat(new String(StatusEncoder.json(e.status()), StandardCharsets.UTF_8))
                    .isEqualTo(
                        """
                        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
                        "message":"ListOptions.meta.k8s.io \\"\\" is invalid: resourceVersionMatch: \
                        Forbidden: resourceVersionMatch is forbidden unless resourceVersion is \
                        provided","reason":"Invalid","details":{"group":"meta.k8s.io",\
                        "kind":"ListOptions","causes":[{"reason":"FieldValueForbidden",\
                        "message":"Forbidden: resourceVersionMatch is forbidden unless \
                        resourceVersion is provided","field":"resourceVersionMatch"}]},"code":422}
                        """));
  }

  @ParameterizedTest
  @CsvSource({
    "'',true",
    "resourceVersion=0,true",
    "resourceVersion=5,false",
    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=5,true",
    "sendInitialEvents=&resourceVersionMatch=NotOlderThan,true",
    "sendInitialEvents=false&resourceVersionMatch=NotOlderThan,false",
    "sendInitialEvents=0&resourceVersionMatch=NotOlderThan&resourceVersion=0,false",
  })
  void aWatchWithoutPositionStartsWithTheState(String query, boolean initialEvents) {
    assertThat(watch(query).initialEvents()).isEqualTo(initialEvents);
  }

  @Test
  void aWatchReadsItsParameters() {
    WatchOptions options = watch("timeoutSeconds=461&allowWatchBookmarks=true&resourceVersion=8");
    assertThat(options.timeoutSeconds()).isEqualTo(461);
    assertThat(options.bookmarks()).isTrue();
    assertThat(options.resourceVersion()).isEqualTo(new ResourceVersion.At(8));
    assertThat(watch("").bookmarks()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sendInitialEvents=true|resourceVersionMatch: Forbidden: sendInitialEvents requires setting"
            + " resourceVersionMatch to NotOlderThan",
        "resourceVersionMatch=NotOlderThan|resourceVersionMatch: Forbidden: resourceVersionMatch is"
            + " forbidden for watch unless sendInitialEvents is provided",
        "resourceVersionMatch=Exact&sendInitialEvents=1|[resourceVersionMatch: Forbidden:"
            + " sendInitialEvents requires setting resourceVersionMatch to NotOlderThan,"
            + " resourceVersionMatch: Unsupported value: \"Exact\": supported values:"
            + " \"NotOlderThan\"]",
        "resourceVersionMatch=NotOlderThan&sendInitialEvents=1&continue=x|resourceVersionMatch:"
            + " Forbidden: resourceVersionMatch is forbidden when continue is provided",
      })
  void aWatchRefusesInTheWordsOfKubeApiserver(String query, String message) {
    assertThatThrownBy(() -> watch(query))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(422))
        .hasMessage("ListOptions.meta.k8s.io \"\" is invalid: " + message);
  }

  @Test
  void aWatchFromNoNumberIsInvalid() {
    assertThatThrownBy(() -> watch("resourceVersion=x"))
        .isInstanceOfSatisfying(
            ApiException.class,
            e ->
                assertThat(e.status().details())
                    .extracting(details -> details.causes().getFirst().field())
                    .isEqualTo("resourceVersion"));
  }

  @Test
  void aLegacyWatchOfANameSelectsIt() {
    String path = "/api/v1/watch/namespaces/shop/pods/web-0";
    RequestInfo info = RequestInfoParser.parse("GET", path, Query.EMPTY);
    assertThat(WatchOptions.parse(Query.EMPTY, info).fields()).hasToString("metadata.name=web-0");
    Query other = Query.parse("fieldSelector=metadata.name%3Dweb-1");
    assertThatThrownBy(() -> WatchOptions.parse(other, info))
        .hasMessage("fieldSelector metadata.name doesn't match requested name");
  }

  @Test
  void aGetReadsItsPosition() {
    assertThat(GetOptions.parse(Query.parse("resourceVersion=0")).resourceVersion())
        .isEqualTo(ResourceVersion.ANY);
    assertThatThrownBy(() -> GetOptions.parse(Query.parse("export=true")))
        .hasMessage("the export parameter, deprecated since v1.14, is no longer supported");
  }

  private static ListOptions list(String query) {
    Query parsed = Query.parse(query);
    return ListOptions.parse(parsed, RequestInfoParser.parse("GET", "/api/v1/pods", parsed));
  }

  private static WatchOptions watch(String query) {
    Query parsed = Query.parse("watch=1&" + query);
    return WatchOptions.parse(parsed, RequestInfoParser.parse("GET", "/api/v1/pods", parsed));
  }
}
