// The command line. It answers --help and the like itself. For a run it reads the config and starts the run with no
// more permissions than the run needs (confine.ts). Nothing here knows Kafka.

import { errorMessage } from "./model/error_message.ts";
import type { ExitStatus } from "./report/verdict.ts";
import { quoteForShell } from "./model/escape_name.ts";
import { type CliOptions, HELP, parseCliOptions } from "./cli_options.ts";
import { trustSystemRoots } from "./wire/system_roots.ts";
import { prepareConfined } from "./process/confine.ts";
import { configInTheWay, runFiles } from "./files/run_files.ts";
import type { Streams } from "./show/streams.ts";
import { versionText } from "./process/version.ts";

const DEFAULT_CONFIG = "migration.yaml";
const EXAMPLE_CONFIG = new URL("../migration.yaml", import.meta.url);

/** Loaded when asked for. */
const schemas = {
  config: async () => (await import("./config/schema.ts")).jsonSchema(),
  report: async () => (await import("./report/schema.ts")).reportJsonSchema(),
} as const;

/** Runs the program. @returns the exit status; the caller exits with it */
export async function main(args: readonly string[], streams: Streams): Promise<ExitStatus> {
  const options = parseCliOptions(args);
  if (typeof options === "string") {
    streams.stderr(`data-migrate: ${options}. Try --help\n`);
    return 2;
  }
  switch (options.action) {
    case "help":
      streams.stdout(HELP);
      return 0;
    case "version":
      streams.stdout(`${versionText()}\n`);
      return 0;
    case "schema":
      streams.stdout(`${JSON.stringify(await schemas[options.schemaOf ?? "config"](), null, 2)}\n`);
      return 0;
    case "init":
      return init(options.config ?? DEFAULT_CONFIG, streams);
    case "verify":
    case "run":
      return await run(options, streams);
  }
}

function init(path: string, streams: Streams): ExitStatus {
  const other = configInTheWay(runFiles(path));
  if (other !== undefined) {
    streams.stderr(`data-migrate: Cannot write ${path}: ${other}\n`);
    return 2;
  }
  try {
    Deno.writeTextFileSync(path, Deno.readTextFileSync(EXAMPLE_CONFIG), {
      createNew: true,
      mode: 0o600,
    });
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists
      ? "it exists already and is left as it is; for another one, data-migrate --init NAME.yaml"
      : `${errorMessage(error)}. Run it in a directory that you may write to`;
    streams.stderr(`data-migrate: Cannot write ${path}: ${reason}\n`);
    return 2;
  }
  const command = path === DEFAULT_CONFIG ? "data-migrate" : `data-migrate ${quoteForShell(path)}`;
  streams.stdout(`Wrote ${path}: edit source and target in it, then run ${command} to check\n`);
  return 0;
}

async function run(options: CliOptions, streams: Streams): Promise<ExitStatus> {
  const files = runFiles(options.config ?? findConfig());
  const prepared = prepareConfined(files, streams);
  if (typeof prepared === "string") {
    streams.stderr(`data-migrate: Cannot start: ${prepared}\n`);
    return 2;
  }
  using confined = prepared;
  const { readConfig } = await import("./process/read_config.ts");
  trustSystemRoots();
  const request = readConfig(options, files, streams);
  return request === undefined ? 2 : await confined.run(request);
}

/** `migration.yaml` here, else beside the binary; where there is none, the one here is named in the error. */
function findConfig(): string {
  const beside = `${Deno.execPath().replace(/\/[^/]*$/, "")}/${DEFAULT_CONFIG}`;
  return !exists(DEFAULT_CONFIG) && exists(beside) ? beside : DEFAULT_CONFIG;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
