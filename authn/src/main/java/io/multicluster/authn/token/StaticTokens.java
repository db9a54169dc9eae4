package io.multicluster.authn.token;

import io.multicluster.authn.Reloadable;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens in a file of kube-apiserver's form, one a line: {@code token,user,uid,"group1,group2"}.
 * They are kept as hashes.
 */
public final class StaticTokens implements TokenAuthenticator, Reloadable {
  private static final Logger LOG = LoggerFactory.getLogger(StaticTokens.class);
  private static final long MAX_FILE_BYTES = 4 << 20;

  private final Path file;
  private volatile Map<TokenHash, UserInfo> users;

  /**
   * @throws IllegalArgumentException if the file can't be used; the message names it and the line
   */
  public StaticTokens(Path file) {
    this.file = file;
    this.users = read(file);
  }

  @Override
  public @Nullable TokenUser authenticate(String token) {
    UserInfo user = users.get(TokenHash.of(token));
    return user == null ? null : new TokenUser(user, Instant.MAX);
  }

  @Override
  public void reload() {
    try {
      users = read(file);
    } catch (IllegalArgumentException e) {
      LOG.atError()
          .addKeyValue("file", file)
          .addKeyValue("reason", e.getMessage())
          .log("Tokens can't be read again: the last good ones stay in force");
    }
  }

  private static Map<TokenHash, UserInfo> read(Path file) {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new IllegalArgumentException(file + " is larger than " + MAX_FILE_BYTES + " bytes");
      }
      Map<TokenHash, UserInfo> users = new HashMap<>();
      int number = 0;
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        number++;
        if (!line.isBlank() && !line.startsWith("#")) {
          enter(users, fields(line), file + ":" + number);
        }
      }
      return Map.copyOf(users);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + " does not exist", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " can't be read: " + e.getMessage(), e);
    }
  }

  private static void enter(Map<TokenHash, UserInfo> users, List<String> fields, String place) {
    if (fields.size() < 3) {
      throw new IllegalArgumentException(
          place + " has " + fields.size() + " fields; token, user name and user uid are needed");
    }
    if (fields.get(0).isEmpty() || fields.get(1).isEmpty()) {
      throw new IllegalArgumentException(place + " has an empty token or user name");
    }
    List<String> groups =
        fields.size() > 3 && !fields.get(3).isEmpty()
            ? List.of(fields.get(3).split(","))
            : List.of();
    UserInfo user = new UserInfo(fields.get(1), fields.get(2), groups, Map.of());
    if (users.put(TokenHash.of(fields.get(0)), user) != null) {
      throw new IllegalArgumentException(place + " has a token that stands above already");
    }
  }

  /** The fields of a CSV line: quoted ones may hold commas, and quotes written twice. */
  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        field.append(c);
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    fields.add(field.toString());
    return fields;
  }
}
