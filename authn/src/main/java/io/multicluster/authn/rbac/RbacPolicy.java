package io.multicluster.authn.rbac;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Roles and bindings, arranged so that the permissions of a user are found by the user's name and
 * groups. Readers take no lock; writers take one, and a change costs as much as the changed object
 * is large. A change is seen by verdicts that begin after it.
 *
 * <p>Bindings point to the place of their role, which exists as long as a role or a binding of that
 * name does, so a changed role is replaced in one place whatever the number of its bindings.
 */
public final class RbacPolicy {
  private static final Decision MASTER = Decision.allow("");

  private final Grants grants = new Grants();

  @GuardedBy("this")
  private final Map<RoleName, RolePlace> roles = new HashMap<>();

  @GuardedBy("this")
  private final Map<Binding.Name, Binding> bindings = new HashMap<>();

  /** Enters a role or replaces the one of that name. */
  public synchronized void putRole(RoleName name, List<PolicyRule> rules) {
    roles.computeIfAbsent(name, RolePlace::new).role = new CompiledRole(rules);
  }

  public synchronized void removeRole(RoleName name) {
    RolePlace place = roles.get(name);
    if (place != null) {
      place.role = null;
      forgetUnused(place);
    }
  }

  /** Enters a binding or replaces the one of that name. */
  public synchronized void putBinding(Binding binding) {
    Binding before = bindings.put(binding.key(), binding);
    if (binding.equals(before)) {
      return;
    }
    // the new grants first: who keeps a permission must not miss it in between
    RolePlace place = roles.computeIfAbsent(binding.role(), RolePlace::new);
    place.bindings++;
    grants.enter(binding, place);
    if (before != null) {
      withdraw(before);
    }
  }

  public synchronized void removeBinding(Binding.Name name) {
    Binding before = bindings.remove(name);
    if (before != null) {
      withdraw(before);
    }
  }

  /** What RBAC says: yes, or nothing. Never waits. */
  public Decision decide(Attributes attributes) {
    UserInfo user = attributes.user();
    if (user.groups().contains(UserInfo.SYSTEM_MASTERS)) {
      return MASTER;
    }
    Question question = new Question(attributes);
    if (!grants.visit(user, "", question) && !attributes.namespace().isEmpty()) {
      grants.visit(user, attributes.namespace(), question);
    }
    return question.decision();
  }

  /** All rules that apply to a user in a namespace, as {@code kubectl auth can-i --list} asks. */
  public List<PolicyRule> rules(UserInfo user, String namespace) {
    Set<RolePlace> found = new LinkedHashSet<>();
    Grants.Visitor collect =
        grant -> {
          found.add(grant.place);
          return false;
        };
    grants.visit(user, "", collect);
    if (!namespace.isEmpty()) {
      grants.visit(user, namespace, collect);
    }
    List<PolicyRule> rules = new ArrayList<>();
    for (RolePlace place : found) {
      CompiledRole role = place.role;
      if (role != null) {
        rules.addAll(role.rules());
      }
    }
    return rules;
  }

  @GuardedBy("this")
  private void withdraw(Binding binding) {
    grants.withdraw(binding);
    RolePlace place = roles.get(binding.role());
    if (place != null) {
      place.bindings--;
      forgetUnused(place);
    }
  }

  @GuardedBy("this")
  private void forgetUnused(RolePlace place) {
    if (place.bindings == 0 && place.role == null) {
      roles.remove(place.name);
    }
  }

  /** One question on its way through the grants. */
  private static final class Question implements Grants.Visitor {
    private final Attributes attributes;
    private final String resource;
    private final @Nullable String ofAnyResource;
    private @Nullable Grant enough;
    private @Nullable Set<String> missingRoles;

    Question(Attributes attributes) {
      this.attributes = attributes;
      String subresource = attributes.subresource();
      this.resource =
          subresource.isEmpty() ? attributes.resource() : attributes.resource() + "/" + subresource;
      this.ofAnyResource = subresource.isEmpty() ? null : "*/" + subresource;
    }

    @Override
    public boolean enough(Grant grant) {
      CompiledRole role = grant.place.role;
      if (role == null) {
        if (missingRoles == null) {
          missingRoles = new LinkedHashSet<>();
        }
        missingRoles.add(grant.place.name.notFound());
        return false;
      }
      if (role.allows(attributes, resource, ofAnyResource)) {
        enough = grant;
        return true;
      }
      return false;
    }

    Decision decision() {
      if (enough != null) {
        return enough.allow();
      }
      return missingRoles == null
          ? Decision.NO_OPINION
          : Decision.noOpinion(complaint(missingRoles));
    }

    /** As Go prints one error, or several. */
    private static String complaint(Set<String> errors) {
      String all = String.join(", ", errors);
      return "RBAC: " + (errors.size() == 1 ? all : "[" + all + "]");
    }
  }
}
