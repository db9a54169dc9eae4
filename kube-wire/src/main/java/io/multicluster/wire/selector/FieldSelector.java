package io.multicluster.wire.selector;

import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A conjunction of conditions on fields, such as {@code spec.nodeName=n1,status.phase!=Running}.
 * Which fields exist is not its concern: see {@link FieldLabels}.
 *
 * @param requirements in the order of their text, as kube-apiserver sorts them; empty matches
 *     everything
 */
public record FieldSelector(List<Requirement> requirements) {
  public static final FieldSelector EVERYTHING = new FieldSelector(List.of());

  /**
   * @param equal whether the field must have the value; otherwise it must not
   * @param value unescaped
   */
  public record Requirement(String field, boolean equal, String value) {
    boolean matches(FieldSet fields) {
      return fields.get(field).equals(value) == equal;
    }

    @Override
    public String toString() {
      return field + (equal ? "=" : "!=") + escape(value);
    }
  }

  public FieldSelector {
    requirements = List.copyOf(requirements);
  }

  /**
   * @throws ApiException 400 with the text of kube-apiserver
   */
  public static FieldSelector parse(String text) {
    if (text.isEmpty()) {
      return EVERYTHING;
    }
    List<Requirement> requirements = new ArrayList<>();
    for (String term : terms(text)) {
      if (!term.isEmpty()) {
        Requirement requirement = requirement(text, term);
        // Says nothing, and kube-apiserver takes it so.
        if (!requirement.field.isEmpty() || !requirement.value.isEmpty()) {
          requirements.add(requirement);
        }
      }
    }
    return new FieldSelector(requirements);
  }

  public boolean isEmpty() {
    return requirements.isEmpty();
  }

  public boolean matches(FieldSet fields) {
    for (Requirement requirement : requirements) {
      if (!requirement.matches(fields)) {
        return false;
      }
    }
    return true;
  }

  /** The value that the field must have; null if several or any will do. */
  public @Nullable String exactly(String field) {
    for (Requirement requirement : requirements) {
      if (requirement.equal && requirement.field.equals(field)) {
        return requirement.value;
      }
    }
    return null;
  }

  /** This and one more condition. */
  public FieldSelector and(Requirement requirement) {
    List<Requirement> all = new ArrayList<>(requirements);
    all.add(requirement);
    return new FieldSelector(all);
  }

  /** This but for the conditions on one field. */
  public FieldSelector without(String field) {
    return new FieldSelector(
        requirements.stream().filter(requirement -> !requirement.field.equals(field)).toList());
  }

  /** In the form that {@link #parse} reads. */
  @Override
  public String toString() {
    return requirements.stream().map(Requirement::toString).collect(Collectors.joining(","));
  }

  private static String[] terms(String text) {
    List<String> terms = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == ',') {
        terms.add(text.substring(start, i));
        start = i + 1;
      }
    }
    terms.add(text.substring(start));
    String[] sorted = terms.toArray(String[]::new);
    Arrays.sort(sorted);
    return sorted;
  }

  private static Requirement requirement(String text, String term) {
    for (int i = 0; i < term.length(); i++) {
      if (term.startsWith("!=", i)) {
        return new Requirement(term.substring(0, i), false, unescape(term.substring(i + 2)));
      }
      if (term.charAt(i) == '=') {
        int value = term.startsWith("==", i) ? i + 2 : i + 1;
        return new Requirement(term.substring(0, i), true, unescape(term.substring(value)));
      }
    }
    throw ApiException.badRequest(
        "invalid selector: '" + text + "'; can't understand '" + term + "'");
  }

  private static String escape(String value) {
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=");
  }

  private static String unescape(String value) {
    if (value.indexOf('\\') < 0 && value.indexOf('=') < 0) {
      return value;
    }
    StringBuilder out = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '=') {
        // Go prints the rune's number, not the character.
        throw ApiException.badRequest(
            "invalid field selector: unescaped character in value: " + (int) c);
      }
      if (c == '\\') {
        i++;
        if (i == value.length() || "\\,=".indexOf(value.charAt(i)) < 0) {
          String escaped = i == value.length() ? "" : Character.toString(value.codePointAt(i));
          throw ApiException.badRequest(
              "invalid field selector: invalid escape sequence: \\" + escaped);
        }
        c = value.charAt(i);
      }
      out.append(c);
    }
    return out.toString();
  }
}
