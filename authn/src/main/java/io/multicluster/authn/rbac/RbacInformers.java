package io.multicluster.authn.rbac;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a policy as the control plane's roles and bindings are, by four watches. While the control
 * plane is away the policy stays as it was last seen.
 */
public final class RbacInformers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RbacInformers.class);

  /** Objects a page of the first list. */
  private static final long PAGE = 500;

  private final KubernetesClient client;
  private final RbacPolicy policy;
  private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
  private final CountDownLatch unlisted = new CountDownLatch(4);

  /**
   * Begins to watch; returns at once.
   *
   * @param client for the control plane, with permission to list and watch the four kinds of RBAC;
   *     stays the caller's
   */
  public RbacInformers(KubernetesClient client, RbacPolicy policy) {
    this.client = client;
    this.policy = policy;
    watch(
        ClusterRole.class,
        client.rbac().clusterRoles().withLimit(PAGE),
        role -> policy.putRole(clusterRole(role), rules(role.getRules())),
        role -> policy.removeRole(clusterRole(role)));
    watch(
        Role.class,
        client.rbac().roles().inAnyNamespace().withLimit(PAGE),
        role -> policy.putRole(role(role), rules(role.getRules())),
        role -> policy.removeRole(role(role)));
    watch(
        ClusterRoleBinding.class,
        client.rbac().clusterRoleBindings().withLimit(PAGE),
        binding -> bind(binding, binding.getRoleRef(), binding.getSubjects()),
        binding -> policy.removeBinding(binding(binding)));
    watch(
        RoleBinding.class,
        client.rbac().roleBindings().inAnyNamespace().withLimit(PAGE),
        binding -> bind(binding, binding.getRoleRef(), binding.getSubjects()),
        binding -> policy.removeBinding(binding(binding)));
  }

  /**
   * Whether all four kinds have been listed, so that what the policy does not hold is not there.
   */
  public boolean synced() {
    return unlisted.getCount() == 0;
  }

  /** Waits until {@link #synced}. */
  public void awaitSync() throws InterruptedException {
    unlisted.await();
  }

  @Override
  public void close() {
    informers.forEach(SharedIndexInformer::close);
  }

  private <T extends HasMetadata> void watch(
      Class<T> kind, Informable<T> resource, Consumer<T> put, Consumer<T> remove) {
    SharedIndexInformer<T> informer = resource.runnableInformer(0);
    // the policy is the store; names are enough to notice what a new list lacks
    informer.itemStore(
        new ReducedStateItemStore<>(
            ReducedStateItemStore.NAME_KEY_STATE, kind, client.getKubernetesSerialization()));
    informer.exceptionHandler((_, problem) -> {
      LOG.atWarn()
          .addKeyValue("kind", kind.getSimpleName())
          .addKeyValue("reason", problem.toString())
          .log("RBAC can't be watched at the control plane: trying again");
      return true;
    });
    informer.addEventHandler(new Handler<>(put, remove));
    informers.add(informer);
    informer.start();
  }

  /** Called by one thread of the informer, in the order of the events. */
  private final class Handler<T> implements ResourceEventHandler<T> {
    private final Consumer<T> put;
    private final Consumer<T> remove;
    private boolean listed;

    Handler(Consumer<T> put, Consumer<T> remove) {
      this.put = put;
      this.remove = remove;
    }

    @Override
    public void onAdd(T object) {
      put.accept(object);
    }

    @Override
    public void onUpdate(T before, T object) {
      put.accept(object);
    }

    @Override
    public void onDelete(T object, boolean unknownState) {
      remove.accept(object);
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      if (!listed) {
        listed = true;
        unlisted.countDown();
      }
    }
  }

  private void bind(
      HasMetadata binding,
      RoleRef role,
      @Nullable List<io.fabric8.kubernetes.api.model.rbac.Subject> subjects) {
    Binding.Name name = binding(binding);
    RoleName roleName =
        new RoleName(role.getKind().equals("Role") ? name.namespace() : "", role.getName());
    policy.putBinding(
        new Binding(name.namespace(), name.name(), roleName, subjects(orEmpty(subjects))));
  }

  private static List<Binding.Subject> subjects(
      List<io.fabric8.kubernetes.api.model.rbac.Subject> subjects) {
    return subjects.stream()
        .map(each ->
            new Binding.Subject(
                text(each.getKind()), text(each.getNamespace()), text(each.getName())))
        .toList();
  }

  private static Binding.Name binding(HasMetadata object) {
    return new Binding.Name(
        text(object.getMetadata().getNamespace()), object.getMetadata().getName());
  }

  private static RoleName clusterRole(HasMetadata object) {
    return new RoleName("", object.getMetadata().getName());
  }

  private static RoleName role(HasMetadata object) {
    return new RoleName(object.getMetadata().getNamespace(), object.getMetadata().getName());
  }

  private static List<PolicyRule> rules(
      @Nullable List<io.fabric8.kubernetes.api.model.rbac.PolicyRule> rules) {
    return orEmpty(rules).stream()
        .map(rule ->
            new PolicyRule(
                orEmpty(rule.getVerbs()),
                orEmpty(rule.getApiGroups()),
                orEmpty(rule.getResources()),
                orEmpty(rule.getResourceNames()),
                orEmpty(rule.getNonResourceURLs())))
        .toList();
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }
}
