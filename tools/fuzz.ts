/**
 * `deno task fuzz`: malformed Fetch responses or, with `--what clusters`, whole migrations between clusters in memory that
 * misbehave as brokers do, for as long as one likes, from a seed that is printed. What goes wrong is printed with its own
 * seed, which then belongs into tests/unit/copy/cut_fuzz_test.ts or tests/unit/run/unruly_clusters_test.ts. `--seconds` is
 * how long, 60 unless told; `--seed` where to begin. Refuses to go on once it takes more memory than a copy may.
 */

import { parseArgs } from "node:util";
import { fuzzFetch } from "../tests/support/fetch_fuzz.ts";
import { migrateUnruly } from "../tests/support/unruly_migration.ts";

/** What may be asked for; each does its part for one seed, and throws where something is wrong. */
const SUBJECTS: ReadonlyMap<string, (seed: number) => void | Promise<void>> = new Map([
  ["responses", fuzzFetch],
  ["clusters", migrateUnruly],
]);

const MOST_BYTES = 1_500_000_000;
const LOOK_EVERY = 1_000;

/** Fuzzes. @returns the exit status: 0 when nothing was wrong */
async function fuzz(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      what: { type: "string", default: "responses" },
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: `${Math.floor(Math.random() * 2 ** 31)}` },
    },
  });
  const [seconds, first] = [Number(values.seconds), Number(values.seed)];
  const subject = SUBJECTS.get(values.what);
  if (subject === undefined) {
    say(`Usage: fuzz [--what ${[...SUBJECTS.keys()].join("|")}] [--seconds N] [--seed SEED]`);
    return 2;
  }
  say(`Fuzzing ${values.what} from seed ${first} on, for ${seconds} s`);
  const until = performance.now() + seconds * 1_000;
  let seed = first;
  let wrong = 0;
  for (; performance.now() < until; seed++) {
    try {
      await subject(seed);
    } catch (error) {
      wrong++;
      say(`Seed ${seed}: ${error instanceof Error ? error.stack ?? error.message : error}`);
    }
    if (seed % LOOK_EVERY === 0 && Deno.memoryUsage().rss > MOST_BYTES) {
      say(`Seed ${seed}: more than ${MOST_BYTES} bytes of memory are taken`);
      return 1;
    }
  }
  say(`${seed - first} seeds, ${wrong} wrong`);
  return wrong === 0 ? 0 : 1;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exitCode = await fuzz(Deno.args);
