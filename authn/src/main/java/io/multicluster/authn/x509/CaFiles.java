package io.multicluster.authn.x509;

import io.multicluster.authn.Reloadable;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates of authorities in PEM files, read again on {@link #reload}. What can't be read later
 * leaves the last good state in force.
 */
public final class CaFiles implements Reloadable {
  private static final Logger LOG = LoggerFactory.getLogger(CaFiles.class);

  /** A bundle of thousands of authorities is a mistake, and would be searched for each client. */
  private static final long MAX_FILE_BYTES = 4 << 20;

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----");

  private final List<Path> files;
  private volatile Bundle bundle;

  /**
   * @throws IllegalArgumentException if a file can't be read or has no certificate; the message
   *     names it
   */
  public CaFiles(List<Path> files) {
    this.files = List.copyOf(files);
    this.bundle = new Bundle(0, read(this.files));
  }

  /**
   * The authorities as they were at some time.
   *
   * @param generation grows with each change
   */
  record Bundle(long generation, Set<X509Certificate> certificates) {}

  Bundle bundle() {
    return bundle;
  }

  /** Immutable; for telling clients whose certificates are welcome. */
  public Set<X509Certificate> certificates() {
    return bundle.certificates;
  }

  @Override
  public synchronized void reload() {
    Set<X509Certificate> read;
    try {
      read = read(files);
    } catch (IllegalArgumentException e) {
      LOG.atError()
          .addKeyValue("files", files)
          .addKeyValue("reason", e.getMessage())
          .log("Certificate authorities can't be read again: the last good ones stay in force");
      return;
    }
    if (!read.equals(bundle.certificates)) {
      bundle = new Bundle(bundle.generation + 1, read);
      LOG.atInfo()
          .addKeyValue("files", files)
          .addKeyValue("certificates", read.size())
          .log("Certificate authorities have changed");
    }
  }

  private static Set<X509Certificate> read(List<Path> files) {
    Set<X509Certificate> all = new LinkedHashSet<>();
    for (Path file : files) {
      all.addAll(read(file));
    }
    return java.util.Collections.unmodifiableSet(all);
  }

  private static Set<X509Certificate> read(Path file) {
    Set<X509Certificate> found = new LinkedHashSet<>();
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new IllegalArgumentException(file + " is larger than " + MAX_FILE_BYTES + " bytes");
      }
      Matcher block = CERTIFICATE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      while (block.find()) {
        byte[] der = Base64.getMimeDecoder().decode(block.group(1));
        found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + " does not exist", e);
    } catch (IOException | UncheckedIOException e) {
      throw new IllegalArgumentException(file + " can't be read: " + e.getMessage(), e);
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          file + " has a certificate that can't be read: " + e.getMessage(), e);
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(file + " has no PEM block CERTIFICATE");
    }
    return found;
  }
}
