// The command line: what is asked for is done here, or, where it is a run, the config is read and the run started with
// nothing but what it needs (confine.ts). Nothing here knows Kafka.

import { formatProblems } from "./config/config_problem.ts";
import { loadConfig } from "./config/load_config.ts";
import type { ExitStatus } from "./core/verdict.ts";
import { type CliOptions, HELP, parseCliOptions } from "./cli_options.ts";
import { decryptKey } from "./wire/private_key.ts";
import { trustSystemRoots } from "./wire/system_roots.ts";
import { runConfined } from "./confine.ts";
import { configFindings } from "./run/config_findings.ts";
import type { RunRequest } from "./run_config.ts";
import { absolutePath, type RunFiles, runFiles } from "./run_files.ts";
import type { Streams } from "./show/screen.ts";
import { terminalTraits } from "./show/terminal.ts";
import { versionText } from "./version.ts";

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
      return init(options.config ?? "migration.yaml", streams);
    case "verify":
    case "run":
      return await run(options, streams);
  }
}

function init(path: string, streams: Streams): ExitStatus {
  try {
    Deno.writeTextFileSync(path, Deno.readTextFileSync(EXAMPLE_CONFIG), {
      createNew: true,
      mode: 0o600,
    });
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists
      ? "it exists already and is left as it is; for another one, data-migrate --init NAME.yaml"
      : `${messageOf(error)}. Run it in a directory that you may write to`;
    streams.stderr(`data-migrate: Cannot write ${path}: ${reason}\n`);
    return 2;
  }
  streams.stdout(`Wrote ${path}: edit source and target in it, then run data-migrate to check\n`);
  return 0;
}

async function run(options: CliOptions, streams: Streams): Promise<ExitStatus> {
  const files = runFiles(options.config ?? findConfig());
  trustSystemRoots();
  const request = readConfig(options, files, streams);
  if (request === undefined) return 2;
  return await runConfined(request, streams);
}

/** `migration.yaml` here, else beside the binary; where there is none, the one here is named in the error. */
function findConfig(): string {
  const name = "migration.yaml";
  const beside = `${Deno.execPath().replace(/\/[^/]*$/, "")}/${name}`;
  return !exists(name) && exists(beside) ? beside : name;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function readConfig(
  options: CliOptions,
  files: RunFiles,
  streams: Streams,
): RunRequest | undefined {
  let text: Uint8Array;
  try {
    text = Deno.readFileSync(files.config);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file; data-migrate --init writes one"
      : `${messageOf(error)}. Name a file that you may read`;
    streams.stderr(`data-migrate: Cannot read ${files.config}: ${reason}\n`);
    return undefined;
  }
  const loaded = loadConfig(text, {
    file: files.config,
    env: (name) => Deno.env.get(name),
    readFile: (path) =>
      Deno.readFileSync(path.startsWith("/") ? path : `${files.directory}/${path}`),
    decryptKey,
  });
  if (loaded.ok) {
    const { config, literalSecrets } = loaded;
    const { mode } = Deno.statSync(files.config);
    return {
      options,
      config,
      files,
      configPath: absolutePath(files.config),
      findings: configFindings(config, { mode, literalSecrets }),
      terminal: terminalTraits(
        { stdout: Deno.stdout.isTerminal(), stderr: Deno.stderr.isTerminal() },
        (name) => Deno.env.get(name),
      ),
    };
  }
  streams.stderr(`${formatProblems(loaded.problems, text)}\n`);
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
