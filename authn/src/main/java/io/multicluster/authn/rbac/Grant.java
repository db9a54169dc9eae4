package io.multicluster.authn.rbac;

import io.multicluster.authn.Decision;
import io.multicluster.authn.rbac.Binding.Subject;
import io.multicluster.wire.status.GoText;
import org.jspecify.annotations.Nullable;

/** A role given to one subject by one binding. */
final class Grant {
  final Binding binding;
  final RolePlace place;
  private final Subject subject;

  /** Made when it is first needed: most grants never decide anything. */
  private @Nullable Decision allow;

  Grant(Binding binding, Subject subject, RolePlace place) {
    this.binding = binding;
    this.subject = subject;
    this.place = place;
  }

  /** The permission, with the reason that kube-apiserver writes into the audit log. */
  Decision allow() {
    Decision known = allow;
    if (known == null) {
      known = Decision.allow("RBAC: allowed by " + this);
      allow = known; // a race makes two, both right, and records are safe to publish so
    }
    return known;
  }

  @Override
  public String toString() {
    boolean everywhere = binding.namespace().isEmpty();
    return (everywhere ? "ClusterRoleBinding " : "RoleBinding ")
        + GoText.quote(everywhere ? binding.name() : binding.name() + "/" + binding.namespace())
        + " of "
        + binding.role().kind()
        + " "
        + GoText.quote(binding.role().name())
        + " to "
        + subject.kind()
        + " "
        + GoText.quote(subjectName());
  }

  private String subjectName() {
    if (!subject.kind().equals("ServiceAccount")) {
      return subject.name();
    }
    return subject.name()
        + "/"
        + (subject.namespace().isEmpty() ? binding.namespace() : subject.namespace());
  }
}
