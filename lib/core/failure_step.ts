// What to do about a partition that failed or lost messages, or a group's position that was left, as the sentence behind the reason. The reason itself is a
// fact and stands as such in journal and report; what follows from it is found by its wording, first match first, so
// that a reason of an earlier run gets the advice of today. A reason that nothing here fits is tried again.

const AGAIN = "run the same command again";
const START_OVER =
  "To start over, empty the topic on the target and delete the state file; to go on without it, leave it out in another config file";

const STEPS: readonly (readonly [RegExp, string])[] = [
  // These say it themselves.
  [/; raise retention|raise max\.message\.bytes|the same command finds out$/, ""],
  [/: stop its consumers.*, then run the same command again$/, ""],
  [
    /^The partition is not (?:migrated|verified)$/,
    `Do what stands beside the partition, then ${AGAIN}`,
  ],
  [/^The partition does not exist on the target$/, `Add it there, then ${AGAIN}`],
  [
    /somebody else has committed/,
    `Find out who commits for the group on the target, then ${AGAIN}`,
  ],
  [
    /counted off any more|^The (?:source|target) no longer holds/,
    "Set it by hand, by time for one: kafka-consumer-groups.sh --reset-offsets",
  ],
  [/MESSAGE_TOO_LARGE/, `Raise max.message.bytes of the topic on the target, then ${AGAIN}`],
  [
    /AUTHORIZATION_FAILED/,
    `Grant what is missing (README, Permissions), then ${AGAIN}`,
  ],
  [
    /the target refused /i,
    `Correct what the target's broker says (its own log says more), then ${AGAIN}`,
  ],
  [/^Only .* offsets? were read/, `To copy the rest, ${AGAIN}, with --migrate`],
  [/opens to more than/, "Copy these messages by other means; the rest of the partition waits"],
  [
    /is damaged|cannot be opened|says that the transaction/,
    `Where another replica has it whole, make that the leader on the source, then ${AGAIN}`,
  ],
  [
    /truncated or re-created|deleted and re-created|no longer exists|partitions of topic .* were changed/,
    START_OVER,
  ],
  [
    /twice, at offset|more messages of this migration than|cannot be told which|last sequence of this migration|can't hold as many|and its log ends at|the target knows another sequence|differ|more messages than|holds fewer|is missing on the target/i,
    `Find out who else writes to the topic on the target or deletes from it. ${START_OVER}`,
  ],
  [
    /^Broker |certificate|authentication|SASL/,
    `Correct source or target in the config, then ${AGAIN}`,
  ],
  [
    /expired on the source/,
    "Nothing brings them back; raise retention.ms of the topic on the source before more of it expires",
  ],
  [
    /unreachable|not available|before the planned end| for [\d.]+ (?:ms|s|min|h|d)\b|cannot be used|cannot be read|could not be read/,
    `When that is mended, ${AGAIN}`,
  ],
];

/** What to do next, without a full stop; empty where the reason says so itself. */
export function failureStep(reason: string): string {
  const found = STEPS.find(([wording]) => wording.test(reason));
  return found === undefined ? `To try the partition once more, ${AGAIN}` : found[1];
}

/** The reason with what to do next behind it. */
export function withFailureStep(reason: string): string {
  const step = failureStep(reason);
  return step === "" ? reason : `${reason}. ${step}`;
}
