/**
 * Which part of the matrix a run tests: all, the releases that MATRIX names, or, where it names none, the one release on
 * the one side whose turn it is. Turns follow from the commit's hash, so that a commit is always tested with the same
 * part and each part comes up as often as any other. Pure; refuses names that are no release.
 */

import { isKafkaVersion, type KafkaVersion, kafkaVersions } from "../../support/kafka_releases.ts";
import { type Role, rolesOf } from "./roles.ts";

/** A release under test, and the side that it is on. */
export interface MatrixPart {
  readonly version: KafkaVersion;
  readonly role: Role;
}

/** What is tested, and why. */
export interface Turn {
  readonly parts: readonly MatrixPart[];
  /** For the one who looks at the run. */
  readonly reason: string;
}

/** The whole matrix, oldest release first. */
export const allParts: readonly MatrixPart[] = kafkaVersions.flatMap(partsOf);

function partsOf(version: KafkaVersion): readonly MatrixPart[] {
  return rolesOf(version).map((role) => ({ version, role }));
}

/**
 * @param wanted `all`, or releases separated by commas; undefined leaves the choice to the commit
 * @param commit its hash, hexadecimal; undefined where none is known: then the first part has its turn
 * @throws Error for what is no release
 */
export function turnOf(wanted: string | undefined, commit: string | undefined): Turn {
  if (wanted === "all") return { parts: allParts, reason: "all were asked for" };
  if (wanted !== undefined && wanted !== "") {
    const names = wanted.split(",").map((name) => name.trim());
    const unknown = names.filter((name) => !isKafkaVersion(name));
    if (unknown.length > 0) {
      throw new Error(
        `The matrix has no release ${unknown.join(", ")}: it has ${kafkaVersions.join(", ")}`,
      );
    }
    return { parts: names.filter(isKafkaVersion).flatMap(partsOf), reason: "MATRIX names them" };
  }
  const hash = commit === undefined ? 0 : parseInt(commit.slice(0, 8), 16);
  return {
    parts: allParts.filter((_, index) => index === hash % allParts.length),
    reason: commit === undefined
      ? "no commit is known"
      : `the turn of commit ${commit.slice(0, 8)}`,
  };
}
