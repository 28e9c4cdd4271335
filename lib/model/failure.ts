// Failures: why a partition was not copied or verified, or why a group's position was not carried over. A failure is
// data: a code, and a sentence that names the partition or group. What the operator should do follows from the code
// alone, never from the sentence, because the sentence holds names that others have chosen.

import { FAILURE_KINDS, type FailureCode } from "./failure_kinds.ts";
import { isAuthorizationError, KAFKA_ERRORS, kafkaError } from "./kafka_error.ts";

/** One failure. */
export interface Failure {
  readonly code: FailureCode;
  /** One sentence without a full stop; names in it are escaped. */
  readonly text: string;
}

/** Creates a failure. */
export function failure(code: FailureCode, text: string): Failure {
  return { code, text };
}

/** The same failure with `words` put before its sentence. */
export function within(words: string, { code, text }: Failure): Failure {
  return { code, text: `${words}${text}` };
}

/** The failure that a journal records. A record without a code, or with a code of a later version, is still read. */
export function recordedFailure(text: string, code: string | undefined): Failure {
  return { code: isFailureCode(code) ? code : "EARLIER_FAILURE", text };
}

function isFailureCode(code: string | undefined): code is FailureCode {
  return code !== undefined && Object.hasOwn(FAILURE_KINDS, code);
}

/** What to do next, without a full stop. */
export function remedyOf(code: FailureCode = "EARLIER_FAILURE"): string {
  return FAILURE_KINDS[code].remedy;
}

/** The failure code to use when an error from Kafka makes the run give up a partition or position. */
export function refusal(role: "source" | "target", errorCode: number): FailureCode {
  if (isAuthorizationError(errorCode)) return "NOT_AUTHORIZED";
  if (errorCode === KAFKA_ERRORS.MESSAGE_TOO_LARGE) return "BATCH_TOO_LARGE";
  if (kafkaError(errorCode).action !== "fatal") return "PARTITION_UNAVAILABLE";
  return role === "source" ? "SOURCE_REFUSED" : "TARGET_REFUSED";
}
