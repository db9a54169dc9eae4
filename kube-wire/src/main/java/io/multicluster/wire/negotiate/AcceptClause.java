package io.multicluster.wire.negotiate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One clause of an Accept header. Read with the leniency of the parser that kube-apiserver uses:
 * what it does not understand is skipped, and {@code q=0} only puts a clause last.
 */
record AcceptClause(String type, String subtype, double quality, Map<String, String> parameters) {
  /** The clauses in the order in which they are to be tried. */
  static List<AcceptClause> parse(String header) {
    List<AcceptClause> clauses = new ArrayList<>();
    for (String part : pieces(header, ',')) {
      List<String> pieces = pieces(part, ';');
      String range = pieces.isEmpty() ? "" : trim(pieces.getFirst());
      List<String> types = pieces(range, '/');
      String type = types.isEmpty() ? "" : trim(types.getFirst());
      String subtype;
      if (types.size() == 2) {
        subtype = trim(types.get(1));
      } else if (types.size() == 1 && type.equals("*")) {
        subtype = "*";
      } else {
        continue;
      }
      clauses.add(clause(type, subtype, pieces.subList(1, pieces.size())));
    }
    sort(clauses);
    return clauses;
  }

  private static AcceptClause clause(String type, String subtype, List<String> pieces) {
    double quality = 1;
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String piece : pieces) {
      List<String> pair = pieces(piece, '=');
      if (pair.size() != 2) {
        continue;
      }
      String name = trim(pair.getFirst());
      if (name.equals("q")) {
        quality = quality(pair.get(1));
      } else {
        parameters.put(name, trim(pair.get(1)));
      }
    }
    return new AcceptClause(type, subtype, quality, parameters);
  }

  private static double quality(String text) {
    try {
      return Float.parseFloat(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /**
   * An insertion sort, since the order is not a consistent one: a precise type of low quality goes
   * before a wildcard, while one precise type goes before another by quality.
   */
  private static void sort(List<AcceptClause> clauses) {
    for (int i = 1; i < clauses.size(); i++) {
      for (int j = i; j > 0 && clauses.get(j).before(clauses.get(j - 1)); j--) {
        clauses.set(j, clauses.set(j - 1, clauses.get(j)));
      }
    }
  }

  private boolean before(AcceptClause other) {
    return quality > other.quality
        || (!type.equals("*") && other.type.equals("*"))
        || (!subtype.equals("*") && other.subtype.equals("*"));
  }

  boolean accepts(Format format) {
    return switch (type) {
      case "*" -> subtype.equals("*");
      case "application" -> subtype.equals("*") || subtype.equals(format.subtype());
      default -> false;
    };
  }

  /** A last piece that is empty does not count, as if the separator were not there. */
  private static List<String> pieces(String text, char separator) {
    List<String> pieces = new ArrayList<>(4);
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf(separator, start);
      if (end < 0) {
        end = text.length();
      }
      pieces.add(text.substring(start, end));
      start = end + 1;
    }
    return pieces;
  }

  private static String trim(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && text.charAt(start) == ' ') {
      start++;
    }
    while (end > start && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.substring(start, end);
  }
}
