package io.multicluster.certs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * An inventory in one file, for gateways that have no control plane to keep it in. Several
 * processes of one machine may use it together: changes are made under a lock, and the file is
 * replaced as a whole.
 */
public final class FileInventory implements Inventory {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path folder;
  private final Path file;
  private final Path lockFile;

  /**
   * @param folder made with the first entry if it is missing
   */
  public FileInventory(Path folder) {
    this.folder = folder;
    this.file = folder.resolve("inventory.json");
    this.lockFile = folder.resolve("inventory.lock");
  }

  @Override
  public Contents contents() throws IOException {
    try {
      Stored stored = JSON.readValue(Files.readAllBytes(file), Stored.class);
      return stored.contents();
    } catch (NoSuchFileException e) {
      return Contents.EMPTY;
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException(file + " is not an inventory of certificates: " + e.getMessage(), e);
    }
  }

  @Override
  public void add(IssuedCertificate certificate) throws IOException {
    change(before -> {
      List<IssuedCertificate> certificates = new ArrayList<>(before.certificates());
      certificates.add(certificate);
      return new Contents(certificates, before.revokedUsers());
    });
  }

  @Override
  public void revoke(IssuedCertificate certificate, Instant when) throws IOException {
    change(before ->
        new Contents(
            before.certificates().stream()
                .map(each ->
                    each.serial().equals(certificate.serial()) && each.revoked() == null
                        ? each.revokedAt(when)
                        : each)
                .toList(),
            before.revokedUsers()));
  }

  @Override
  public void revokeUser(String user, Instant when) throws IOException {
    change(before -> {
      Map<String, Instant> users = new HashMap<>(before.revokedUsers());
      users.merge(user, when, (a, b) -> a.isAfter(b) ? a : b);
      return new Contents(before.certificates(), users);
    });
  }

  /** Synchronized, as a file lock is held by the whole process. */
  private synchronized void change(UnaryOperator<Contents> change) throws IOException {
    PrivateFiles.createFolder(folder);
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      PrivateFiles.write(
          file,
          JSON.writerWithDefaultPrettyPrinter()
              .writeValueAsString(Stored.of(change.apply(contents()))));
    }
  }

  /** The form on disk. */
  record Stored(List<Map<String, String>> certificates, Map<String, String> revokedUsers) {
    static Stored of(Contents contents) {
      Map<String, String> users = new java.util.TreeMap<>();
      contents.revokedUsers().forEach((user, upTo) -> users.put(user, upTo.toString()));
      return new Stored(
          contents.certificates().stream().map(InventoryRecord::encode).toList(), users);
    }

    Contents contents() {
      Map<String, Instant> users = new HashMap<>();
      revokedUsers.forEach((user, upTo) -> users.put(user, Instant.parse(upTo)));
      return new Contents(certificates.stream().map(InventoryRecord::decode).toList(), users);
    }
  }
}
