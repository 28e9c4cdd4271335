/**
 * The sides that a release may be on in the matrix, and which releases are tested closely. Plain data.
 */

import { isSince, type KafkaVersion, OLDEST_TARGET } from "../../support/kafka_releases.ts";

/** The side that the release under test is on. */
export type Role = "source" | "target";

/** What is on the other side: the newest release. */
export const partnerVersion: KafkaVersion = "4.4.0";

/** Releases that also meet kills, changes of leaders, and security: the oldest, the newest, and two between them. */
export const closelyTested: readonly KafkaVersion[] = ["0.10.2.2", "1.1.1", "2.8.2", "4.4.0"];

/** The sides of a release. As the target it comes first, so that a check meets one that nothing has been done to. */
export const rolesOf = (version: KafkaVersion): readonly Role[] =>
  isSince(version, OLDEST_TARGET) ? ["target", "source"] : ["source"];
