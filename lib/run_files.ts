// The files of a run, all beside the config and named after it: `migration.yaml` → `migration.log`,
// `migration.report.json`, `migration.state.jsonl`. Reports of migrations are never overwritten, only renamed.

/** Paths of one config's files. */
export interface RunFiles {
  readonly config: string;
  /** Where the config lies, without a trailing slash. */
  readonly directory: string;
  readonly log: string;
  readonly report: string;
  readonly state: string;
}

/** The files that belong to a config. */
export function runFiles(configPath: string): RunFiles {
  const slash = configPath.lastIndexOf("/");
  const directory = slash < 0 ? "." : configPath.slice(0, slash) || "/";
  const name = configPath.slice(slash + 1);
  const stem = `${directory}/${name.replace(/\.(ya?ml)$/i, "")}`;
  return {
    config: configPath,
    directory,
    log: `${stem}.log`,
    report: `${stem}.report.json`,
    state: `${stem}.state.jsonl`,
  };
}

/** Writes the report; one of an earlier migration is renamed to `….report.<its run id>.json` first. @throws when it cannot */
export function writeReport(path: string, json: string): void {
  keepMigrateReport(path);
  const unfinished = `${path}.tmp`;
  Deno.writeTextFileSync(unfinished, json, { mode: 0o600 });
  Deno.renameSync(unfinished, path);
}

function keepMigrateReport(path: string): void {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const { mode, runId } = readHead(text);
  if (mode === "check") return;
  Deno.renameSync(path, path.replace(/\.json$/, `.${runId}.json`));
}

/** Whatever lies there is kept unless it is plainly a check's report. */
function readHead(text: string): { readonly mode?: unknown; readonly runId: string } {
  try {
    const { mode, runId } = JSON.parse(text);
    return {
      mode,
      runId: typeof runId === "string" ? runId.replaceAll(/[^\w-]/g, "_") : "unreadable",
    };
  } catch {
    return { runId: "unreadable" };
  }
}
