package io.multicluster.certs;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestConditionBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs the control plane's CertificateSigningRequests that name our signer, once somebody has
 * approved them. A request that asks for what is not given fails, and says why in its status.
 *
 * <p>Several replicas may do this together: the first whose certificate gets into the status wins,
 * and the others revoke theirs, which nobody has seen.
 */
public final class SigningRequests implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SigningRequests.class);

  /** The least that Kubernetes lets a request ask for. */
  private static final Duration SHORTEST = Duration.ofMinutes(10);

  private static final Duration RETRY = Duration.ofSeconds(10);

  private final KubernetesClient client;
  private final String signerName;
  private final ClientCertificates certificates;
  private final Inventory inventory;
  private final Duration longest;
  private final Clock clock;
  private final SharedIndexInformer<CertificateSigningRequest> informer;

  /** Signing waits for the inventory, and must not hold up the informer's own thread. */
  private final ExecutorService signing = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * Begins to watch; returns at once.
   *
   * @param client for the control plane; stays the caller's
   * @param signerName such as {@code multicluster.io/client}
   * @param longest the life of a certificate whose request asks for no other, or for more
   */
  public SigningRequests(
      KubernetesClient client,
      String signerName,
      ClientCertificates certificates,
      Inventory inventory,
      Duration longest,
      Clock clock) {
    this.client = client;
    this.signerName = signerName;
    this.certificates = certificates;
    this.inventory = inventory;
    this.longest = longest;
    this.clock = clock;
    this.informer =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withField("spec.signerName", signerName)
            .runnableInformer(0);
    informer.exceptionHandler((_, problem) -> {
      LOG.atWarn()
          .addKeyValue("signerName", signerName)
          .addKeyValue("reason", problem.toString())
          .log("Signing requests can't be watched: trying again");
      return true;
    });
    informer.addEventHandler(new Handler());
    informer.start();
  }

  @Override
  public void close() {
    informer.close();
    signing.shutdownNow();
  }

  private void consider(CertificateSigningRequest object) {
    if (waitsForUs(object)) {
      signing.execute(() -> answer(object));
    }
  }

  private boolean waitsForUs(CertificateSigningRequest object) {
    return object.getSpec().getSignerName().equals(signerName)
        && has(object, "Approved")
        && !has(object, "Denied")
        && !has(object, "Failed")
        && (object.getStatus().getCertificate() == null
            || object.getStatus().getCertificate().isEmpty());
  }

  private static boolean has(CertificateSigningRequest object, String condition) {
    CertificateSigningRequestStatus status = object.getStatus();
    return status != null
        && status.getConditions() != null
        && status.getConditions().stream().anyMatch(each -> each.getType().equals(condition));
  }

  private void answer(CertificateSigningRequest object) {
    String name = object.getMetadata().getName();
    try {
      SigningRequest request =
          SigningRequest.parse(object.getSpec().getRequest(), object.getSpec().getUsages());
      X509Certificate certificate =
          certificates.sign(request.user(), request.groups(), request.key(), lifetime(object));
      if (deliver(object, certificate)) {
        LOG.atInfo()
            .addKeyValue("request", name)
            .addKeyValue("user", request.user())
            .addKeyValue("serial", certificate.getSerialNumber().toString(16))
            .log("Signed an approved request");
      } else {
        withdraw(certificate.getSerialNumber());
      }
    } catch (IllegalArgumentException e) {
      LOG.atInfo()
          .addKeyValue("request", name)
          .addKeyValue("reason", e.getMessage())
          .log("An approved request asks for what is not given");
      fail(object, String.valueOf(e.getMessage()));
    } catch (IOException | KubernetesClientException e) {
      LOG.atWarn()
          .addKeyValue("request", name)
          .addKeyValue("reason", e.getMessage())
          .log("An approved request can't be signed now: trying again");
      CompletableFuture.delayedExecutor(RETRY.toSeconds(), TimeUnit.SECONDS, signing)
          .execute(() -> answerAgain(name));
    }
  }

  /** As the request is by now; no watch tells when the inventory can be reached again. */
  private void answerAgain(String name) {
    CertificateSigningRequest object = informer.getStore().getByKey(name);
    if (object != null && waitsForUs(object)) {
      answer(object);
    }
  }

  private Duration lifetime(CertificateSigningRequest object) {
    Integer seconds = object.getSpec().getExpirationSeconds();
    if (seconds == null) {
      return longest;
    }
    Duration wanted = Duration.ofSeconds(seconds);
    if (wanted.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return wanted.compareTo(longest) > 0 ? longest : wanted;
  }

  /** False if another replica was faster, or the request is gone. */
  private boolean deliver(CertificateSigningRequest object, X509Certificate certificate) {
    String pem = Pem.certificates(List.of(certificate));
    CertificateSigningRequest signed =
        new CertificateSigningRequestBuilder(object)
            .editStatus()
            .withCertificate(
                Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
            .endStatus()
            .build();
    return updateStatus(signed);
  }

  private void fail(CertificateSigningRequest object, String reason) {
    String now =
        DateTimeFormatter.ISO_INSTANT.format(
            clock.instant().truncatedTo(ChronoUnit.SECONDS).atOffset(ZoneOffset.UTC));
    CertificateSigningRequestCondition failed =
        new CertificateSigningRequestConditionBuilder()
            .withType("Failed")
            .withStatus("True")
            .withReason("SignerValidationFailure")
            .withMessage(reason)
            .withLastUpdateTime(now)
            .withLastTransitionTime(now)
            .build();
    updateStatus(
        new CertificateSigningRequestBuilder(object)
            .editStatus()
            .addToConditions(failed)
            .endStatus()
            .build());
  }

  private boolean updateStatus(CertificateSigningRequest object) {
    try {
      client
          .resource(object)
          .lockResourceVersion(object.getMetadata().getResourceVersion())
          .updateStatus();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT
          || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private void withdraw(BigInteger serial) throws IOException {
    IssuedCertificate entry = inventory.contents().find(serial);
    if (entry != null) {
      certificates.revoke(entry);
    }
  }

  private final class Handler implements ResourceEventHandler<CertificateSigningRequest> {
    @Override
    public void onAdd(CertificateSigningRequest object) {
      consider(object);
    }

    @Override
    public void onUpdate(CertificateSigningRequest before, CertificateSigningRequest object) {
      consider(object);
    }

    @Override
    public void onDelete(CertificateSigningRequest object, boolean unknownState) {}
  }
}
