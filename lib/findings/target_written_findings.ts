// Others that have written to the target while a migration was under way: at a cut-over it is the news of the day, since
// what they wrote lies among what was migrated.

import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { countOf, sum } from "../model/units.ts";
import type { Verification } from "../verify/verify.ts";

/**
 * One finding a topic, with the partitions and how many messages they got from others; what marks others' transactions
 * counts too.
 *
 * @param idempotent false where the target can't tell this migration's messages apart, some of which may have arrived twice
 */
export function targetWrittenFindings(
  { partitions }: Verification,
  idempotent: boolean,
): readonly Finding[] {
  const written = partitions.flatMap(({ topic, partition, othersOnTarget }) =>
    othersOnTarget === undefined ? [] : [{ topic, partition, messages: othersOnTarget }]
  );
  return perTopic(written, (topic, ofTopic) => {
    const count = countOf(sum(ofTopic, ({ messages }) => messages), "message");
    const where = partitionsOf(topic, ofTopic);
    return finding(
      "TARGET_WRITTEN_BY_OTHERS",
      { cluster: "target", topic, partitions: ofTopic.map(({ partition }) => partition) },
      idempotent
        ? `Others have written ${count} to ${where} since this migration was planned`
        : `${count} more than were copied lie in ${where} since this migration was planned: others have written them, or some arrived twice`,
      "Nothing, if the producers have been moved to the target already; otherwise find out who writes there and stop it: those messages lie among the migrated ones",
    );
  });
}
