package io.multicluster.wire.request;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a request, decoded. Names are case-sensitive and may repeat; where one value is
 * asked for, the first counts, as in kube-apiserver. Immutable.
 */
public final class Query {
  public static final Query EMPTY = new Query(Map.of());

  private final Map<String, List<String>> parameters;

  private Query(Map<String, List<String>> parameters) {
    this.parameters = parameters;
  }

  /**
   * Reads the part of a request target behind the question mark.
   *
   * <p>A parameter with a broken escape or a semicolon is dropped silently by Go's servers. Here it
   * is refused: a {@code dryRun} or a selector that goes unnoticed is worse than an error.
   *
   * @throws ApiException 400
   */
  public static Query parse(String query) {
    if (query.isEmpty()) {
      return EMPTY;
    }
    if (query.indexOf(';') >= 0) {
      throw ApiException.badRequest("invalid semicolon separator in query");
    }
    Map<String, List<String>> parameters = new LinkedHashMap<>();
    int start = 0;
    while (start <= query.length()) {
      int end = query.indexOf('&', start);
      if (end < 0) {
        end = query.length();
      }
      if (end > start) {
        int equals = query.indexOf('=', start);
        boolean bare = equals < 0 || equals > end;
        String name = PercentDecoder.query(query.substring(start, bare ? end : equals));
        String value = bare ? "" : PercentDecoder.query(query.substring(equals + 1, end));
        parameters.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(value);
      }
      start = end + 1;
    }
    return new Query(parameters);
  }

  public boolean has(String name) {
    return parameters.containsKey(name);
  }

  /** The first value; null if the parameter is absent. */
  public @Nullable String first(String name) {
    List<String> values = parameters.get(name);
    return values == null ? null : values.getFirst();
  }

  /** The first value; empty if the parameter is absent. */
  public String get(String name) {
    List<String> values = parameters.get(name);
    return values == null ? "" : values.getFirst();
  }

  /** All values in order; empty if the parameter is absent. */
  public List<String> all(String name) {
    return Collections.unmodifiableList(parameters.getOrDefault(name, List.of()));
  }

  /** True unless the parameter is absent, {@code 0} or {@code false} in any case. */
  public boolean truthy(String name) {
    String value = first(name);
    return value != null && !value.equals("0") && !value.toLowerCase(Locale.ROOT).equals("false");
  }

  /**
   * The first value as a number, in the decimal form that Go reads; 0 if the parameter is absent.
   *
   * @throws ApiException 400 for everything else, the empty value included
   */
  public long integer(String name) {
    String text = first(name);
    if (text == null) {
      return 0;
    }
    int start = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    boolean number = start < text.length();
    for (int i = start; i < text.length(); i++) {
      number &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    String why = "invalid syntax";
    if (number) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        why = "value out of range";
      }
    }
    throw ApiException.badRequest("strconv.ParseInt: parsing " + GoText.quote(text) + ": " + why);
  }

  @Override
  public String toString() {
    return parameters.toString();
  }
}
