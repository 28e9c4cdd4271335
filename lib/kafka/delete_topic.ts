// Deletes a topic (DeleteTopics) that a tool of ours has created for itself, never one that was migrated.

import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { Cluster } from "./cluster.ts";
import { controllerOf } from "./controller.ts";

const TIMEOUT_MS = 20_000;

interface DeleteTopicsResponse {
  readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number }[];
}

/**
 * Deletes a topic.
 *
 * @returns Kafka's name of the error if the topic is still there; undefined if it is gone, or never existed
 * @throws {ConnectionError | ProtocolError}
 */
export async function deleteTopic(
  cluster: Cluster,
  topic: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let errorCode = KAFKA_ERRORS.NOT_CONTROLLER;
  await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    const broker = await controllerOf(cluster);
    const { topicErrors } = await sendKafkajsRequest<DeleteTopicsResponse>(
      broker,
      "DeleteTopics",
      { topics: [topic], timeout: TIMEOUT_MS },
    );
    errorCode = topicErrors[0]?.errorCode ?? KAFKA_ERRORS.NOT_CONTROLLER;
    const settled = errorCode === 0 || errorCode === KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION ||
      kafkaError(errorCode).action === "fatal";
    return settled ? true : undefined;
  }, () => undefined);
  return errorCode === 0 || errorCode === KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
    ? undefined
    : formatKafkaError(errorCode);
}
