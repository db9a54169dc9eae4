package io.multicluster.wire.selector;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What keys and values of labels may look like. */
final class LabelSyntax {
  private static final int NAME_LENGTH = 63;
  private static final int PREFIX_LENGTH = 253;
  private static final String NAME_REGEX = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
  private static final String PREFIX_REGEX =
      "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
  private static final String NAME_RULE =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
          + " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
          + " validation is '"
          + NAME_REGEX
          + "')";
  private static final String VALUE_RULE =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
          + " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or"
          + " 'my_value',  or '12345', regex used for validation is '("
          + NAME_REGEX
          + ")?')";
  private static final String PREFIX_RULE =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
          + " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex"
          + " used for validation is '"
          + PREFIX_REGEX
          + "')";

  private LabelSyntax() {}

  /** Null if the key is valid. */
  static @Nullable String keyError(String key) {
    int slash = key.indexOf('/');
    if (slash >= 0 && key.indexOf('/', slash + 1) >= 0) {
      return "a valid label key "
          + NAME_RULE
          + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    List<String> errors = new ArrayList<>(0);
    if (slash == 0) {
      errors.add("prefix part must be non-empty");
    } else if (slash > 0) {
      String prefix = key.substring(0, slash);
      if (prefix.length() > PREFIX_LENGTH) {
        errors.add("prefix part must be no more than " + PREFIX_LENGTH + " bytes");
      }
      if (!isSubdomain(prefix)) {
        errors.add("prefix part " + PREFIX_RULE);
      }
    }
    String name = key.substring(slash + 1);
    if (name.isEmpty()) {
      errors.add("name part must be non-empty");
    } else if (name.length() > NAME_LENGTH) {
      errors.add("name part must be no more than " + NAME_LENGTH + " bytes");
    }
    if (!isName(name)) {
      errors.add("name part " + NAME_RULE);
    }
    return errors.isEmpty() ? null : String.join("; ", errors);
  }

  /** Null if the value is valid. */
  static @Nullable String valueError(String value) {
    List<String> errors = new ArrayList<>(0);
    if (value.length() > NAME_LENGTH) {
      errors.add("must be no more than " + NAME_LENGTH + " bytes");
    }
    if (!value.isEmpty() && !isName(value)) {
      errors.add(VALUE_RULE);
    }
    return errors.isEmpty() ? null : String.join("; ", errors);
  }

  private static boolean isName(String name) {
    if (name.isEmpty()
        || !isAlphanumeric(name.charAt(0))
        || !isAlphanumeric(name.charAt(name.length() - 1))) {
      return false;
    }
    for (int i = 1; i < name.length() - 1; i++) {
      char c = name.charAt(i);
      if (!isAlphanumeric(c) && c != '-' && c != '_' && c != '.') {
        return false;
      }
    }
    return true;
  }

  private static boolean isSubdomain(String prefix) {
    boolean labelMayEnd = false;
    for (int i = 0; i < prefix.length(); i++) {
      char c = prefix.charAt(i);
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        labelMayEnd = true;
      } else if (c == '.' && labelMayEnd) {
        labelMayEnd = false;
      } else if (c == '-' && i > 0 && prefix.charAt(i - 1) != '.') {
        labelMayEnd = false;
      } else {
        return false;
      }
    }
    return labelMayEnd;
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
}
