package io.multicluster.testclusters.federation;

import java.nio.file.Path;

class RealFederationTest extends FederationWorldContract {
  @Override
  FederationWorld open(Path folder) {
    return FederationWorld.shared();
  }
}
