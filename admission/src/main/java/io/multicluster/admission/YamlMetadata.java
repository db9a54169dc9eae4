package io.multicluster.admission;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * An object as YAML text (JSON is YAML) and the place in it where its metadata begin. The text is
 * not written anew, since what a plain scalar means differs between YAML readers: a key is put into
 * it.
 *
 * @param at index of the first character of the first key in the metadata, or of their end
 * @param indent what the next key needs in front: a line of its own, or a comma
 * @param resourceVersion null if the object has none
 */
record YamlMetadata(String text, int at, String indent, @Nullable String resourceVersion) {
  private static final int LONGEST = 4 * 1024 * 1024;

  /**
   * @throws IOException if there is no object with metadata in plain sight
   */
  static YamlMetadata find(byte[] yaml) throws IOException {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(yaml)).toString();
    } catch (CharacterCodingException e) {
      throw new IOException("no UTF-8", e);
    }
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(LONGEST);
    try {
      return new Finder(text, new Yaml(limits).parse(new StringReader(text)).iterator()).find();
    } catch (YAMLException e) {
      throw new IOException("error converting YAML to JSON: " + e.getMessage(), e);
    }
  }

  /** The text with another resourceVersion, if it has none yet. */
  byte[] withResourceVersion(String version) {
    String result =
        resourceVersion != null
            ? text
            : text.substring(0, at)
                + "\"resourceVersion\": \""
                + version
                + "\""
                + indent
                + text.substring(at);
    return result.getBytes(StandardCharsets.UTF_8);
  }

  private record Finder(String text, Iterator<Event> events) {

    YamlMetadata find() throws IOException {
      Event event = events.next();
      while (!(event instanceof DocumentStartEvent)) {
        event = next();
      }
      if (!(next() instanceof MappingStartEvent)) {
        throw new IOException("the document is no object");
      }
      YamlMetadata found = null;
      for (Event key = next(); !(key instanceof MappingEndEvent); key = next()) {
        String name = key instanceof ScalarEvent scalar ? scalar.getValue() : "";
        if (!(key instanceof ScalarEvent) || name.equals("<<")) {
          throw new IOException("a key of the object is no plain text");
        }
        Event value = next();
        if (!name.equals("metadata")) {
          skip(value);
        } else if (found != null) {
          throw new IOException("metadata stands there twice");
        } else {
          found = metadata(value);
        }
      }
      if (found == null) {
        throw new IOException("metadata is missing");
      }
      next();
      if (next() instanceof DocumentStartEvent) {
        throw new IOException("there is more than one document");
      }
      return found;
    }

    private YamlMetadata metadata(Event value) throws IOException {
      if (!(value instanceof MappingStartEvent start) || start.getAnchor() != null) {
        throw new IOException("metadata is no plain object");
      }
      Event first = next();
      int at = text.offsetByCodePoints(0, first.getStartMark().getIndex());
      String indent = "";
      if (!(first instanceof MappingEndEvent)) {
        indent = start.isFlow() ? ", " : "\n" + " ".repeat(first.getStartMark().getColumn());
        if (!start.isFlow() && !text.substring(text.lastIndexOf('\n', at - 1) + 1, at).isBlank()) {
          throw new IOException("metadata begin in an unusual way");
        }
      }
      String version = null;
      for (Event key = first; !(key instanceof MappingEndEvent); key = next()) {
        if (!(key instanceof ScalarEvent name) || name.getValue().equals("<<")) {
          throw new IOException("a key of metadata is no plain text");
        }
        Event content = next();
        if (name.getValue().equals("resourceVersion")) {
          if (version != null || !(content instanceof ScalarEvent scalar)) {
            throw new IOException("metadata.resourceVersion is no text");
          }
          version = scalar.getValue();
        } else {
          skip(content);
        }
      }
      if (version != null && (version.isEmpty() || version.equals("0"))) {
        throw new IOException("metadata.resourceVersion is empty: leave it out");
      }
      return new YamlMetadata(text, at, indent, version);
    }

    private void skip(Event value) throws IOException {
      int depth = value instanceof CollectionStartEvent ? 1 : 0;
      while (depth > 0) {
        Event inner = next();
        if (inner instanceof CollectionStartEvent) {
          depth++;
        } else if (inner instanceof CollectionEndEvent) {
          depth--;
        }
      }
    }

    private Event next() throws IOException {
      if (!events.hasNext()) {
        throw new IOException("the document ends too early");
      }
      return events.next();
    }
  }
}
