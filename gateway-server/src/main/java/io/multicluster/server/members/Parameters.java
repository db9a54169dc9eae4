package io.multicluster.server.members;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The query of a request, to be changed in places: the others stay as they were written.
 *
 * @param text still escaped
 */
record Parameters(String text) {
  /** The query with one value of a parameter instead of those that it has. */
  String with(String name, String value) {
    String rest = without(name);
    String set = name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    return rest.isEmpty() ? set : rest + "&" + set;
  }

  /** The query without parameters of those names. */
  String without(String... names) {
    Set<String> left = Set.of(names);
    return Stream.of(text.split("&", -1))
        .filter(parameter -> !parameter.isEmpty() && !left.contains(name(parameter)))
        .collect(Collectors.joining("&"));
  }

  private static String name(String parameter) {
    int equals = parameter.indexOf('=');
    return URLDecoder.decode(
        equals < 0 ? parameter : parameter.substring(0, equals), StandardCharsets.UTF_8);
  }
}
