/**
 * Records a check and a migration of the worked example in a real terminal, between two real brokers. A limit on the
 * bytes makes the copy last long enough to be seen; it stands in the picture's config.
 */

import { startKafka } from "../../tests/support/kafka_cluster.ts";
import { startJudge } from "../../tests/support/librdkafka.ts";
import { makeMigrationDir } from "../../tests/support/migration_dir.ts";
import { programCommand } from "../../tests/support/program.ts";
import { openTerminal, type Terminal } from "../../tests/support/terminal.ts";
import { seedWorkedExample } from "../../tests/support/worked_example.ts";
import type { Frame } from "./terminal_svg.ts";

/** The terminal's size. */
export const SHAPE = { columns: 120, rows: 34 } as const;

const PROMPT = "$ ";
const LOOK_EVERY_MS = 250;
/** The picture carries so many moments of the copy. */
const MOST_MOMENTS = 8;

/** Records. @returns the frames, the verdict of the migration last */
export async function recordTerminal(): Promise<readonly Frame[]> {
  const [source, target, judge] = await Promise.all([startKafka(), startKafka(), startJudge()]);
  await using _source = source;
  await using _target = target;
  await using _judge = judge;
  await seedWorkedExample(source.bootstrap, target.bootstrap, judge);
  await using migration = await makeMigrationDir({
    checkFlag: 0,
    source: { bootstrapServers: source.bootstrap },
    target: { bootstrapServers: target.bootstrap },
    groupOffsets: "commit",
    limits: { bytesPerSecond: "400kB" },
  });
  await Deno.writeTextFile(
    `${migration.path}/data-migrate`,
    `#!/bin/sh\nexec ${programCommand().map((word) => `'${word}'`).join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
  const script = `cd '${migration.path}'; unset NO_COLOR; PS1='${PROMPT}' exec sh -i`;
  await using terminal = await openTerminal(script, SHAPE);
  await terminal.until(/^\$ *$/m);
  const check = await record(terminal, "./data-migrate");
  await terminal.type("clear");
  await terminal.until(/^\$ *$/);
  const migrate = await record(terminal, "./data-migrate --migrate");
  return [...check, ...migrate];
}

/** Types a command and looks at the screen until the prompt is back. */
async function record(terminal: Terminal, command: string): Promise<readonly Frame[]> {
  await terminal.type(command);
  await terminal.until(new RegExp(`^\\$ ${command}\\n`, "m"));
  const seen: string[] = [];
  const ended = () => /\n\$ *$/.test(seen.at(-1) ?? "");
  for (let looks = 0; !ended(); looks++) {
    if (looks > 240) throw new Error(`The prompt never came back:\n${seen.at(-1)}`);
    const now = await terminal.colors();
    if (now !== seen.at(-1)) seen.push(now);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const [last = "", ...moments] = seen.toReversed();
  const step = Math.max(1, Math.ceil(moments.length / MOST_MOMENTS));
  const kept = moments.filter((_, index) => index % step === 0).toReversed();
  return [
    ...kept.map((text) => ({ lines: text.split("\n"), holdMs: 700 })),
    { lines: last.split("\n"), holdMs: 7_000 },
  ];
}
