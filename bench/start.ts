// How long data-migrate takes from its start until the first message moves: a small backlog copied through a proxy that
// counts what is sent to the target.

import { startTcpProxy } from "../tests/support/tcp_proxy.ts";
import { dataMigrateContender } from "./contenders.ts";
import type { Stage } from "./stage.ts";
import type { Workload } from "./workloads.ts";

/** More than all questions to the target before the copy; less than the first batch and those. */
const MOVED_BYTES = 100_000;
const SAMPLE_MS = 5;

/** @returns milliseconds of each run, ascending; undefined where too little was moved to tell */
export async function measureStart(
  stage: Stage,
  binary: string,
  workload: Workload,
  runs: number,
): Promise<readonly number[] | undefined> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const time = await startOnce(stage, binary, workload);
    if (time === undefined) return undefined;
    times.push(Math.round(time));
  }
  return times.toSorted((a, b) => a - b);
}

async function startOnce(
  { near, ...stage }: Stage,
  binary: string,
  workload: Workload,
): Promise<number | undefined> {
  const group = "bench-start";
  const backlog = await stage.commit(workload, group, 1);
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-bench-" });
  await using proxy = startTcpProxy(near.target);
  let movedAt: number | undefined;
  const sampling = setInterval(() => {
    if (proxy.forwarded.toServer > MOVED_BYTES) movedAt ??= performance.now();
  }, SAMPLE_MS);
  try {
    await stage.createTarget(workload);
    const contender = dataMigrateContender(binary, { addresses: { [near.target]: proxy.address } });
    const { groups: _, ...copied } = workload;
    const order = { ...near, group, backlog, workload: copied, folder };
    const [program = binary, ...args] = await contender.command(order);
    const startedAt = performance.now();
    const process = new Deno.Command(program, {
      args,
      stdout: "null",
      stderr: "null",
      cwd: folder,
    });
    const { success } = await process.output();
    if (!success) throw new Error("data-migrate failed while its start was measured");
    return movedAt === undefined ? undefined : movedAt - startedAt;
  } finally {
    clearInterval(sampling);
    await stage.deleteTarget(workload);
    await Deno.remove(folder, { recursive: true });
  }
}
