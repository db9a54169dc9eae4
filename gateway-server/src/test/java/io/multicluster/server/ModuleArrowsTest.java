package io.multicluster.server;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between modules, as docs and poms draw them. */
final class ModuleArrowsTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.multicluster");

  @Test
  void modulesUseOnlyWhatIsBelowThem() {
    LayeredArchitecture modules =
        layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("kube-wire")
            .definedBy("io.multicluster.wire..")
            .layer("authn")
            .definedBy("io.multicluster.authn..")
            .layer("certs")
            .definedBy("io.multicluster.certs..")
            .layer("admission")
            .definedBy("io.multicluster.admission..")
            .layer("proxy")
            .definedBy("io.multicluster.proxy..")
            .layer("cluster-cache")
            .definedBy("io.multicluster.cache..")
            .layer("gateway-server")
            .definedBy("io.multicluster.server..")
            .layer("test-clusters")
            .definedBy("io.multicluster.testclusters..")
            .whereLayer("kube-wire")
            .mayNotAccessAnyLayer()
            .whereLayer("authn")
            .mayOnlyAccessLayers("kube-wire")
            .whereLayer("certs")
            .mayOnlyAccessLayers("kube-wire")
            .whereLayer("admission")
            .mayOnlyAccessLayers("kube-wire")
            .whereLayer("proxy")
            .mayOnlyAccessLayers("kube-wire")
            .whereLayer("cluster-cache")
            .mayOnlyAccessLayers("kube-wire", "proxy")
            .whereLayer("test-clusters")
            .mayOnlyAccessLayers("kube-wire")
            .whereLayer("gateway-server")
            .mayOnlyAccessLayers(
                "kube-wire", "authn", "certs", "admission", "proxy", "cluster-cache");

    modules.check(ALL);
  }

  @Test
  void featuresOfTheServerHaveNoCycles() {
    SlicesRuleDefinition.slices()
        .matching("io.multicluster.server.(*)..")
        .should()
        .beFreeOfCycles()
        .check(ALL);
  }
}
