package io.multicluster.wire.rv;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import io.multicluster.wire.status.Status.Cause;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which state a client asks for. */
public sealed interface ResourceVersion {
  /** Nothing said: a state at least as new as the request. */
  record MostRecent() implements ResourceVersion {}

  /** {@code 0}: whatever is at hand. */
  record Any() implements ResourceVersion {}

  /**
   * One state of the collection.
   *
   * @param value positive
   */
  record At(long value) implements ResourceVersion {}

  ResourceVersion MOST_RECENT = new MostRecent();
  ResourceVersion ANY = new Any();

  /**
   * Reads the parameter of a get or a list.
   *
   * @param text empty if the client sent none
   * @throws ApiException 400 unless it is a decimal number below 2^63 without leading zeros
   */
  static ResourceVersion parse(String text) {
    String wrong = error(text);
    if (wrong != null) {
      throw ApiException.badRequest("invalid resource version: resourceVersion: " + wrong);
    }
    return of(text);
  }

  /**
   * Reads the parameter of a watch.
   *
   * @throws ApiException 422
   */
  static ResourceVersion parseForWatch(String text, GroupResource resource) {
    String wrong = error(text);
    if (wrong != null) {
      throw ApiException.invalid(
          resource.group(),
          resource.resource(),
          "",
          List.of(new Cause("FieldValueInvalid", wrong, "resourceVersion")));
    }
    return of(text);
  }

  private static ResourceVersion of(String text) {
    return switch (text) {
      case "" -> MOST_RECENT;
      case "0" -> ANY;
      default -> new At(Long.parseLong(text));
    };
  }

  private static @Nullable String error(String text) {
    boolean digits = text.isEmpty() || text.equals("0") || text.charAt(0) != '0';
    for (int i = 0; i < text.length(); i++) {
      digits &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    String why;
    if (!digits) {
      why = "invalid syntax";
    } else if (text.length() > 19
        || (text.length() == 19 && text.compareTo("9223372036854775807") > 0)) {
      why = "value out of range";
    } else {
      return null;
    }
    String quoted = GoText.quote(text);
    return "Invalid value: " + quoted + ": strconv.ParseUint: parsing " + quoted + ": " + why;
  }
}
