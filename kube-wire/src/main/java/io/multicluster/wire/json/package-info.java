/**
 * JSON as kube-apiserver writes it, byte for byte, into Netty's buffers. {@link
 * io.multicluster.wire.json.JsonTranscoder} turns objects that are kept as protobuf into it, by the
 * table behind {@link io.multicluster.wire.json.KubernetesTypes}; {@link
 * io.multicluster.wire.json.JsonWriter} writes what is composed here, such as Tables; {@link
 * io.multicluster.wire.json.JsonIndenter} makes either readable, {@link
 * io.multicluster.wire.json.YamlWriter} turns either into YAML.
 */
@NullMarked
package io.multicluster.wire.json;

import org.jspecify.annotations.NullMarked;
