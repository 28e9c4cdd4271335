// The target is looked at while the source still is: over a long link each question takes its time. Which topics that
// takes follows from what groups have committed on; where it turns out to be others, these are looked at then.

import type { Finding } from "../model/finding.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { orFinding } from "./blocking.ts";
import { snapshotTopics } from "./snapshot.ts";

/** What was seen, or the finding that stood in the way. */
type Seen = { readonly value: ClusterSnapshot } | { readonly finding: Finding };

/** A look at some topics of the target. Once it is disposed of, nothing of it is tried again. */
export interface TargetLook extends Disposable {
  /** Begins with the topics that may be needed; what was begun before ends. */
  begin(topics: readonly string[]): void;
  /** The topics, and no others. @throws what is no broker's doing */
  at(topics: readonly string[]): Promise<Seen>;
}

interface Begun {
  readonly topics: ReadonlySet<string>;
  readonly seen: Promise<Seen>;
  readonly end: AbortController;
}

/** A look that has not begun. */
export function createTargetLook(target: Cluster, signal: AbortSignal): TargetLook {
  const lookAt = (topics: ReadonlySet<string>, until: AbortSignal) =>
    orFinding(snapshotTopics(target, [...topics], until), "target");
  let begun: Begun | undefined;
  return {
    begin(topics) {
      begun?.end.abort();
      const end = new AbortController();
      const asked = new Set(topics);
      const seen = lookAt(asked, AbortSignal.any([signal, end.signal]));
      // Heard when it is asked for.
      seen.catch(() => {});
      begun = { topics: asked, seen, end };
    },
    async at(topics) {
      const wanted = new Set(topics);
      if (begun === undefined || !wanted.isSubsetOf(begun.topics)) {
        return await lookAt(wanted, signal);
      }
      const seen = await begun.seen;
      if ("finding" in seen) return seen;
      const kept = [...seen.value.topics].filter(([topic]) => wanted.has(topic));
      return { value: { ...seen.value, topics: new Map(kept) } };
    },
    [Symbol.dispose]: () => begun?.end.abort(),
  };
}
