package io.multicluster.server.pipeline;

import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.server.route.HealthEndpoints;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks whether the user may. Health is open to everybody, as in kube-apiserver.
 *
 * <p>An entry {@code /clusters/NAME/…} needs the permission on {@code clusters/proxy} that Karmada
 * asks for the same. What the member itself then serves is judged again there; what comes from the
 * cache instead is judged here.
 */
public final class Authorize {
  private static final GroupResource CLUSTERS = new GroupResource("cluster.karmada.io", "clusters");

  private final Authorizer authorizer;
  private final OfferedResources offered;

  public Authorize(Authorizer authorizer, OfferedResources offered) {
    this.authorizer = authorizer;
    this.offered = offered;
  }

  /** What was decided about a request, up to the first refusal. */
  record Answers(List<Answer> all) {
    /**
     * @param told hears each decision, for the audit log
     * @throws ApiException 403
     */
    void check(Consumer<Decision> told) {
      for (Answer answer : all) {
        told.accept(answer.decision);
        if (!answer.decision.allowed()) {
          throw answer.question.forbidden(answer.decision.reason());
        }
      }
    }
  }

  private record Answer(Attributes question, Decision decision) {}

  /** Null if somebody has to be asked. Never blocks. */
  @Nullable Answers answersNow(UserInfo user, RequestInfo info, Query query) {
    List<Answer> answers = new ArrayList<>(2);
    for (Attributes question : questions(user, info, query)) {
      Decision decision = authorizer.decideNow(question);
      if (decision == null) {
        return null;
      }
      answers.add(new Answer(question, decision));
      if (!decision.allowed()) {
        break;
      }
    }
    return new Answers(answers);
  }

  /** May block. */
  Answers answers(UserInfo user, RequestInfo info, Query query) {
    List<Answer> answers = new ArrayList<>(2);
    for (Attributes question : questions(user, info, query)) {
      Decision known = authorizer.decideNow(question);
      Decision decision = known == null ? authorizer.authorize(question) : known;
      answers.add(new Answer(question, decision));
      if (!decision.allowed()) {
        break;
      }
    }
    return new Answers(answers);
  }

  private List<Attributes> questions(UserInfo user, RequestInfo info, Query query) {
    if (info.cluster().isEmpty()) {
      return HealthEndpoints.isHealthPath(info.path())
          ? List.of()
          : List.of(ordinary(user, info, query));
    }
    Attributes entry =
        Attributes.ofResource(
            user, methodVerb(info), CLUSTERS, "v1alpha1", "proxy", "", info.cluster());
    return info.resourceRequest() && offered.isCached(info.groupResource())
        ? List.of(entry, ordinary(user, info, query))
        : List.of(entry);
  }

  private static Attributes ordinary(UserInfo user, RequestInfo info, Query query) {
    return Attributes.of(user, info, query.get("fieldSelector"), query.get("labelSelector"));
  }

  /** Karmada's proxy sees a request by its method only. */
  private static String methodVerb(RequestInfo info) {
    return switch (info.verb()) {
      case "get", "head", "list", "watch", "proxy", "options" -> "get";
      case "post", "create" -> "create";
      case "put", "update" -> "update";
      case "delete", "deletecollection" -> "delete";
      default -> info.verb();
    };
  }
}
