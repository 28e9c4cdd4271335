// One producer id and epoch for a whole migration: InitProducerId without a transactional id (KIP-98), sent once; the
// id is journaled before the first byte. No error makes us ask for another: the id is what makes a resume safe.

import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";
import type { Cluster } from "./cluster.ts";

/** The producer id and epoch, with which the target stores each record once. */
export interface ProducerIdentity {
  /** −1 if the target gives none: then nothing prevents duplicates after a failure. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Brokers before Kafka 2.8 give a producer id only with IdempotentWrite on the cluster (KIP-679). */
const NO_IDENTITY: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };

interface InitProducerIdResponse {
  readonly errorCode: number;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** The target gave no producer id; `message` says why. */
export class ProducerIdError extends Error {
  override readonly name = "ProducerIdError";
}

/**
 * Asks the target for a producer id; it is −1 if the user may not have one.
 *
 * @throws {ConnectionError | ProducerIdError}
 */
export async function initProducerId(
  target: Cluster,
  signal: AbortSignal,
): Promise<ProducerIdentity> {
  let errorCode = 0;
  const refused = () =>
    new ProducerIdError(`The target gave no producer id: ${formatKafkaError(errorCode)}`);
  return await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    const broker = await target.anyControl();
    const answer = await sendKafkajsRequest<InitProducerIdResponse>(
      broker,
      "InitProducerId",
      { transactionalId: null },
    );
    errorCode = answer.errorCode;
    if (errorCode === 0) {
      return { producerId: BigInt(answer.producerId), producerEpoch: answer.producerEpoch };
    }
    if (errorCode === KAFKA_ERRORS.CLUSTER_AUTHORIZATION_FAILED) return NO_IDENTITY;
    if (kafkaError(errorCode).action === "fatal") throw refused();
    return undefined;
  }, refused);
}
