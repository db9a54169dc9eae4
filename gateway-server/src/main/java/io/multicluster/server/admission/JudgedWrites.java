package io.multicluster.server.admission;

import io.multicluster.admission.Admission;
import io.multicluster.admission.AdmissionRequest;
import io.multicluster.admission.Outcome;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.members.MemberWrite;
import io.multicluster.server.members.MemberWrites;

/** Has changes of pods judged before their member makes them; everything else goes straight on. */
public final class JudgedWrites implements MemberWrites {
  private final MemberWrites writes;
  private final Admission admission;

  public JudgedWrites(MemberWrites writes, Admission admission) {
    this.writes = writes;
    this.admission = admission;
  }

  @Override
  public UpstreamResponse send(MemberWrite write) {
    if (!Admission.concernsChangeOfPod(write.info())) {
      return writes.send(write);
    }
    Outcome outcome =
        Verdict.recorded(
            admission,
            new AdmissionRequest(
                write.head(),
                write.query(),
                write.info(),
                write.user(),
                write.body(),
                true,
                new UpstreamApiServer(write.member(), write.client())),
            write.audit());
    UpstreamResponse answer =
        switch (outcome) {
          case Outcome.PassOn _ -> writes.send(write);
          case Outcome.Answered answered ->
              new UpstreamResponse(
                  answered.answer().status(),
                  answered.answer().headers(),
                  answered.answer().body());
        };
    JudgedSink.warn(answer.headers(), outcome.warnings());
    return answer;
  }
}
