/**
 * Which releases of the matrix a run tests: all, those that MATRIX names, or, where it names none, the one whose turn it
 * is. Turns follow from the commit's hash, so that a commit is always tested with the same release and each release
 * comes up as often as any other. Refuses names that are no release.
 */

import { fileURLToPath } from "node:url";
import { isKafkaVersion, type KafkaVersion, kafkaVersions } from "../../support/kafka_releases.ts";
import { tryCommand } from "../../support/run_command.ts";

/** What is tested, and why. */
export interface Turn {
  readonly versions: readonly KafkaVersion[];
  /** For the one who looks at the run. */
  readonly reason: string;
}

/**
 * @param wanted `all`, or releases separated by commas; undefined leaves the choice to the commit
 * @param commit hexadecimal; what has none counts as the first of all
 * @throws Error for what is no release
 */
export function turnOf(wanted: string | undefined, commit: string): Turn {
  if (wanted === "all") return { versions: kafkaVersions, reason: "all were asked for" };
  if (wanted !== undefined && wanted !== "") {
    const names = wanted.split(",");
    const versions = names.filter(isKafkaVersion);
    const unknown = names.filter((name) => !isKafkaVersion(name));
    if (unknown.length > 0) {
      throw new Error(
        `There is no release ${unknown.join(", ")} in the matrix: ${kafkaVersions.join(", ")}`,
      );
    }
    return { versions, reason: "MATRIX names them" };
  }
  const hash = /^[0-9a-f]{8,}/.test(commit) ? parseInt(commit.slice(0, 8), 16) : 0;
  return {
    versions: kafkaVersions.filter((_, index) => index === hash % kafkaVersions.length),
    reason: commit === "" ? "no commit is known" : `it is the turn of commit ${commit.slice(0, 8)}`,
  };
}

/** @returns the hash of the commit that is checked out; empty where none is known */
export async function currentCommit(): Promise<string> {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { outcome, stdout } = await tryCommand("git", ["rev-parse", "HEAD"], { cwd });
  return outcome === "succeeded" ? stdout.trim() : "";
}
