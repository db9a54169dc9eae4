package io.multicluster.wire.selector;

import io.multicluster.wire.selector.LabelSelector.Operator;
import io.multicluster.wire.selector.LabelSelector.Requirement;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Reads label selectors by recursive descent. {@code in} and {@code notin} are keywords only where
 * an operator is expected: both are valid keys and values. Words its errors as apimachinery does,
 * since tests of clients compare them.
 */
final class LabelSelectorParser {
  private enum Token {
    END,
    WORD,
    IN,
    NOT_IN,
    COMMA,
    OPEN,
    CLOSE,
    NOT,
    EQUALS,
    DOUBLE_EQUALS,
    NOT_EQUALS,
    GREATER,
    LESS
  }

  private static final String OPERATORS = "in, notin, =, ==, !=, gt, lt";

  private final String text;
  private int position;
  private Token token = Token.END;
  private String literal = "";

  LabelSelectorParser(String text) {
    this.text = text;
    advance();
  }

  List<Requirement> parse() {
    List<Requirement> requirements = new ArrayList<>();
    while (true) {
      if (token == Token.END) {
        return requirements;
      }
      if (!isWord() && token != Token.NOT) {
        throw error("found '" + literal + "', expected: !, identifier, or 'end of string'");
      }
      requirements.add(requirement());
      if (token == Token.END) {
        return requirements;
      }
      if (token != Token.COMMA) {
        throw error("found '" + literal + "', expected: ',' or 'end of string'");
      }
      advance();
      if (!isWord() && token != Token.NOT) {
        throw error("found '" + literal + "', expected: identifier after ','");
      }
    }
  }

  private Requirement requirement() {
    boolean negated = token == Token.NOT;
    if (negated) {
      advance();
    }
    if (!isWord()) {
      throw inRequirement("found '" + literal + "', expected: identifier");
    }
    String key = literal;
    String wrong = LabelSyntax.keyError(key);
    if (wrong != null) {
      throw inRequirement("<nil>: Invalid value: " + GoText.quote(key) + ": " + wrong);
    }
    advance();
    if (negated) {
      return new Requirement(key, Operator.DOES_NOT_EXIST, List.of());
    }
    if (token == Token.END || token == Token.COMMA) {
      return new Requirement(key, Operator.EXISTS, List.of());
    }
    Operator operator = operator();
    List<String> values =
        switch (operator) {
          case IN, NOT_IN -> set();
          default -> List.of(exactValue());
        };
    check(key, operator, values);
    return new Requirement(key, operator, values);
  }

  private Operator operator() {
    Operator operator =
        switch (token) {
          case IN -> Operator.IN;
          case NOT_IN -> Operator.NOT_IN;
          case EQUALS -> Operator.EQUALS;
          case DOUBLE_EQUALS -> Operator.DOUBLE_EQUALS;
          case NOT_EQUALS -> Operator.NOT_EQUALS;
          case GREATER -> Operator.GREATER_THAN;
          case LESS -> Operator.LESS_THAN;
          default -> throw inRequirement("found '" + literal + "', expected: " + OPERATORS);
        };
    advance();
    return operator;
  }

  private String exactValue() {
    if (token == Token.END || token == Token.COMMA) {
      return "";
    }
    if (!isWord()) {
      throw inRequirement("found '" + literal + "', expected: identifier");
    }
    String value = literal;
    advance();
    return value;
  }

  /** {@code ()} is the set of the empty value, and so is every gap between commas. */
  private List<String> set() {
    if (token != Token.OPEN) {
      throw inRequirement("found '" + literal + "' expected: '('");
    }
    advance();
    if (token == Token.CLOSE) {
      advance();
      return List.of("");
    }
    if (!isWord() && token != Token.COMMA) {
      throw inRequirement("found '" + literal + "', expected: ',', ')' or identifier");
    }
    TreeSet<String> values = new TreeSet<>();
    while (true) {
      if (isWord()) {
        values.add(literal);
        advance();
        if (token != Token.COMMA && token != Token.CLOSE) {
          throw inRequirement("found '" + literal + "', expected: ',' or ')'");
        }
      } else if (token == Token.COMMA) {
        if (values.isEmpty()) {
          values.add("");
        }
        advance();
        if (token == Token.COMMA || token == Token.CLOSE) {
          values.add("");
        }
      } else if (token == Token.CLOSE) {
        advance();
        return List.copyOf(values);
      } else {
        throw inRequirement("found '" + literal + "', expected: ',', or identifier");
      }
    }
  }

  private void check(String key, Operator operator, List<String> values) {
    List<String> errors = new ArrayList<>();
    if (operator == Operator.GREATER_THAN || operator == Operator.LESS_THAN) {
      String value = values.getFirst();
      try {
        Long.parseLong(value);
      } catch (NumberFormatException e) {
        errors.add(
            "values[0]: Invalid value: "
                + GoText.quote(value)
                + ": for 'Gt', 'Lt' operators, the value must be an integer");
      }
    }
    for (int i = 0; i < values.size(); i++) {
      String wrong = LabelSyntax.valueError(values.get(i));
      if (wrong != null) {
        errors.add(
            String.format(
                Locale.ROOT,
                "values[%d][%s]: Invalid value: %s: %s",
                i,
                key,
                GoText.quote(values.get(i)),
                wrong));
      }
    }
    if (errors.size() == 1) {
      throw inRequirement(errors.getFirst());
    }
    if (!errors.isEmpty()) {
      throw inRequirement("[" + String.join(", ", errors) + "]");
    }
  }

  private boolean isWord() {
    return token == Token.WORD || token == Token.IN || token == Token.NOT_IN;
  }

  private void advance() {
    while (position < text.length() && isBlank(text.charAt(position))) {
      position++;
    }
    int start = position;
    if (start == text.length()) {
      token = Token.END;
      literal = "";
    } else if (isSymbol(text.charAt(start))) {
      symbol();
    } else {
      while (position < text.length()
          && !isSymbol(text.charAt(position))
          && !isBlank(text.charAt(position))) {
        position++;
      }
      literal = text.substring(start, position);
      token =
          switch (literal) {
            case "in" -> Token.IN;
            case "notin" -> Token.NOT_IN;
            default -> Token.WORD;
          };
    }
  }

  private void symbol() {
    boolean equalsNext = text.startsWith("=", position + 1);
    token =
        switch (text.charAt(position)) {
          case ',' -> Token.COMMA;
          case '(' -> Token.OPEN;
          case ')' -> Token.CLOSE;
          case '>' -> Token.GREATER;
          case '<' -> Token.LESS;
          case '!' -> equalsNext ? Token.NOT_EQUALS : Token.NOT;
          default -> equalsNext ? Token.DOUBLE_EQUALS : Token.EQUALS;
        };
    int length = token == Token.NOT_EQUALS || token == Token.DOUBLE_EQUALS ? 2 : 1;
    literal = text.substring(position, position + length);
    position += length;
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
  }

  private static boolean isSymbol(char c) {
    return "=!(),><".indexOf(c) >= 0;
  }

  private static ApiException inRequirement(String message) {
    return error("unable to parse requirement: " + message);
  }

  private static ApiException error(String message) {
    return ApiException.badRequest(message);
  }
}
