package io.multicluster.server.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.multicluster.admission.AdmissionSettings;
import io.multicluster.admission.ReplicaPath;
import io.multicluster.wire.resource.GroupResource;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an operator decides. Components that the file leaves out have the default that is told here;
 * paths in it are relative to the file, and absolute here.
 *
 * @param apiVersion {@value #API_VERSION}
 * @param kind {@value #KIND}
 * @param serving absent: self-signed, kept in the state directory
 * @param stateDirectory default {@code state}; created if missing
 */
public record GatewayConfiguration(
    String apiVersion,
    String kind,
    Listen listen,
    @Nullable Serving serving,
    Path stateDirectory,
    Authentication authentication,
    Authorization authorization,
    Certificates certificates,
    ControlPlane controlPlane,
    Members members,
    Resources resources,
    Audit audit,
    Admission admission,
    FlowControl flowControl,
    Logging logging) {
  public static final String API_VERSION = "multicluster.io/v1alpha1";
  public static final String KIND = "GatewayConfiguration";

  // RFC 1123: what Kubernetes demands of object names, of which cluster names are one.
  private static final Pattern DNS_NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern SIGNER =
      Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
  private static final Pattern HEADER = Pattern.compile("[-!#$%&'*+.^_`|~0-9A-Za-z]+");
  private static final Pattern RESOURCE =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[-a-z0-9]+)*");

  public GatewayConfiguration {
    if (!API_VERSION.equals(apiVersion)) {
      throw new InvalidSettingException("apiVersion", "must be " + API_VERSION);
    }
    if (!KIND.equals(kind)) {
      throw new InvalidSettingException("kind", "must be " + KIND);
    }
    listen = listen == null ? Listen.DEFAULT : listen;
    stateDirectory = stateDirectory == null ? Path.of("state") : stateDirectory;
    authentication = authentication == null ? Authentication.DEFAULT : authentication;
    authorization = authorization == null ? Authorization.DEFAULT : authorization;
    certificates = certificates == null ? Certificates.DEFAULT : certificates;
    controlPlane = required("controlPlane", controlPlane);
    members = members == null ? Members.DEFAULT : members;
    resources = resources == null ? Resources.DEFAULT : resources;
    audit = audit == null ? Audit.DEFAULT : audit;
    admission = admission == null ? Admission.DEFAULT : admission;
    flowControl = flowControl == null ? FlowControl.DEFAULT : flowControl;
    logging = logging == null ? Logging.DEFAULT : logging;
    for (Member member : members.fixed()) {
      if (member.name().equals(controlPlane.name())) {
        throw new InvalidSettingException(
            "controlPlane",
            "its name "
                + member.name()
                + " is that of a member too: the CLUSTER column could not tell them apart");
      }
    }
  }

  /**
   * Where clients connect.
   *
   * @param address default 127.0.0.1; 0.0.0.0 for all interfaces
   * @param port default 6443; 0 picks a free one
   * @param maxConnections default 20000
   */
  public record Listen(String address, Integer port, Integer maxConnections) {
    static final Listen DEFAULT = new Listen("127.0.0.1", 6443, 20_000);

    public Listen {
      address = address == null ? DEFAULT.address : address;
      port = port == null ? DEFAULT.port : port;
      maxConnections = maxConnections == null ? DEFAULT.maxConnections : maxConnections;
      if (address.isBlank()) {
        throw new InvalidSettingException(
            "address", "must be an IP address or a host name, such as 127.0.0.1 or 0.0.0.0");
      }
      if (port < 0 || port > 65535) {
        throw new InvalidSettingException(
            "port", port + " is no port: use 1 to 65535, or 0 for a free one");
      }
      if (maxConnections < 1) {
        throw new InvalidSettingException("maxConnections", "must be at least 1");
      }
    }
  }

  /**
   * The certificate that clients see, both PEM; read again when they change.
   *
   * @param certificateFile leaf first, then intermediates
   */
  public record Serving(Path certificateFile, Path keyFile) {
    public Serving {
      certificateFile = required("certificateFile", certificateFile);
      keyFile = required("keyFile", keyFile);
    }
  }

  /**
   * Who is let in. Those whom none of these knows are refused.
   *
   * @param clientCaFiles PEM bundles; certificates issued by these are users; default none
   * @param requestHeader absent: no front proxy is believed
   * @param tokenFile absent: none; kube-apiserver's form, read again when it changes
   * @param tokenReview absent: the control plane is not asked about tokens
   * @param configurationFile absent: none; Kubernetes' AuthenticationConfiguration, read at start
   * @param anonymous absent: as {@code configurationFile} says, or else health only
   */
  public record Authentication(
      @JsonProperty("clientCAFiles") List<Path> clientCaFiles,
      @Nullable RequestHeader requestHeader,
      @Nullable Path tokenFile,
      @Nullable TokenReview tokenReview,
      @Nullable Path configurationFile,
      @Nullable Anonymous anonymous) {
    static final Authentication DEFAULT =
        new Authentication(List.of(), null, null, null, null, null);

    public Authentication {
      clientCaFiles = clientCaFiles == null ? List.of() : List.copyOf(clientCaFiles);
    }
  }

  /**
   * A front proxy that says who the user is.
   *
   * @param clientCaFiles PEM bundles; one of these issued the proxy's certificate
   * @param allowedNames common names of proxies; default any, for authorities that sign nothing
   *     else
   * @param usernameHeaders default {@code X-Remote-User}
   * @param uidHeaders default {@code X-Remote-Uid}
   * @param groupHeaders default {@code X-Remote-Group}
   * @param extraHeaderPrefixes default {@code X-Remote-Extra-}
   */
  public record RequestHeader(
      @JsonProperty("clientCAFiles") List<Path> clientCaFiles,
      List<String> allowedNames,
      List<String> usernameHeaders,
      List<String> uidHeaders,
      List<String> groupHeaders,
      List<String> extraHeaderPrefixes) {
    public RequestHeader {
      clientCaFiles = List.copyOf(required("clientCAFiles", clientCaFiles));
      if (clientCaFiles.isEmpty()) {
        throw new InvalidSettingException("clientCAFiles", "must name at least one file");
      }
      allowedNames = allowedNames == null ? List.of() : List.copyOf(allowedNames);
      usernameHeaders = headers("usernameHeaders", usernameHeaders, "X-Remote-User");
      uidHeaders = headers("uidHeaders", uidHeaders, "X-Remote-Uid");
      groupHeaders = headers("groupHeaders", groupHeaders, "X-Remote-Group");
      extraHeaderPrefixes = headers("extraHeaderPrefixes", extraHeaderPrefixes, "X-Remote-Extra-");
      if (usernameHeaders.isEmpty()) {
        throw new InvalidSettingException("usernameHeaders", "must name at least one header");
      }
    }

    private static List<String> headers(
        String key, @Nullable List<String> headers, String standard) {
      if (headers == null) {
        return List.of(standard);
      }
      for (String header : headers) {
        if (!HEADER.matcher(header).matches()) {
          throw new InvalidSettingException(
              key, "\"" + header + "\" is no name of a header: write it as " + standard);
        }
      }
      return List.copyOf(headers);
    }
  }

  /**
   * The control plane is asked whose token it is: its service accounts are users then.
   *
   * @param audiences for one of which tokens must be meant; default: the control plane's own
   */
  public record TokenReview(List<String> audiences) {
    public TokenReview {
      audiences = audiences == null ? List.of() : List.copyOf(audiences);
    }
  }

  /**
   * Where requests without credentials are answered, as user {@code system:anonymous}.
   *
   * @param enabled default true
   * @param paths default {@code /healthz}, {@code /livez}, {@code /readyz}; empty: all
   */
  public record Anonymous(Boolean enabled, List<String> paths) {
    public Anonymous {
      enabled = enabled == null || enabled;
      paths = paths == null ? List.of("/healthz", "/livez", "/readyz") : List.copyOf(paths);
      for (String path : paths) {
        if (!path.startsWith("/")) {
          throw new InvalidSettingException("paths", "\"" + path + "\" does not begin with /");
        }
      }
    }
  }

  /**
   * The authority that gives certificates to users.
   *
   * @param authority absent: the one that {@code certs init} makes in the state directory, if any
   * @param inventory where it is kept what was issued and revoked; default {@code controlPlane}
   * @param namespace of the inventory in the control plane; default {@code multicluster-system}
   * @param signerName of CertificateSigningRequests that the gateway signs once they are approved;
   *     default {@code multicluster.io/client}
   */
  public record Certificates(
      @Nullable Authority authority, Inventory inventory, String namespace, String signerName) {
    static final Certificates DEFAULT =
        new Certificates(
            null, Inventory.controlPlane, "multicluster-system", "multicluster.io/client");

    /** Where the inventory is. */
    public enum Inventory {
      /** ConfigMaps, which all replicas see. */
      controlPlane,
      /** A file in the state directory: for a single gateway. */
      file
    }

    public Certificates {
      inventory = inventory == null ? DEFAULT.inventory : inventory;
      namespace = namespace == null ? DEFAULT.namespace : namespace;
      signerName = signerName == null ? DEFAULT.signerName : signerName;
      if (!NAMESPACE.matcher(namespace).matches()) {
        throw new InvalidSettingException(
            "namespace", "\"" + namespace + "\" is no name of a namespace");
      }
      if (!SIGNER.matcher(signerName).matches()) {
        throw new InvalidSettingException(
            "signerName",
            "\""
                + signerName
                + "\" is no name of a signer: write a domain and a path, such as "
                + DEFAULT.signerName);
      }
    }
  }

  /**
   * An authority that exists, both files PEM.
   *
   * @param certificateFile first the certificate of the key, then those of authorities before it,
   *     whose certificates still count
   */
  public record Authority(Path certificateFile, Path keyFile) {
    public Authority {
      certificateFile = required("certificateFile", certificateFile);
      keyFile = required("keyFile", keyFile);
    }
  }

  /**
   * How it is found out what users may do. The control plane's rules decide, whoever reads them.
   *
   * @param mode default {@code rbac}
   */
  public record Authorization(Mode mode) {
    static final Authorization DEFAULT = new Authorization(Mode.rbac);

    /** Who judges. */
    public enum Mode {
      /** The control plane's roles and bindings, watched and judged here; nothing else allows. */
      rbac,
      /** The same, but what they do not allow the control plane may, by another authorizer. */
      rbacThenReview,
      /** The control plane, asked about each kind of request: it may have rules that deny. */
      review
    }

    public Authorization {
      mode = mode == null ? DEFAULT.mode : mode;
    }
  }

  /**
   * The API server of the federation.
   *
   * @param name shown as cluster of its own events; default {@code federation}
   * @param kubeconfig with an identity that may impersonate
   * @param servers URLs of equal API servers, asked in place of the kubeconfig's own; default none
   */
  public record ControlPlane(String name, Path kubeconfig, List<URI> servers) {
    public ControlPlane {
      name = name == null ? "federation" : name;
      checkName(name);
      kubeconfig = required("kubeconfig", kubeconfig);
      servers = servers == null ? List.of() : List.copyOf(servers);
      for (URI server : servers) {
        if (!"https".equals(server.getScheme()) || server.getHost() == null) {
          throw new InvalidSettingException(
              "servers", "\"" + server + "\" is no URL such as https://api-1.example.com:6443");
        }
      }
    }
  }

  /**
   * The clusters whose objects are shown.
   *
   * @param fromControlPlane follow Karmada's Cluster objects; default false
   * @param fixed named in the file, key {@code static}; default none
   */
  public record Members(Boolean fromControlPlane, @JsonProperty("static") List<Member> fixed) {
    static final Members DEFAULT = new Members(false, List.of());

    public Members {
      fromControlPlane = fromControlPlane != null && fromControlPlane;
      fixed = fixed == null ? DEFAULT.fixed : List.copyOf(fixed);
      Set<String> names = new HashSet<>();
      for (Member member : fixed) {
        if (!names.add(member.name())) {
          throw new InvalidSettingException(
              "static", "has two members named " + member.name() + ": names must differ");
        }
      }
    }
  }

  /** A cluster named in the file. */
  public record Member(String name, Path kubeconfig) {
    public Member {
      name = required("name", name);
      checkName(name);
      kubeconfig = required("kubeconfig", kubeconfig);
    }
  }

  /**
   * What the gateway offers; other resources do not exist for its clients. Written {@code pods} or
   * {@code deployments.apps}.
   *
   * @param cached served from the members through the cache; default pods and both kinds of events
   * @param gathered asked of all members at each request: {@code pods.metrics.k8s.io}, {@code
   *     nodes.metrics.k8s.io}; default none
   * @param federated served by the control plane; {@code "*"} stands for all that it has; default
   *     none
   * @param managedFields whether cached objects are served with their {@code
   *     metadata.managedFields}; default true
   */
  public record Resources(
      List<String> cached, List<String> gathered, List<String> federated, Boolean managedFields) {
    static final Resources DEFAULT =
        new Resources(
            List.of("pods", "events", "events.events.k8s.io"), List.of(), List.of(), true);

    public Resources {
      cached = cached == null ? DEFAULT.cached : List.copyOf(cached);
      gathered = gathered == null ? DEFAULT.gathered : List.copyOf(gathered);
      federated = federated == null ? DEFAULT.federated : List.copyOf(federated);
      managedFields = managedFields == null || managedFields;
      checkResources("cached", cached);
      checkResources("gathered", gathered);
      if (!federated.equals(List.of("*"))) {
        checkResources("federated", federated);
      }
      for (String resource : federated) {
        if (cached.contains(resource)) {
          throw new InvalidSettingException(
              "federated", resource + " is cached already: it can come from one side only");
        }
      }
    }

    public Set<GroupResource> cachedResources() {
      return parse(cached);
    }

    public Set<GroupResource> gatheredResources() {
      return parse(gathered);
    }

    /** Without meaning if {@link #allFederated}. */
    public Set<GroupResource> federatedResources() {
      return parse(federated);
    }

    public boolean allFederated() {
      return federated.equals(List.of("*"));
    }

    private static Set<GroupResource> parse(List<String> names) {
      return Set.copyOf(names.stream().map(GroupResource::parse).toList());
    }
  }

  /**
   * What is recorded of requests, and where.
   *
   * @param policyFile a {@code Policy} of {@code audit.k8s.io/v1}; absent: changes, sessions in
   *     pods and reads of secrets, without bodies
   * @param maxBodyKilobytes of a body that is recorded, where the policy wants bodies; default 256
   * @param webhook who is sent what the log says; absent: nobody
   */
  public record Audit(
      @Nullable Path policyFile,
      Integer maxBodyKilobytes,
      AuditFile log,
      @Nullable AuditWebhook webhook) {
    static final Audit DEFAULT = new Audit(null, 256, AuditFile.DEFAULT, null);

    public Audit {
      maxBodyKilobytes = maxBodyKilobytes == null ? DEFAULT.maxBodyKilobytes : maxBodyKilobytes;
      log = log == null ? DEFAULT.log : log;
      atLeast("maxBodyKilobytes", maxBodyKilobytes, 1);
      if (maxBodyKilobytes > 3 * 1024) {
        throw new InvalidSettingException(
            "maxBodyKilobytes", "must be at most 3072: no request has a larger body");
      }
    }
  }

  /**
   * The file of the audit log; what is set aside of it lies beside it.
   *
   * @param path absent: {@code audit/audit.log} in the state directory
   * @param maxSizeMegabytes when the file is set aside; default 100
   * @param maxBackups how many such files are kept; default 100; 0 for all
   * @param maxAgeDays how long they are kept; default 366; 0 for ever
   */
  public record AuditFile(
      @Nullable Path path, Integer maxSizeMegabytes, Integer maxBackups, Integer maxAgeDays) {
    static final AuditFile DEFAULT = new AuditFile(null, 100, 100, 366);

    public AuditFile {
      maxSizeMegabytes = maxSizeMegabytes == null ? DEFAULT.maxSizeMegabytes : maxSizeMegabytes;
      maxBackups = maxBackups == null ? DEFAULT.maxBackups : maxBackups;
      maxAgeDays = maxAgeDays == null ? DEFAULT.maxAgeDays : maxAgeDays;
      atLeast("maxSizeMegabytes", maxSizeMegabytes, 1);
      atLeast("maxBackups", maxBackups, 0);
      atLeast("maxAgeDays", maxAgeDays, 0);
    }
  }

  /**
   * A server that is sent the events of the log.
   *
   * @param configFile a kubeconfig, as kube-apiserver's {@code --audit-webhook-config-file}
   * @param maxBatchSize most events of one request; default 400
   */
  public record AuditWebhook(Path configFile, Integer maxBatchSize) {
    public AuditWebhook {
      required("configFile", configFile);
      maxBatchSize = maxBatchSize == null ? 400 : maxBatchSize;
      atLeast("maxBatchSize", maxBatchSize, 1);
    }
  }

  /**
   * Who may run when there is more to do than can be done at once.
   *
   * @param fromControlPlane follow the control plane's FlowSchemas and PriorityLevelConfigurations;
   *     default true. Else, and until they were read, Kubernetes' suggested ones hold.
   * @param maxRequestsInFlight shared out to priority levels as seats; default 600
   * @param maxLongRunningPerUser watches, logs and sessions of a user; default 5000
   */
  public record FlowControl(
      Boolean fromControlPlane, Integer maxRequestsInFlight, Integer maxLongRunningPerUser) {
    static final FlowControl DEFAULT = new FlowControl(true, 600, 5000);

    public FlowControl {
      fromControlPlane = fromControlPlane == null ? DEFAULT.fromControlPlane : fromControlPlane;
      maxRequestsInFlight =
          maxRequestsInFlight == null ? DEFAULT.maxRequestsInFlight : maxRequestsInFlight;
      maxLongRunningPerUser =
          maxLongRunningPerUser == null ? DEFAULT.maxLongRunningPerUser : maxLongRunningPerUser;
      atLeast("maxRequestsInFlight", maxRequestsInFlight, 1);
      atLeast("maxLongRunningPerUser", maxLongRunningPerUser, 1);
    }
  }

  private static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new InvalidSettingException(key, "must be at least " + least);
    }
  }

  /**
   * Who is special when changes are judged.
   *
   * @param policyFiles ProtectionPolicy documents beside those in the control plane; read again
   *     when they change; default none
   * @param replicaPaths where more kinds have their replicas; default none
   * @param breakGlassGroups who may override rules by giving a reason; default nobody
   * @param autoscalerUsers identities that scale on their own; default none
   * @param autoscalerGroups groups of such identities; default none
   */
  public record Admission(
      List<Path> policyFiles,
      List<ReplicaField> replicaPaths,
      List<String> breakGlassGroups,
      List<String> autoscalerUsers,
      List<String> autoscalerGroups) {
    static final Admission DEFAULT =
        new Admission(List.of(), List.of(), List.of(), List.of(), List.of());

    public Admission {
      policyFiles = policyFiles == null ? List.of() : List.copyOf(policyFiles);
      replicaPaths = replicaPaths == null ? List.of() : List.copyOf(replicaPaths);
      breakGlassGroups = breakGlassGroups == null ? List.of() : List.copyOf(breakGlassGroups);
      autoscalerUsers = autoscalerUsers == null ? List.of() : List.copyOf(autoscalerUsers);
      autoscalerGroups = autoscalerGroups == null ? List.of() : List.copyOf(autoscalerGroups);
    }

    public AdmissionSettings settings() {
      return new AdmissionSettings(
          Set.copyOf(breakGlassGroups),
          Set.copyOf(autoscalerUsers),
          Set.copyOf(autoscalerGroups),
          Stream.concat(
                  replicaPaths.stream().map(ReplicaField::replicaPath),
                  AdmissionSettings.DEFAULTS.replicaPaths().stream())
              .toList(),
          AdmissionSettings.DEFAULTS.guarded());
    }
  }

  /**
   * Where a kind has its number of replicas.
   *
   * @param resource such as {@code workloads.example.com}
   * @param kind such as {@code Workload}, by which autoscalers name it
   * @param path such as {@code .spec.replicas}, as in a CRD's {@code specReplicasPath}
   */
  public record ReplicaField(String resource, String kind, String path) {
    private static final Pattern PATH = Pattern.compile("(\\.[A-Za-z0-9_-]+)+");

    public ReplicaField {
      resource = required("resource", resource);
      kind = required("kind", kind);
      path = required("path", path);
      checkResources("resource", List.of(resource));
      if (!PATH.matcher(path).matches()) {
        throw new InvalidSettingException(
            "path", "\"" + path + "\" is no path of fields, such as .spec.replicas");
      }
    }

    ReplicaPath replicaPath() {
      return ReplicaPath.workload(resource, kind, path.replace('.', '/'));
    }
  }

  /**
   * The log on standard error.
   *
   * @param format {@code text} (default) or {@code json}
   * @param level {@code error}, {@code warn}, {@code info} (default) or {@code debug}
   */
  public record Logging(Format format, Level level) {
    static final Logging DEFAULT = new Logging(Format.text, Level.info);

    /** How a line looks. */
    public enum Format {
      text,
      json
    }

    /** The least important lines that are written. */
    public enum Level {
      error,
      warn,
      info,
      debug
    }

    public Logging {
      format = format == null ? DEFAULT.format : format;
      level = level == null ? DEFAULT.level : level;
    }
  }

  private static <T> T required(String key, @Nullable T value) {
    if (value == null) {
      throw new InvalidSettingException(key, "is missing");
    }
    return value;
  }

  private static void checkName(String name) {
    if (name.length() > 253 || !DNS_NAME.matcher(name).matches()) {
      throw new InvalidSettingException(
          "name",
          "\""
              + name
              + "\" is no cluster name: use lower-case letters, digits, '-' and '.', such as"
              + " test1");
    }
  }

  private static void checkResources(String key, List<String> resources) {
    Set<String> seen = new HashSet<>();
    for (String resource : resources) {
      if (!RESOURCE.matcher(resource).matches()) {
        throw new InvalidSettingException(
            key,
            "\""
                + resource
                + "\" is no resource: write its plural and group, such as pods or"
                + " deployments.apps");
      }
      if (!seen.add(resource)) {
        throw new InvalidSettingException(key, "names " + resource + " twice");
      }
    }
  }
}
