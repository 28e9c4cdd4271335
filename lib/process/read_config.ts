// From the config's file to a run that can be started, or to sentences about what is wrong with it. Loaded while the run's
// own modules are (confine.ts): a YAML parser and a schema take as long.

import { errorMessage } from "../model/error_message.ts";
import { formatProblems } from "../config/config_problem.ts";
import { loadConfig } from "../config/load_config.ts";
import type { CliOptions } from "../cli_options.ts";
import { decryptKey } from "../wire/private_key.ts";
import { configFindings } from "../preflight/config_findings.ts";
import type { RunRequest } from "../run_config.ts";
import { absolutePath, configInTheWay, type RunFiles } from "../files/run_files.ts";
import type { Streams } from "../show/streams.ts";
import { terminalTraits } from "../show/terminal.ts";

/** @returns undefined where the config cannot be used; why has been said */
export function readConfig(
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
      : `${errorMessage(error)}. Name a file that you may read`;
    streams.stderr(`data-migrate: Cannot read ${files.config}: ${reason}\n`);
    return undefined;
  }
  const other = configInTheWay(files);
  if (other !== undefined) {
    streams.stderr(`data-migrate: ${other}\n`);
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
