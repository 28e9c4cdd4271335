/** Whole migrations between clusters that misbehave as brokers do: `deno task fuzz --what clusters` runs more of them. */

import { migrateUnruly } from "../../support/unruly_migration.ts";

const SEEDS = 140;
const SEEDS_PER_TEST = 20;

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1;
  Deno.test(`every message arrives once, whatever brokers do (seeds ${first} to ${last})`, async () => {
    for (let seed = first; seed <= last; seed++) {
      try {
        await migrateUnruly(seed);
      } catch (error) {
        throw new Error(`Seed ${seed}`, { cause: error });
      }
    }
  });
}
