// The verdict of a run: one sentence and the exit status. Only this file decides the exit status of a run that got as far
// as a plan or a finding; usage and configuration errors (2) end the program before that. Nothing here exits.

import { type Finding, FINDING_KINDS, type FindingKind } from "../model/finding.ts";
import type { GroupOffset } from "../plan/group_offsets.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import { countOf, sum } from "../model/units.ts";
import type { Verification } from "../verify/verify.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";

/** 0 migrated or checked · 1 something not migrated or not verified · 2 usage or configuration · 3 blocked before the first byte · 130 interrupted. */
export type ExitStatus = 0 | 1 | 2 | 3 | 130;

/** Whether the run only checks (`checkFlag` 0), also copies (1), or verifies what an earlier run copied (`--verify`). */
export type Mode = "check" | "migrate" | "verify";

/** How a run ended. */
export type Outcome =
  | "done"
  | "checked"
  | "nothing to migrate"
  | "incomplete"
  | "blocked"
  | "interrupted";

/** The judgement of a run. */
export interface Verdict {
  readonly exitStatus: ExitStatus;
  readonly outcome: Outcome;
  /** One sentence without a full stop. */
  readonly sentence: string;
}

/** The facts by which a run is judged. */
export interface VerdictInput {
  readonly mode: Mode;
  /** Whether a signal ended the run before it was finished. */
  readonly interrupted: boolean;
  /** The findings after `accept` was applied. */
  readonly findings: readonly Finding[];
  /** Absent where the run ended before there was a plan. */
  readonly plan?: Plan;
  /** Absent in a check, and where nothing was copied. */
  readonly results?: Verification;
  /** Absent where positions are not carried over. */
  readonly groupOffsets?: readonly GroupOffset[];
}

/**
 * Judges a run; of several outcomes the first of these counts: interrupted (130), blocked (3), proves nothing (1),
 * incomplete (1), done (0). A run without a plan never passes, nor does a migration with something to copy and no results.
 */
export function judge(input: VerdictInput): Verdict {
  const { mode, interrupted, findings, plan, results } = input;
  if (interrupted) {
    return verdict(130, "interrupted", "Interrupted; the same command continues where it stopped");
  }
  const blocking = findings.filter((found) => isError(found) && effectOf(found) === "blocks");
  if (blocking.length > 0) {
    const codes = [...new Set(blocking.map(({ code }) => code))].join(", ");
    return verdict(
      3,
      "blocked",
      `Blocked by ${
        countOf(blocking.length, "finding")
      } (${codes}); nothing was written to the target`,
    );
  }
  const empty = findings.find((found) => isError(found) && effectOf(found) === "proves-nothing");
  if (empty !== undefined) return verdict(1, "nothing to migrate", empty.message);
  if (mode === "verify") return judgeVerification(results, findings);
  if (plan === undefined || (plan.partitions.length === 0 && results === undefined)) {
    return verdict(1, "incomplete", "The run ended before there was a plan");
  }
  return mode === "check" ? judgeCheck(plan, findings) : judgeMigration(plan, input);
}

function judgeVerification(
  results: Verification | undefined,
  findings: readonly Finding[],
): Verdict {
  if (results === undefined) {
    return verdict(1, "incomplete", "The run ended before anything was verified");
  }
  const { failed, lost, verified, recordsProduced, partitions } = results.totals;
  if (partitions === 0) {
    return verdict(1, "incomplete", "Nothing was verified: no partition has been planned yet");
  }
  const problems = resultProblems(results);
  if (failed + lost > 0) return verdict(1, "incomplete", `Not verified: ${problems.join("; ")}`);
  if (verified === 0) {
    return verdict(1, "incomplete", "Nothing was verified: nothing has been copied yet");
  }
  const notAsked = findings.some(({ code }) => code === "SOURCE_NOT_ASKED");
  return verdict(
    0,
    "done",
    `Verified: ${countOf(recordsProduced, "message")} in ${countOf(verified, "partition")}${
      notAsked ? " of the target; the source was not asked" : ""
    }`,
  );
}

