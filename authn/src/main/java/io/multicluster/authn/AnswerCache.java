package io.multicluster.authn;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What others answered to questions, for a while. Those who ask the same at the same time wait for
 * one question. Failures are not kept. Safe for use by any thread.
 *
 * @param <Q> what tells questions apart; kept in memory
 */
public final class AnswerCache<Q, A> {

  /** Asks somebody else. Runs on a virtual thread of its own, holding no lock. */
  @FunctionalInterface
  public interface Question<A> {
    A ask() throws IOException;
  }

  private static final Executor ASKING = Executors.newVirtualThreadPerTaskExecutor();

  private final AsyncCache<Q, Outcome<A>> answers;

  /**
   * @param stays how long an answer is good for
   */
  public AnswerCache(int maximumSize, Function<A, Duration> stays, Ticker ticker) {
    this.answers =
        Caffeine.newBuilder()
            .maximumSize(maximumSize)
            .expireAfter(Expiry.writing((Q _, Outcome<A> outcome) -> outcome.stays(stays)))
            .ticker(ticker)
            .executor(Runnable::run)
            .buildAsync();
  }

  /** What is known; null if nothing. Never waits. */
  public @Nullable A getIfPresent(Q key) {
    return answers.synchronous().getIfPresent(key) instanceof Outcome.Answer<A>(A answer)
        ? answer
        : null;
  }

  /**
   * Waits for the answer if it is not known.
   *
   * @throws IOException what {@code question} threw
   */
  @SuppressWarnings("ReferenceEquality") // Whether this call is the one that asks.
  public A get(Q key, Question<A> question) throws IOException {
    CompletableFuture<Outcome<A>> mine = new CompletableFuture<>();
    CompletableFuture<Outcome<A>> shared = answers.get(key, (_, _) -> mine);
    if (shared == mine) {
      // The cache gives an answer its time when this completes: before anybody here goes on.
      CompletableFuture.supplyAsync(() -> ask(question), ASKING)
          .handle((outcome, failure) ->
              failure == null ? mine.complete(outcome) : mine.completeExceptionally(failure))
          .join();
    }
    return switch (shared.join()) {
      case Outcome.Answer<A>(A answer) -> answer;
      // one exception may end several requests: each gets its own, with its own stack
      case Outcome.Failure<A>(IOException cause) ->
          throw new IOException(cause.getMessage(), cause);
    };
  }

  private static <A> Outcome<A> ask(Question<A> question) {
    try {
      return new Outcome.Answer<>(question.ask());
    } catch (IOException e) {
      return new Outcome.Failure<>(e);
    }
  }

  private sealed interface Outcome<A> {
    record Answer<A>(A answer) implements Outcome<A> {}

    /** Told to those who wait, and gone. */
    record Failure<A>(IOException cause) implements Outcome<A> {}

    default Duration stays(Function<A, Duration> answers) {
      return switch (this) {
        case Answer<A>(A answer) -> answers.apply(answer);
        case Failure<A> _ -> Duration.ZERO;
      };
    }
  }
}
