// The target is looked at while the source still is: over a long link each question takes its time. Which topics that
// takes is guessed from what groups have committed on, and looked at again where more of them turn out to be planned.

import type { Finding } from "../core/finding.ts";
import type { ClusterSnapshot } from "../core/snapshot.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { orFinding } from "./blocking.ts";
import { snapshotTopics } from "./snapshot.ts";

/** What was seen, or the finding that stood in the way. */
type Seen = { readonly value: ClusterSnapshot } | { readonly finding: Finding };

/** A look at some topics of the target. */
export interface TargetLook {
  /** Begins with the topics that may be needed; what was begun before is forgotten. */
  begin(topics: readonly string[]): void;
  /** The topics, and no others. @throws what is no broker's doing */
  at(topics: readonly string[]): Promise<Seen>;
}

/** A look that has not begun. */
export function createTargetLook(target: Cluster, signal: AbortSignal): TargetLook {
  const lookAt = (topics: readonly string[]) =>
    orFinding(snapshotTopics(target, topics, signal), "target");
  let begun: { readonly topics: ReadonlySet<string>; readonly seen: Promise<Seen> } | undefined;
  return {
    begin(topics) {
      const asked = new Set(topics);
      const seen = lookAt([...asked]);
      // Heard when it is asked for.
      seen.catch(() => {});
      begun = { topics: asked, seen };
    },
    async at(topics) {
      const wanted = new Set(topics);
      if (begun === undefined || !wanted.isSubsetOf(begun.topics)) return await lookAt(topics);
      const seen = await begun.seen;
      if ("finding" in seen) return seen;
      const kept = [...seen.value.topics].filter(([topic]) => wanted.has(topic));
      return { value: { ...seen.value, topics: new Map(kept) } };
    },
  };
}
