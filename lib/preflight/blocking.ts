// Turns an error from before the first byte is copied into a finding that blocks the run, so that the program does not fail.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { type Finding, finding, type FindingPlace } from "../model/finding.ts";
import { GroupListError } from "../kafka/groups.ts";
import { ProducerIdError } from "../kafka/producer_id.ts";
import { ConnectionError } from "../wire/connection_error.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";
import { connectionFinding } from "./reach.ts";

/** The finding for a thrown error; undefined where no broker caused the error. */
export function blockingFinding(error: unknown, cluster: "source" | "target"): Finding | undefined {
  const where: FindingPlace = { cluster };
  if (error instanceof ConnectionError) return connectionFinding(cluster, error);
  if (
    error instanceof GroupListError && error.errorCode === KAFKA_ERRORS.CLUSTER_AUTHORIZATION_FAILED
  ) {
    return finding(
      "NOT_AUTHORIZED",
      where,
      error.message,
      "Give the user Describe on the cluster, which listing groups takes before Kafka 2.1",
    );
  }
  if (error instanceof GroupListError) {
    return finding(
      "GROUP_UNREADABLE",
      where,
      error.message,
      "Give the user Describe on the groups; bring back brokers that are away, and try again when they have settled",
    );
  }
  if (error instanceof ProducerIdError) {
    return finding(
      "NOT_AUTHORIZED",
      where,
      error.message,
      "Give the user Write on the topics, and IdempotentWrite on the cluster below Kafka 2.8",
    );
  }
  if (error instanceof ProtocolError) {
    return finding(
      "BROKER_UNREACHABLE",
      where,
      `A broker's answer could not be read: ${error.message}`,
      "Check that nothing between here and the brokers changes the traffic",
    );
  }
  return undefined;
}

/** The value, or the finding for the error. @throws errors that no broker caused */
export async function orFinding<Value>(
  value: Promise<Value>,
  cluster: "source" | "target",
): Promise<{ readonly value: Value } | { readonly finding: Finding }> {
  try {
    return { value: await value };
  } catch (error) {
    const found = blockingFinding(error, cluster);
    if (found === undefined) throw error;
    return { finding: found };
  }
}
