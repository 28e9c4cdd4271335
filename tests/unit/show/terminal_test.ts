/** terminal.ts: what the screen is taken for. */

import assert from "node:assert/strict";
import { terminalSize, terminalTraits } from "../../../lib/show/terminal.ts";

Deno.test("only a terminal is redrawn, NO_COLOR leaves colours out, and a dumb one has neither", () => {
  const both = { stdout: true, stderr: true };
  const none = { live: false, color: false, results: false };
  const cases = [
    [both, {}, { live: true, color: true, results: true }],
    [{ stdout: false, stderr: true }, {}, { live: true, color: true, results: false }],
    [{ stdout: true, stderr: false }, {}, none],
    [{ stdout: false, stderr: false }, {}, none],
    [both, { NO_COLOR: "1" }, { live: true, color: false, results: true }],
    [both, { NO_COLOR: "0" }, { live: true, color: false, results: true }],
    // An empty variable counts as none: https://no-color.org.
    [both, { NO_COLOR: "" }, { live: true, color: true, results: true }],
    [both, { TERM: "dumb" }, none],
    [both, { TERM: "xterm-256color" }, { live: true, color: true, results: true }],
  ] as const;
  for (const [terminal, env, traits] of cases) {
    const variables: Readonly<Record<string, string>> = env;
    assert.deepEqual(terminalTraits(terminal, (name) => variables[name]), traits);
  }
});

Deno.test("the size is known or taken for the usual one", () => {
  const { columns, rows } = terminalSize();
  assert.ok(columns > 0 && rows > 0);
});
