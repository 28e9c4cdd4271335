/**
 * `deno task fuzz`: malformed Fetch responses for as long as one likes, from a seed that is printed; what is misread is
 * printed with its own seed, which then belongs into tests/unit/copy/cut_fuzz_test.ts. `--seconds` is how long, 60 unless
 * told; `--seed` where to begin. Refuses to go on once it takes more memory than a copy may.
 */

import { parseArgs } from "node:util";
import { fuzzFetch } from "../tests/support/fetch_fuzz.ts";

const MOST_BYTES = 1_500_000_000;
const LOOK_EVERY = 1_000;

/** Fuzzes. @returns the exit status: 0 when nothing was misread */
function fuzz(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: `${Math.floor(Math.random() * 2 ** 31)}` },
    },
  });
  const [seconds, first] = [Number(values.seconds), Number(values.seed)];
  say(`Malformed Fetch responses from seed ${first} on, for ${seconds} s`);
  const until = performance.now() + seconds * 1_000;
  let seed = first;
  let misread = 0;
  for (; performance.now() < until; seed++) {
    try {
      fuzzFetch(seed);
    } catch (error) {
      misread++;
      say(`Seed ${seed}: ${error instanceof Error ? error.stack ?? error.message : error}`);
    }
    if (seed % LOOK_EVERY === 0 && Deno.memoryUsage().rss > MOST_BYTES) {
      say(`Seed ${seed}: more than ${MOST_BYTES} bytes of memory are taken`);
      return 1;
    }
  }
  say(`${seed - first} responses, ${misread} misread`);
  return misread === 0 ? 0 : 1;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exitCode = fuzz(Deno.args);
