/**
 * A few thousand malformed Fetch responses, always the same ones, and every one that was ever misread. `deno task fuzz`
 * tries others.
 */

import { fuzzFetch } from "../../support/fetch_fuzz.ts";

/** Seeds of what was found. */
const found: readonly number[] = [];

Deno.test("malformed Fetch responses are read as something or refused, in little time", () => {
  for (let seed = 1; seed <= 4_000; seed++) fuzzFetch(seed);
});

for (const seed of found) {
  Deno.test(`the malformed Fetch response of seed ${seed} is read or refused`, () => {
    fuzzFetch(seed);
  });
}
