// How evenly `limits.bytesPerSecond` is kept: one copy of data-migrate under a limit, through proxies that count what is
// read from the source's broker and what is sent to the target's, and the fastest and slowest five seconds of each. For
// reading, like the rest of the bench: it fails when the copy does, never over a figure.

import { startTcpProxy } from "../tests/support/tcp_proxy.ts";
import { dataMigrateContender } from "./contenders.ts";
import { measure } from "./measure.ts";
import type { GoPrograms } from "./programs.ts";
import type { Stage } from "./stage.ts";
import { recordsFor, type Workload } from "./workloads.ts";

/** Bytes forwarded until a time. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** What a window's worth of time saw, in bytes a second. */
export interface Evenness {
  readonly slowest: number;
  readonly fastest: number;
  readonly windows: number;
}

const WINDOW_MS = 5_000;
const SAMPLE_MS = 50;
/** How long the copy takes at the limit. */
const COPY_SECONDS = 20;

/**
 * The slowest and the fastest window of a copy, sliding from sample to sample. What comes before the copy and after it
 * is left out: the first and the last hundredth of the bytes.
 */
export function evenness(samples: readonly Sample[], windowMs = WINDOW_MS): Evenness {
  const total = samples.at(-1)?.bytes ?? 0;
  const during = samples.filter(({ bytes }) => bytes > total * 0.01 && bytes < total * 0.99);
  const rates: number[] = [];
  let first = 0;
  for (const { atMs, bytes } of during) {
    while ((during[first + 1]?.atMs ?? Infinity) <= atMs - windowMs) first++;
    const from = during[first];
    if (from === undefined || atMs - from.atMs < windowMs) continue;
    rates.push((bytes - from.bytes) / (atMs - from.atMs) * 1000);
  }
  return { slowest: Math.min(...rates), fastest: Math.max(...rates), windows: rates.length };
}

/** Copies a workload under the limit. @returns the table */
export async function benchLimit(
  stage: Stage,
  programs: GoPrograms,
  binary: string,
  bytesPerSecond: number,
  workload: Workload,
): Promise<string> {
  const sized = recordsFor(workload, bytesPerSecond * COPY_SECONDS);
  const group = "bench-limit";
  await stage.fill(sized);
  const backlog = await stage.commit(sized, group, 1);
  await stage.createTarget(sized);
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-bench-" });
  await using source = startTcpProxy(stage.near.source);
  await using target = startTcpProxy(stage.near.target);
  const sides = [
    { name: "read from the source", forwarded: () => source.forwarded.toClient },
    { name: "sent to the target", forwarded: () => target.forwarded.toServer },
  ].map((side) => ({ ...side, samples: [] as Sample[] }));
  const sampling = setInterval(() => {
    const atMs = performance.now();
    for (const { samples, forwarded } of sides) samples.push({ atMs, bytes: forwarded() });
  }, SAMPLE_MS);
  try {
    const order = { ...stage.near, group, backlog, workload: sized, folder };
    const addresses = {
      [stage.near.source]: source.address,
      [stage.near.target]: target.address,
    };
    const contender = dataMigrateContender(binary, { bytesPerSecond, addresses });
    const command = await contender.command(order);
    await measure(programs.measure, command, folder);
    await stage.checkTarget(sized, backlog);
  } finally {
    clearInterval(sampling);
    await Deno.remove(folder, { recursive: true });
    await stage.deleteTarget(sized);
    await stage.deleteSource(sized);
  }
  return [
    `limit ${bytesPerSecond} B/s, ${sized.title}, ${sized.records} records`,
    "",
    "| any 5 s | slowest | fastest | windows |",
    "| --- | --- | --- | --- |",
    ...sides.map(({ name, samples }) => row(name, evenness(samples), bytesPerSecond)),
    "",
  ].join("\n");
}

function row(name: string, { slowest, fastest, windows }: Evenness, limit: number): string {
  const percent = (rate: number) => `${(rate / limit * 100).toFixed(1)} % of the limit`;
  return `| ${name} | ${percent(slowest)} | ${percent(fastest)} | ${windows} |`;
}
