package io.multicluster.server.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads the configuration file and says where it is wrong. */
public final class ConfigurationFile {
  private final Path file;
  private final String text;

  private ConfigurationFile(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * @throws ConfigurationException if the file can't be read or holds anything that is unknown or
   *     wrong
   */
  public static GatewayConfiguration read(Path file) throws ConfigurationException {
    try {
      return new ConfigurationFile(file, Files.readString(file)).parse();
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          file + ": there is no such file; docs/configuration.md shows what it holds");
    } catch (IOException e) {
      throw new ConfigurationException(file + ": can't be read: " + e.getMessage());
    }
  }

  private GatewayConfiguration parse() throws ConfigurationException {
    if (text.isBlank()) {
      throw new ConfigurationException(file + ": the file is empty");
    }
    ObjectMapper mapper =
        YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .addModule(
                new SimpleModule()
                    .addDeserializer(Path.class, new RelativePath(file.toAbsolutePath())))
            .build();
    try {
      GatewayConfiguration read = mapper.readValue(text, GatewayConfiguration.class);
      return new GatewayConfiguration(
          read.apiVersion(),
          read.kind(),
          read.listen(),
          read.serving(),
          file.toAbsolutePath().resolveSibling(read.stateDirectory()).normalize(),
          read.authentication(),
          read.authorization(),
          read.certificates(),
          read.controlPlane(),
          read.members(),
          read.resources(),
          read.audit(),
          read.admission(),
          read.flowControl(),
          read.logging());
    } catch (JsonProcessingException e) {
      throw explain(e);
    }
  }

  private ConfigurationException explain(JsonProcessingException e) {
    if (!(e instanceof JsonMappingException mapping)) {
      return at(placeOf(e.getLocation()), e.getOriginalMessage().lines().findFirst().orElse(""));
    }
    List<Object> path = new ArrayList<>();
    for (Reference step : mapping.getPath()) {
      path.add(step.getFieldName() != null ? step.getFieldName() : (Object) step.getIndex());
    }
    return switch (mapping) {
      case UnrecognizedPropertyException unknown ->
          at(
              find(path),
              "unknown key \"" + unknown.getPropertyName() + "\"; known here: " + known(unknown));
      case InvalidFormatException format ->
          at(
              find(path),
              name(path)
                  + ": \""
                  + format.getValue()
                  + "\" is not "
                  + expected(format.getTargetType()));
      default ->
          mapping.getCause() instanceof InvalidSettingException invalid
              ? at(find(with(path, invalid.key())), explained(path, invalid))
              : at(placeOf(mapping.getLocation()), name(path) + ": " + firstLine(mapping));
    };
  }

  private static String explained(List<Object> path, InvalidSettingException invalid) {
    return name(with(path, invalid.key())) + ": " + invalid.getMessage();
  }

  private static String known(UnrecognizedPropertyException unknown) {
    return unknown.getKnownPropertyIds().stream()
        .map(Object::toString)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private static String expected(Class<?> type) {
    if (type.isEnum()) {
      return "one of " + List.of(type.getEnumConstants());
    }
    if (type == Integer.class) {
      return "a whole number";
    }
    return type == Boolean.class ? "true or false" : "a " + type.getSimpleName();
  }

  private static String firstLine(JsonMappingException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("can't be read");
  }

  private static List<Object> with(List<Object> path, Object step) {
    List<Object> longer = new ArrayList<>(path);
    longer.add(step);
    return longer;
  }

  /** {@code members.static[1].name}. */
  private static String name(List<Object> path) {
    StringBuilder name = new StringBuilder();
    for (Object step : path) {
      if (step instanceof Integer index) {
        name.append('[').append(index).append(']');
      } else {
        name.append(name.isEmpty() ? "" : ".").append(step);
      }
    }
    return name.isEmpty() ? "the file" : name.toString();
  }

  private ConfigurationException at(String place, String what) {
    return new ConfigurationException(file + place + ": " + what);
  }

  private static String placeOf(@Nullable JsonLocation location) {
    return location == null || location.getLineNr() < 1
        ? ""
        : ":" + location.getLineNr() + ":" + location.getColumnNr();
  }

  /** The place of the deepest part of {@code path} that the file has. */
  private String find(List<Object> path) {
    LoaderOptions options = new LoaderOptions();
    Node node = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
    Mark mark = node.getStartMark();
    for (Object step : path) {
      Node next = null;
      if (node instanceof MappingNode mapping) {
        for (NodeTuple tuple : mapping.getValue()) {
          if (tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(step)) {
            mark = key.getStartMark();
            next = tuple.getValueNode();
          }
        }
      } else if (node instanceof SequenceNode sequence
          && step instanceof Integer index
          && index < sequence.getValue().size()) {
        next = sequence.getValue().get(index);
        mark = next.getStartMark();
      }
      if (next == null) {
        break;
      }
      node = next;
    }
    return ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
  }

  /** Paths are relative to the file that names them. */
  private static final class RelativePath extends StdDeserializer<Path> {
    private static final long serialVersionUID = 1L;
    private final transient Path file;

    RelativePath(Path file) {
      super(Path.class);
      this.file = file;
    }

    @Override
    public Path deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      String text = parser.getValueAsString();
      if (text == null || text.isBlank()) {
        throw context.weirdStringException(String.valueOf(text), Path.class, "no path");
      }
      return file.resolveSibling(text).normalize();
    }
  }
}
