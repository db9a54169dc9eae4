package io.multicluster.admission;

import java.util.List;

/** What became of a request that was not refused. */
public sealed interface Outcome {
  /** For the client, as {@code Warning} headers. */
  List<String> warnings();

  /** For the audit log: policies that were broken without being refused, overridden rules. */
  List<String> records();

  /**
   * The request is to go on as it came.
   *
   * @param notDone to be run if it turns out not to have been carried out; idempotent
   * @param atomic whether an API server that refuses it has certainly done nothing of it: false for
   *     collections
   */
  record PassOn(List<String> warnings, List<String> records, Runnable notDone, boolean atomic)
      implements Outcome {
    static final PassOn UNJUDGED = new PassOn(List.of(), List.of(), () -> {}, true);

    public PassOn {
      warnings = List.copyOf(warnings);
      records = List.copyOf(records);
    }
  }

  /** The request was carried out; this is the API server's answer to it. */
  record Answered(ApiServer.Answer answer, List<String> warnings, List<String> records)
      implements Outcome {
    public Answered {
      warnings = List.copyOf(warnings);
      records = List.copyOf(records);
    }
  }
}
