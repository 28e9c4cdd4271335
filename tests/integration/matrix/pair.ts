/**
 * The pairs of clusters of the matrix: a release under test as the source or as the target, and the newest release on
 * the other side. Both are started once a release and shared by its cases. Refuses to know what the cases do.
 */

import { authorizingIn } from "../../support/acls.ts";
import type { Clusters } from "../../support/cluster_pair.ts";
import { type KafkaOptions, startKafka } from "../../support/kafka_cluster.ts";
import { isSince, type KafkaVersion } from "../../support/kafka_releases.ts";
import { startJudge } from "../../support/librdkafka.ts";

/** The side that the release under test is on. */
export type Role = "source" | "target";

/** A release under test, on one side, with its partner on the other. */
export interface MatrixPair extends Clusters {
  readonly version: KafkaVersion;
  readonly role: Role;
}

/** Both clusters of a release. */
export interface ReleaseClusters extends AsyncDisposable {
  readonly as: (role: Role) => MatrixPair;
}

/** What is on the other side: the newest release. */
export const partnerVersion: KafkaVersion = "4.4.0";

/** Releases that also meet kills, changes of leaders, and security: the oldest, the newest, and two between them. */
export const closelyTested: readonly KafkaVersion[] = ["0.10.2.2", "1.1.1", "2.8.2", "4.4.0"];

/**
 * The sides that a release may be on: a target has to know idempotent producers that keep five batches. As the target it
 * comes first, so that a check meets a target that nothing has been done to.
 */
export const rolesOf = (version: KafkaVersion): readonly Role[] =>
  isSince(version, "1.1.1") ? ["target", "source"] : ["source"];

/** Starts a release, its partner and the judge. */
export async function startRelease(version: KafkaVersion): Promise<ReleaseClusters> {
  const stack = new AsyncDisposableStack();
  try {
    const [tested, partner, judge] = await Promise.all([
      startKafka(optionsOf(version)).then((cluster) => stack.use(cluster)),
      startKafka({ version: partnerVersion }).then((cluster) => stack.use(cluster)),
      startJudge().then((judge) => stack.use(judge)),
    ]);
    return {
      as: (role) => ({
        version,
        role,
        judge,
        ...(role === "source"
          ? { source: tested, target: partner }
          : { source: partner, target: tested }),
      }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function optionsOf(version: KafkaVersion): KafkaOptions {
  const properties = {
    // Whatever is named by mistake comes into being.
    "auto.create.topics.enable": "true",
    // Before 1.0 topics can't be deleted unless told.
    "delete.topic.enable": "true",
  };
  if (!closelyTested.includes(version)) return { version, properties };
  return {
    version,
    brokers: 3,
    heapMb: 256,
    listeners: ["TLS", "SASL_PLAINTEXT", "SASL_TLS"],
    properties: { ...properties, ...authorizingIn(version), "min.insync.replicas": "1" },
  };
}
