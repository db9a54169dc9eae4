package io.multicluster.testclusters.simulated;

import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** A label selector as it stands in a query: {@code a=b,c in (d,e),!f}. */
record LabelSelector(List<Term> terms) {
  static final LabelSelector EVERYTHING = new LabelSelector(List.of());
  private static final Pattern KEY =
      Pattern.compile(
          "(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");
  private static final Pattern VALUE =
      Pattern.compile("(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?");

  /** How a label is compared. */
  enum Operator {
    EXISTS,
    MISSING,
    IN,
    NOT_IN,
    GREATER,
    LESS
  }

  record Term(String key, Operator operator, Set<String> values) {
    boolean matches(Map<String, String> labels) {
      String value = labels.get(key);
      return switch (operator) {
        case EXISTS -> value != null;
        case MISSING -> value == null;
        case IN -> value != null && values.contains(value);
        case NOT_IN -> value == null || !values.contains(value);
        case GREATER, LESS -> value != null && compares(value);
      };
    }

    private boolean compares(String value) {
      try {
        long bound = Long.parseLong(values.iterator().next());
        return operator == Operator.GREATER
            ? Long.parseLong(value) > bound
            : Long.parseLong(value) < bound;
      } catch (NumberFormatException e) {
        return false;
      }
    }
  }

  LabelSelector {
    terms = List.copyOf(terms);
  }

  boolean matches(Map<String, String> labels) {
    for (Term term : terms) {
      if (!term.matches(labels)) {
        return false;
      }
    }
    return true;
  }

  static LabelSelector parse(String text) {
    return text.isBlank() ? EVERYTHING : new LabelSelector(new Parser(text).terms());
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    List<Term> terms() {
      List<Term> terms = new ArrayList<>();
      do {
        terms.add(term());
      } while (take(","));
      blanks();
      if (at < text.length()) {
        throw error("found '" + text.substring(at) + "', expected: ',' or 'end of string'");
      }
      return terms;
    }

    private Term term() {
      if (take("!")) {
        return new Term(key(), Operator.MISSING, Set.of());
      }
      String key = key();
      if (take("!=")) {
        return new Term(key, Operator.NOT_IN, Set.of(value()));
      }
      if (take("==") || take("=")) {
        return new Term(key, Operator.IN, Set.of(value()));
      }
      if (take(">")) {
        return new Term(key, Operator.GREATER, Set.of(number()));
      }
      if (take("<")) {
        return new Term(key, Operator.LESS, Set.of(number()));
      }
      int before = at;
      String word = word();
      if (word.equals("in") || word.equals("notin")) {
        return new Term(key, word.equals("in") ? Operator.IN : Operator.NOT_IN, values());
      }
      if (!word.isEmpty()) {
        at = before;
        throw error("found '" + word + "', expected: in, notin, =, ==, !=, gt, lt");
      }
      return new Term(key, Operator.EXISTS, Set.of());
    }

    private Set<String> values() {
      if (!take("(")) {
        throw error("found '" + rest() + "', expected: '('");
      }
      Set<String> values = new TreeSet<>();
      do {
        values.add(value());
      } while (take(","));
      if (!take(")")) {
        throw error("found '" + rest() + "', expected: ',', or ')'");
      }
      return values;
    }

    private String key() {
      String key = word();
      if (!KEY.matcher(key).matches()) {
        throw error(
            "<nil>: Invalid value: \""
                + key
                + "\": name part must consist of"
                + " alphanumeric characters, '-', '_' or '.'");
      }
      return key;
    }

    private String value() {
      String value = word();
      if (!VALUE.matcher(value).matches()) {
        throw error(
            "values[0][]: Invalid value: \""
                + value
                + "\": a valid label must be an empty"
                + " string or consist of alphanumeric characters, '-', '_' or '.'");
      }
      return value;
    }

    private String number() {
      String value = word();
      try {
        return Long.toString(Long.parseLong(value));
      } catch (NumberFormatException e) {
        throw error(
            "values[0][]: Invalid value: \""
                + value
                + "\": for 'Gt', 'Lt' operators, the value"
                + " must be an integer");
      }
    }

    private String word() {
      blanks();
      int start = at;
      while (at < text.length() && " \t\r\n,()=!<>".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at);
    }

    private boolean take(String token) {
      blanks();
      if (text.startsWith(token, at)) {
        at += token.length();
        return true;
      }
      return false;
    }

    private void blanks() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
    }

    private String rest() {
      return text.substring(at);
    }

    private ApiException error(String why) {
      return ApiException.badRequest("unable to parse requirement: " + why);
    }
  }
}
