/**
 * What a file of integration tests shares: a source, a target and the judge, started before its first test and stopped
 * after its last. Tests keep apart by topic and group names of their own.
 */

import { type KafkaCluster, type KafkaOptions, startKafka } from "./kafka_cluster.ts";
import { type Judge, startJudge } from "./librdkafka.ts";

/** Running clusters, and who judges them. */
export interface Clusters {
  readonly source: KafkaCluster;
  readonly target: KafkaCluster;
  readonly judge: Judge;
}

/** Running clusters; all but `test` usable inside tests only. */
export interface ClusterPair extends Clusters {
  /**
   * Declares a test that uses them. Like Deno.test, but without its look for operations and resources left over: the
   * judge, which outlives the test, always has a read under way, and a broker may be killed by the test.
   */
  readonly test: (title: string, run: () => void | Promise<void>) => void;
}

/** Has both clusters and the judge run while the tests of this file do. */
export function sharedClusters(
  options: { readonly source?: KafkaOptions; readonly target?: KafkaOptions } = {},
): ClusterPair {
  const stack = new AsyncDisposableStack();
  let pair: Clusters | undefined;
  Deno.test.beforeAll(async () => {
    const [source, target, judge] = await Promise.all([
      startKafka(options.source).then((cluster) => stack.use(cluster)),
      startKafka(options.target).then((cluster) => stack.use(cluster)),
      startJudge().then((judge) => stack.use(judge)),
    ]);
    pair = { source, target, judge };
  });
  Deno.test.afterAll(() => stack.disposeAsync());
  const running = (): Clusters => {
    if (pair === undefined) throw new Error("Cannot use the clusters: no test has begun");
    return pair;
  };
  return {
    test: (name, fn) => Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false }),
    get source() {
      return running().source;
    },
    get target() {
      return running().target;
    },
    get judge() {
      return running().judge;
    },
  };
}

/** A name that no other test uses, in letters Kafka takes. */
export function uniqueName(stem: string): string {
  return `${stem}-${crypto.randomUUID().slice(0, 8)}`;
}
