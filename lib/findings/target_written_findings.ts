// Others that wrote to the target during a migration. At a cut-over the operator has to know, because their messages lie
// among the migrated ones.

import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { countOf, sum } from "../model/units.ts";
import type { Verification } from "../verify/verify.ts";

/**
 * One finding a topic, with its partitions and how many messages others wrote to them; the markers of others' transactions
 * are counted too.
 *
 * @param idempotent false where the target cannot recognise this migration's own messages, so that some may have arrived twice
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
