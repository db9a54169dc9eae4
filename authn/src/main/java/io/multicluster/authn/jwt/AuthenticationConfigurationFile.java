package io.multicluster.authn.jwt;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads an {@link AuthenticationConfiguration} and says where it is wrong. */
public final class AuthenticationConfigurationFile {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private AuthenticationConfigurationFile() {}

  /**
   * @throws IllegalArgumentException if the file can't be read, or holds anything that is unknown
   *     or wrong; the message names file, line and path
   */
  public static AuthenticationConfiguration read(Path file) {
    try {
      return YAML.readValue(Files.readString(file), AuthenticationConfiguration.class);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": there is no such file", e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(file + place(e.getLocation()) + ": " + what(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": can't be read: " + e.getMessage(), e);
    }
  }

  private static String place(@org.jspecify.annotations.Nullable JsonLocation location) {
    return location == null ? "" : ":" + location.getLineNr() + ":" + location.getColumnNr();
  }

  private static String what(JsonProcessingException e) {
    if (!(e instanceof JsonMappingException mapping)) {
      return e.getOriginalMessage();
    }
    StringBuilder path = new StringBuilder();
    for (Reference step : mapping.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return switch (mapping) {
      case UnrecognizedPropertyException unknown -> path + ": is not known here";
      default ->
          mapping.getCause() instanceof IllegalArgumentException refused
              ? path + (path.isEmpty() ? "" : ".") + refused.getMessage()
              : path + ": " + mapping.getOriginalMessage().lines().findFirst().orElse("");
    };
  }
}
