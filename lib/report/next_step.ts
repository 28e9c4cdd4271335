// What the operator should do next: one or two sentences for each way a run can end. Nothing here judges a run.

import type { Mode, Verdict } from "./verdict.ts";
import type { Verification } from "../verify/verify.ts";

/** The advice that follows a verdict, in whole sentences. */
export function nextStep(
  { mode, verdict, results }: {
    readonly mode: Mode;
    readonly verdict: Verdict;
    readonly results?: Verification;
  },
): string {
  const { outcome, exitStatus } = verdict;
  switch (outcome) {
    case "checked":
      return "Nothing was written. Read what would move and what was found; then set checkFlag: 1, or run data-migrate --migrate.";
    case "done":
      return mode === "verify"
        ? "Everything that was migrated is still on the target."
        : "Keep the state file. Where the source is still written, the same command carries over what was added since.";
    case "nothing to migrate":
      return exitStatus === 0
        ? "There is nothing to do. Where the source is still written, the same command carries over what was added since."
        : "This run proves nothing. See below what was found: the groups, the filters, or the committed offsets are not what was expected.";
    case "blocked":
      return "Nothing was written. Do what stands beside each error below, then run the same command again.";
    case "interrupted":
      return "Progress is kept in the state file: run the same command again.";
    case "incomplete": {
      const { failed = 0, lost = 0 } = results?.totals ?? {};
      return lost > 0 && failed === 0
        ? "The lost messages expired on the source before they were read: no run can bring them back. Everything else is on the target."
        : "See below what failed and why, then run the same command again: it continues where it stopped and repeats nothing.";
    }
  }
}
