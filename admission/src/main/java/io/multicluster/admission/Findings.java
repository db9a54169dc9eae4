package io.multicluster.admission;

import io.multicluster.admission.ProtectionPolicy.Action;
import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.List;

/** What rules found wrong with one request. Confined to the request's thread. */
final class Findings {
  private final AdmissionSettings settings;
  private final UserInfo user;
  private final List<String> refusals = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> records = new ArrayList<>();

  Findings(AdmissionSettings settings, UserInfo user) {
    this.settings = settings;
    this.user = user;
  }

  UserInfo user() {
    return user;
  }

  /** A rule that stands on the object itself. */
  void refuse(String rule, String wayOut) {
    refusals.add(rule + ": " + wayOut + breakGlass());
  }

  /** A policy's rule. */
  void add(ProtectionPolicy policy, String what, String wayOut) {
    String text = "policy \"" + policy.name() + "\" " + what;
    switch (policy.action()) {
      case DENY -> refusals.add(text + ": " + wayOut + exempt(policy) + breakGlass());
      case WARN -> warnings.add(text);
      case AUDIT -> records.add(text);
    }
    if (policy.action() == Action.WARN) {
      records.add(text);
    }
  }

  /** What was found about another object of the same request. */
  void add(Findings other) {
    refusals.addAll(other.refusals);
    warnings.addAll(other.warnings);
    records.addAll(other.records);
  }

  /** What was found about something that goes along. */
  void include(String how, Findings inner) {
    inner.refusals.forEach(text -> refusals.add(how + ", and " + text));
    inner.warnings.forEach(text -> warnings.add(how + ", and " + text));
    inner.records.forEach(text -> records.add(how + ", and " + text));
  }

  /**
   * Takes the refusals back, for somebody who may and says why.
   *
   * @param reason empty if none was given
   */
  void override(String reason) {
    if (reason.isBlank() || refusals.isEmpty() || !settings.mayBreakGlass(user)) {
      return;
    }
    for (String refusal : refusals) {
      warnings.add("overridden (" + reason + "): " + refusal);
      records.add("overridden by " + user.name() + " (" + reason + "): " + refusal);
    }
    refusals.clear();
  }

  boolean none() {
    return refusals.isEmpty() && warnings.isEmpty() && records.isEmpty();
  }

  List<String> refusals() {
    return refusals;
  }

  /** For the client that sent the request. */
  List<String> warnings() {
    return warnings;
  }

  /** For the audit log. */
  List<String> records() {
    return records;
  }

  private static String exempt(ProtectionPolicy policy) {
    List<String> exempt = new ArrayList<>();
    policy.exempt().groups().stream().sorted().map(group -> "group " + group).forEach(exempt::add);
    policy.exempt().users().stream().sorted().map(user -> "user " + user).forEach(exempt::add);
    return exempt.isEmpty() ? "" : ", or ask " + String.join(" or ", exempt);
  }

  private String breakGlass() {
    return settings.breakGlassGroups().isEmpty()
        ? ""
        : ", or have group "
            + String.join(" or ", settings.breakGlassGroups().stream().sorted().toList())
            + " do it with annotation "
            + Rules.OVERRIDE
            + ": REASON";
  }
}
