package io.multicluster.authn.jwt;

import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelOptionalLibrary;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A CEL expression about one variable. Safe for use by any thread. */
final class Expression {
  private static final CelOptions OPTIONS =
      CelOptions.current().enableHeterogeneousNumericComparisons(true).build();
  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.legacyCelRuntimeBuilder()
          .setOptions(OPTIONS)
          .addLibraries(CelExtensions.strings(), CelOptionalLibrary.INSTANCE)
          .build();

  private final String variable;
  private final String text;
  private final CelRuntime.Program program;

  /**
   * @param variable its name; a map of anything
   * @throws IllegalArgumentException if the expression can't be compiled
   */
  Expression(String variable, String text) {
    CelCompiler compiler =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addLibraries(CelExtensions.strings(), CelOptionalLibrary.INSTANCE)
            .addVar(variable, MapType.create(SimpleType.STRING, SimpleType.DYN))
            .build();
    this.variable = variable;
    this.text = text;
    try {
      this.program = RUNTIME.createProgram(compiler.compile(text).getAst());
    } catch (CelValidationException | CelEvaluationException e) {
      throw new IllegalArgumentException(
          "the expression \"" + text + "\" can't be compiled: " + e.getMessage(), e);
    }
  }

  String text() {
    return text;
  }

  /**
   * @throws ClaimsException if the result is no truth value, or there is none
   */
  boolean holds(Map<String, ?> value) throws ClaimsException {
    if (evaluate(value) instanceof Boolean result) {
      return result;
    }
    throw new ClaimsException("the expression \"" + text + "\" gives neither true nor false");
  }

  /**
   * @throws ClaimsException if the result is no text, or there is none
   */
  String string(Map<String, ?> value) throws ClaimsException {
    if (evaluate(value) instanceof String result) {
      return result;
    }
    throw new ClaimsException("the expression \"" + text + "\" gives no text");
  }

  /**
   * A text, a list of texts, or nothing, which is an empty list as an empty text is.
   *
   * @throws ClaimsException if the result is anything else, or there is none
   */
  List<String> strings(Map<String, ?> value) throws ClaimsException {
    return switch (evaluate(value)) {
      case null -> List.of();
      case String one -> one.isEmpty() ? List.of() : List.of(one);
      case List<?> many -> {
        List<String> texts = new ArrayList<>();
        for (Object each : many) {
          if (!(each instanceof String one)) {
            throw new ClaimsException(
                "the expression \"" + text + "\" gives a list with what is no text");
          }
          if (!one.isEmpty()) {
            texts.add(one);
          }
        }
        yield texts;
      }
      default ->
          throw new ClaimsException(
              "the expression \"" + text + "\" gives neither a text nor a list of texts");
    };
  }

  private @Nullable Object evaluate(Map<String, ?> value) throws ClaimsException {
    try {
      Object result = program.eval(Map.of(variable, value));
      if (result instanceof Optional<?> optional) {
        return optional.orElse(null);
      }
      return result instanceof dev.cel.common.values.NullValue
              || result instanceof com.google.protobuf.NullValue
          ? null
          : result;
    } catch (CelEvaluationException e) {
      // its message may quote claims, which are nobody else's business
      throw new ClaimsException("the expression \"" + text + "\" can't be evaluated");
    }
  }
}
