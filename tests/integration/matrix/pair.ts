/**
 * The pairs of clusters of the matrix: a release under test as the source or as the target, and the newest release on
 * the other side. Both are started once a release and shared by its cases. Refuses to know what the cases do.
 */

import { authorizingIn } from "../../support/acls.ts";
import type { Clusters } from "../../support/cluster_pair.ts";
import { type KafkaOptions, startKafka } from "../../support/kafka_cluster.ts";
import type { KafkaVersion } from "../../support/kafka_releases.ts";
import { startJudge } from "../../support/librdkafka.ts";
import { closelyTested, partnerVersion, type Role } from "./roles.ts";

/** A release under test, on one side, with its partner on the other. */
export interface MatrixPair extends Clusters {
  readonly version: KafkaVersion;
  readonly role: Role;
}

/** Both clusters of a release. */
export interface ReleaseClusters extends AsyncDisposable {
  readonly as: (role: Role) => MatrixPair;
}

/** Starts a release, its partner and the judge. */
export async function startRelease(version: KafkaVersion): Promise<ReleaseClusters> {
  const stack = new AsyncDisposableStack();
  const starting = [
    startKafka(optionsOf(version)).then((cluster) => stack.use(cluster)),
    startKafka({ version: partnerVersion }).then((cluster) => stack.use(cluster)),
    startJudge().then((judge) => stack.use(judge)),
  ] as const;
  // What has started while another one failed has to end too.
  const failed = (await Promise.allSettled(starting)).some(({ status }) => status === "rejected");
  if (failed) await stack.disposeAsync();
  const [tested, partner, judge] = await Promise.all(starting);
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
