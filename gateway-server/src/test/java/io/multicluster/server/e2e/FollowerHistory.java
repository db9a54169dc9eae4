package io.multicluster.server.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server told one follower of a collection, judged against what the follower knew already:
 * an object that is added must not be there, one that is modified or deleted must be there, in
 * another state, resourceVersions grow from event to event, and one list is all that it ever needs.
 *
 * <p>Confined to one thread at a time.
 */
final class FollowerHistory {
  /**
   * An event of a watch.
   *
   * @param note what its writer noted in the object
   * @param hash of the object but for its resourceVersion, in the follower's form
   */
  record Change(String type, String key, String uid, String note, long rv, String hash) {}

  private record Held(String uid, long rv, String hash) {}

  private final String name;
  private final List<String> violations = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();

  private final Map<Long, String> hashes = new HashMap<>();

  private final List<JsonNode> page = new ArrayList<>();
  private final Map<String, Long> told = new HashMap<>();
  private Map<String, Held> held = new HashMap<>();
  private @Nullable Map<String, Held> streamed;
  private String lastFailure = "";
  private int lists;
  private int excusedLists;
  private long listedAt;
  private long last;

  FollowerHistory(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Where its first list ended: its changes are those after. */
  long listedAt() {
    return listedAt;
  }

  /** Whether its first list is complete. */
  boolean synced() {
    return listedAt > 0;
  }

  List<String> violations() {
    return violations;
  }

  /**
   * @param resourceVersion 0 for all
   */
  List<Change> changesAfter(long resourceVersion) {
    return changes.stream().filter(change -> change.rv > resourceVersion).toList();
  }

  /** A hash of each object that it was told of, by resourceVersion. */
  Map<Long, String> hashes() {
    return hashes;
  }

  /** Lists that the client's own library made without a word from the server. */
  int excusedLists() {
    return excusedLists;
  }

  /** The next line of the follower's journal. */
  void read(JsonNode entry) {
    switch (entry.path("what").asText()) {
      case "list" -> {
        // The inconsistency detector's own question has a match; it is no list of the follower's.
        if (entry.path("match").asText().isEmpty()) {
          asked(entry);
        }
      }
      case "watch" -> {
        if (entry.path("initial").asBoolean()) {
          asked(entry);
          streamed = new HashMap<>();
        } else if (entry.path("rv").asLong() != last) {
          violations.add(name + " resumes from elsewhere than " + last + ": " + entry);
        }
        lastFailure = "";
      }
      case "failed" -> lastFailure = entry.path("error").asText();
      case "item" -> page.add(entry);
      case "listed" -> listed(entry);
      case "BOOKMARK" -> bookmark(entry);
      case "ADDED", "MODIFIED", "DELETED" -> change(entry);
      case "ERROR" -> violations.add(name + " got " + entry.path("error").asText());
      case "add", "update", "delete" -> handled(entry);
      default -> throw new IllegalStateException("not in a journal: " + entry);
    }
  }

  private void asked(JsonNode entry) {
    lists++;
    if (lists == 1) {
      return;
    }
    // client-go lists anew after a connection that broke while it asked for the watch.
    if (lastFailure.contains("reset by peer")
        || lastFailure.contains("EOF")
        || lastFailure.contains("connection lost")
        || lastFailure.contains("broken pipe")) {
      excusedLists++;
    } else {
      violations.add(name + " lists again: " + entry + " after \"" + lastFailure + "\"");
    }
  }

  private void listed(JsonNode entry) {
    long rv = entry.path("rv").asLong();
    boolean own = entry.path("match").asText().isEmpty();
    Map<String, Held> state = new HashMap<>();
    for (JsonNode item : page) {
      note(item, rv);
      put(state, item);
    }
    page.clear();
    if (own) {
      replace(state, rv);
    }
  }

  private void replace(Map<String, Held> state, long rv) {
    held = state;
    last = rv;
    if (listedAt == 0) {
      listedAt = rv;
    }
  }

  private void bookmark(JsonNode entry) {
    long rv = entry.path("rv").asLong();
    Map<String, Held> initial = streamed;
    if (entry.path("initial").asBoolean()) {
      if (initial == null) {
        violations.add(name + " hears of the end of a list that it did not ask for: " + entry);
        return;
      }
      streamed = null;
      replace(initial, rv);
    } else if (rv < last) {
      violations.add(name + " got a bookmark from before " + last + ": " + entry);
    }
    last = rv;
  }

  private void change(JsonNode entry) {
    Map<String, Held> initial = streamed;
    if (initial != null) {
      note(entry, Long.MAX_VALUE);
      put(initial, entry);
      if (!entry.path("what").asText().equals("ADDED")) {
        violations.add(name + " got more than ADDED in its initial state: " + entry);
      }
      return;
    }
    long rv = entry.path("rv").asLong();
    String key = entry.path("key").asText();
    String uid = entry.path("uid").asText();
    String type = entry.path("what").asText();
    if (rv <= last) {
      violations.add(name + " got an event that is not after " + last + ": " + entry);
    }
    last = rv;
    Held before = held.get(key);
    Held after = new Held(uid, rv, entry.path("hash").asText());
    switch (type) {
      case "ADDED" -> {
        if (before != null) {
          violations.add(name + " has " + before + " already: " + entry);
        }
        held.put(key, after);
      }
      case "MODIFIED" -> {
        if (before == null || !before.uid.equals(uid) || before.hash.equals(after.hash)) {
          violations.add(name + " has " + before + ": " + entry);
        }
        held.put(key, after);
      }
      default -> {
        if (before == null || !before.uid.equals(uid)) {
          violations.add(name + " has " + before + ": " + entry);
        }
        held.remove(key);
      }
    }
    note(entry, Long.MAX_VALUE);
    changes.add(
        new Change(type, key, uid, entry.path("note").asText(), rv, entry.path("hash").asText()));
  }

  /** What an informer's handler was told must be the same again: nothing twice. */
  private void handled(JsonNode entry) {
    String key = entry.path("key").asText();
    long rv = entry.path("rv").asLong();
    Long before = told.get(key);
    switch (entry.path("what").asText()) {
      case "add" -> {
        if (before != null) {
          violations.add(name + "'s handler knows of " + before + " already: " + entry);
        }
        told.put(key, rv);
      }
      case "update" -> {
        if (before == null || before != entry.path("was").asLong() || before >= rv) {
          violations.add(name + "'s handler knows of " + before + ": " + entry);
        }
        told.put(key, rv);
      }
      default -> {
        if (told.remove(key) == null) {
          violations.add(name + "'s handler does not know of it: " + entry);
        }
      }
    }
  }

  private void put(Map<String, Held> state, JsonNode item) {
    Held held =
        new Held(item.path("uid").asText(), item.path("rv").asLong(), item.path("hash").asText());
    if (state.put(item.path("key").asText(), held) != null) {
      violations.add(name + " got an object twice in one list: " + item);
    }
  }

  /** One resourceVersion is one state, wherever it is read. */
  private void note(JsonNode object, long listRv) {
    long rv = object.path("rv").asLong();
    String hash = object.path("hash").asText();
    String known = hashes.put(rv, hash);
    if (known != null && !known.equals(hash)) {
      violations.add(name + " got another object under a resourceVersion: " + object);
    }
    if (rv > listRv) {
      violations.add(name + " got an object from after its list's " + listRv + ": " + object);
    }
  }
}