function resultProblems({ totals: { failed, lost } }: Verification): string[] {
  const problems: string[] = [];
  if (failed > 0) problems.push(`${countOf(failed, "partition")} failed`);
  if (lost > 0) problems.push(`${countOf(lost, "partition")} lost messages that expired meanwhile`);
  return problems;
}

function judgeCheck(plan: Plan, findings: readonly Finding[]): Verdict {
  const toCopy = partitionsToCopy(plan);
  if (toCopy.length === 0) {
    return openTransactionOffsets(plan) > 0n
      ? verdict(0, "checked", "Nothing can be migrated before the open transactions have ended")
      : nothingToMigrate(plan, findings);
  }
  return verdict(0, "checked", `Checked: ${summary(plan)} would be migrated`);
}

function judgeMigration(
  plan: Plan,
  { findings, results, groupOffsets = [] }: VerdictInput,
): Verdict {
  const toCopy = partitionsToCopy(plan);
  const problems: string[] = [];
  if (toCopy.length > 0 && results === undefined) problems.push("nothing was copied");
  if (results !== undefined) {
    problems.push(...resultProblems(results));
    // Results cover all runs; those of other partitions say nothing about what this run had to copy.
    const judged = new Set(
      results.partitions.filter(({ status }) => status !== "skipped").map(formatTopicPartition),
    );
    if (!toCopy.every((planned) => judged.has(formatTopicPartition(planned)))) {
      problems.push("some partitions have no result");
    }
  }
  const left = findings.filter((found) => effectOf(found) === "incomplete");
  const openOffsets = openTransactionOffsets(plan);
  if (openOffsets > 0n) {
    problems.push(`open transactions hold back ${countOf(openOffsets, "offset")}`);
  } else if (left.length > 0) problems.push(left.map(({ code }) => code).join(", "));
  const notCarried = groupOffsets.filter(({ status }) => status === "left").length;
  if (notCarried > 0) problems.push(`${countOf(notCarried, "group position")} not carried over`);
  if (problems.length > 0) return verdict(1, "incomplete", `Not complete: ${problems.join("; ")}`);
  const committed = groupOffsets.filter(({ status }) => status === "committed").length;
  const positions = committed > 0 ? `; ${countOf(committed, "group position")} committed` : "";
  if (toCopy.length === 0 || results === undefined) {
    return nothingToMigrate(plan, findings, positions);
  }
  return verdict(
    0,
    "done",
    `Migrated and verified: ${countOf(results.totals.recordsProduced, "message")} in ${
      countOf(results.totals.verified, "partition")
    }${positions}`,
  );
}

function nothingToMigrate(plan: Plan, findings: readonly Finding[], positions = ""): Verdict {
  const before = findings.some(({ code }) => code === "POSITIONS_NOT_COPIED");
  const migrated = plan.partitions.some(({ skip }) => skip === "migrated");
  const beyond = plan.partitions.some(({ skip }) => skip === "beyond-end");
  const sentence = plan.ranges !== undefined
    ? "Nothing to migrate: the logs hold nothing of the ranges that is not migrated"
    : before
    ? "Nothing to migrate: what groups have left before what was migrated is not copied"
    : `Nothing to migrate: everything ${
      migrated ? "has been migrated, is consumed or has expired" : "is consumed or has expired"
    }${beyond ? ", or was committed beyond the end of its log" : ""}`;
  return verdict(0, "nothing to migrate", `${sentence}${positions}`);
}

function summary(plan: Plan): string {
  const toCopy = partitionsToCopy(plan);
  const topics = topicsOf(toCopy).length;
  const offsets = sum(toCopy, (partition) => partition.offsets);
  return `${countOf(offsets, "message")} in ${countOf(toCopy.length, "partition")} of ${
    countOf(topics, "topic")
  }`;
}

function openTransactionOffsets(plan: Plan): bigint {
  return sum(plan.partitions, (partition) => partition.openTransactionOffsets);
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}

function effectOf({ code }: Finding): FindingKind["effect"] {
  return FINDING_KINDS[code].effect;
}

function verdict(exitStatus: ExitStatus, outcome: Outcome, sentence: string): Verdict {
  return { exitStatus, outcome, sentence };
}
