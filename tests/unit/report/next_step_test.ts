import assert from "node:assert/strict";
import { failure } from "../../../lib/model/failure.ts";
import { nextStep } from "../../../lib/report/next_step.ts";
import type { Mode, Outcome } from "../../../lib/report/verdict.ts";
import { verifyCount } from "../../../lib/verify/verify.ts";

const OUTCOMES = {
  done: [0],
  checked: [0],
  "nothing to migrate": [0, 1],
  incomplete: [1],
  blocked: [3],
  interrupted: [130],
} as const satisfies Record<Outcome, readonly number[]>;

Deno.test("nextStep() says in whole sentences what to do after every outcome", () => {
  for (const [outcome, statuses] of Object.entries(OUTCOMES)) {
    for (const exitStatus of statuses) {
      for (const mode of ["check", "migrate", "verify"] satisfies Mode[]) {
        const verdict = { outcome: outcome as Outcome, exitStatus, sentence: "" };
        assert.match(nextStep({ mode, verdict }), /^[A-Z].+\.$/, outcome);
      }
    }
  }
});

Deno.test("nextStep() does not promise what was lost, and sends to the next run what has failed", () => {
  const verdict = { outcome: "incomplete", exitStatus: 1, sentence: "" } as const;
  const at = { topic: "t", partition: 0, startOffset: 0n, endOffset: 2n };
  const evidence = {
    ...at,
    nextSourceOffset: 2n,
    recordsRead: 1n,
    recordsProduced: 1n,
    batchesLeftOut: 0,
    targetFirstOffset: 0n,
    targetLogStartOffset: 0n,
    targetHighWatermark: 1n,
    lost: [{ startOffset: 0n, endOffset: 1n }],
  };
  const planned = [{ ...at, offsets: 2n }];
  const lost = verifyCount(planned, [evidence]);
  assert.match(nextStep({ mode: "migrate", verdict, results: lost }), /no run can bring them back/);
  const failed = verifyCount(planned, [{ ...evidence, failed: failure("TOPIC_GONE", "It did") }]);
  assert.match(nextStep({ mode: "migrate", verdict, results: failed }), /the same command again/);
});
