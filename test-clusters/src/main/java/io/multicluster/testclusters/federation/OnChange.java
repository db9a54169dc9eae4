package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.function.Consumer;

/**
 * Watch events seen as "something about this object is different", which is all that a
 * level-triggered loop asks.
 */
final class OnChange {
  private OnChange() {}

  static <T extends HasMetadata> ResourceEventHandler<T> of(Consumer<T> change) {
    return new ResourceEventHandler<>() {
      @Override
      public void onAdd(T object) {
        change.accept(object);
      }

      @Override
      public void onUpdate(T before, T after) {
        change.accept(after);
      }

      @Override
      public void onDelete(T object, boolean lastStateUnknown) {
        change.accept(object);
      }
    };
  }

  /** The object's namespace and name as one work item. */
  static String key(HasMetadata object) {
    return key(object.getMetadata().getNamespace(), object.getMetadata().getName());
  }

  static String key(String namespace, String name) {
    return namespace + "/" + name;
  }

  static String namespace(String key) {
    return key.substring(0, key.indexOf('/'));
  }

  static String name(String key) {
    return key.substring(key.indexOf('/') + 1);
  }
}
