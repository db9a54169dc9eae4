package io.multicluster.authn;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Headers that speak of users: {@code X-Remote-*} and {@code Impersonate-*} have the same form. */
public final class UserHeaders {
  private UserHeaders() {}

  /** The first value; empty if there is none. */
  public static String first(Http2Headers headers, CharSequence name) {
    CharSequence value = headers.get(name);
    return value == null ? "" : value.toString();
  }

  /** All values, in order. */
  public static List<String> all(Http2Headers headers, CharSequence name) {
    return headers.getAll(name).stream().map(CharSequence::toString).toList();
  }

  /**
   * Extra attributes: what follows the prefix is the key, percent-encoded where a header can't say
   * it.
   */
  public static Map<String, List<String>> extra(Http2Headers headers, String prefix) {
    Map<String, List<String>> extra = new LinkedHashMap<>();
    headers.forEach(header -> {
      if (startsWith(header.getKey(), prefix)) {
        String key = header.getKey().toString().substring(prefix.length());
        extra
            .computeIfAbsent(decoded(key.toLowerCase(Locale.ROOT)), _ -> new ArrayList<>())
            .add(header.getValue().toString());
      }
    });
    return extra;
  }

  static boolean anyWithPrefix(Http2Headers headers, String prefix) {
    for (Map.Entry<CharSequence, CharSequence> header : headers) {
      if (startsWith(header.getKey(), prefix)) {
        return true;
      }
    }
    return false;
  }

  /** Removes all headers whose name begins with a prefix. */
  public static void removeAll(Http2Headers headers, String prefix) {
    List<CharSequence> found = null;
    for (Map.Entry<CharSequence, CharSequence> header : headers) {
      if (startsWith(header.getKey(), prefix)) {
        if (found == null) {
          found = new ArrayList<>();
        }
        found.add(header.getKey());
      }
    }
    if (found != null) {
      found.forEach(headers::remove);
    }
  }

  private static boolean startsWith(CharSequence name, String prefix) {
    return AsciiString.regionMatches(name, true, 0, prefix, 0, prefix.length());
  }

  /** Malformed escapes leave the key as it is: an attribute that somebody set is never dropped. */
  private static String decoded(String key) {
    if (key.indexOf('%') < 0) {
      return key;
    }
    try {
      return URLDecoder.decode(key.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return key;
    }
  }
}
