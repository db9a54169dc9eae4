package io.multicluster.server.members;

import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Locale;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * An object in YAML, rewritten for its member. The text is not written anew, since what a plain
 * scalar means differs between YAML readers: keys are cut out of it and values put into it.
 */
final class YamlBody {
  private final String text;
  private final MemberTerms terms;
  private final Iterator<Event> events;
  private final StringBuilder out = new StringBuilder();

  /** Up to where {@link #text} is in {@link #out}. */
  private int copied;

  /** One place in {@link #text}, counted in two ways. */
  private int codePointsCounted;

  private int charsCounted;

  private YamlBody(String text, MemberTerms terms) {
    this.text = text;
    this.terms = terms;
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(text.length() + 1);
    this.events = new Yaml(limits).parse(new StringReader(text)).iterator();
  }

  /**
   * @param place what the body is
   * @throws IOException if it is not YAML
   * @throws ApiException 400 if metadata are referred to instead of written out; else as {@link
   *     MemberTerms} does
   */
  static byte[] inTerms(byte[] body, Place place, MemberTerms terms) throws IOException {
    String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    try {
      YamlBody rewriting = new YamlBody(text, terms);
      rewriting.rewrite(place);
      return rewriting.copied == 0
          ? body
          : rewriting.out.toString().getBytes(StandardCharsets.UTF_8);
    } catch (YAMLException e) {
      throw new IOException(e);
    }
  }

  private void rewrite(Place place) throws IOException {
    Event event = next();
    while (!(event instanceof DocumentStartEvent)) {
      event = next();
    }
    if (!(next() instanceof MappingStartEvent start)) {
      throw new IOException("no object");
    }
    mapping(place, start);
    if (copied > 0) {
      copyTo(text.length());
    }
  }

  /** From behind the start of a mapping to its end, which is returned. */
  private Event mapping(Place place, MappingStartEvent start) throws IOException {
    // Behind the last entry that stays; in flow style the comma follows.
    int kept = -1;
    boolean removed = false;
    boolean any = false;
    Event key = next();
    for (; !(key instanceof MappingEndEvent); key = next()) {
      if (!(key instanceof ScalarEvent name) || name.getValue().equals("<<")) {
        throw referred(place);
      }
      int at = index(key.getStartMark());
      any = true;
      Event value = next();
      if (place.isMark(name.getValue()) && value instanceof ScalarEvent scalar) {
        if (place == Place.LABELS && !isNull(scalar)) {
          terms.label(scalar.getValue());
        }
        if (!removed) {
          copyTo(start.isFlow() && kept >= 0 ? kept : at);
          removed = true;
        }
        cutTo(index(value.getEndMark()), start.isFlow());
        continue;
      }
      if (removed) {
        if (start.isFlow()) {
          copied = at;
          out.append(kept < 0 ? "" : ", ");
        }
        removed = false;
      }
      kept = index(value(place, name.getValue(), value).getEndMark());
    }
    if (any && kept < 0 && !start.isFlow()) {
      // Nothing is left, which in block style would be null instead of an empty object.
      out.append("{}");
    }
    return key;
  }

  /** Returns the last event of the value, whose first is given. */
  private Event value(Place place, String key, Event value) throws IOException {
    Place child = place.child(key);
    return switch (value) {
      case ScalarEvent scalar -> {
        if (place.isResourceVersion(key) && scalar.getScalarStyle() != ScalarStyle.PLAIN) {
          resourceVersion(scalar);
        }
        yield scalar;
      }
      case AliasEvent alias -> {
        if (child != Place.ELSEWHERE) {
          throw referred(child);
        }
        yield alias;
      }
      case MappingStartEvent start when child != Place.ELSEWHERE -> mapping(child, start);
      case CollectionStartEvent _ -> skip();
      default -> throw new IOException("a value is missing");
    };
  }

  private void resourceVersion(ScalarEvent scalar) {
    String theirs = terms.resourceVersion(scalar.getValue());
    if (!theirs.equals(scalar.getValue())) {
      copyTo(index(scalar.getStartMark()));
      out.append('"').append(theirs).append('"');
      copied = index(scalar.getEndMark());
    }
  }

  /** Leaves out what follows; the end of a line stays, since the next one may be indented. */
  private void cutTo(int end, boolean flow) {
    boolean lineEnd = !flow && text.charAt(end - 1) == '\n';
    copied = lineEnd ? end - 1 : end;
  }

  private Event skip() throws IOException {
    int depth = 1;
    while (true) {
      Event event = next();
      if (event instanceof CollectionStartEvent) {
        depth++;
      } else if (event instanceof CollectionEndEvent && --depth == 0) {
        return event;
      }
    }
  }

  private static boolean isNull(ScalarEvent scalar) {
    return scalar.getScalarStyle() == ScalarStyle.PLAIN
        && switch (scalar.getValue()) {
          case "", "~", "null", "Null", "NULL" -> true;
          default -> false;
        };
  }

  private static ApiException referred(Place place) {
    return ApiException.badRequest(
        (place == Place.OBJECT ? "the object" : place.name().toLowerCase(Locale.ROOT))
            + " must be written out, without aliases, merge keys and complex keys");
  }

  private void copyTo(int end) {
    if (end > copied) {
      out.append(text, copied, end);
      copied = end;
    }
  }

  /** Marks count code points. They come in order, so none is counted from the start. */
  private int index(Mark mark) {
    charsCounted = text.offsetByCodePoints(charsCounted, mark.getIndex() - codePointsCounted);
    codePointsCounted = mark.getIndex();
    return charsCounted;
  }

  private Event next() throws IOException {
    if (!events.hasNext()) {
      throw new IOException("the document ends too early");
    }
    return events.next();
  }
}
