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

/** The path from the root. */
export function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Refuses to write where something else than a file of ours lies: a link or a pipe may have been put there by another
 * user, to have us write elsewhere.
 *
 * @throws {Error} what lies there
 */
export function refuseOddFile(path: string): void {
  let found: Deno.FileInfo;
  try {
    found = Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (found.isSymlink) throw new Error("it is a symbolic link; remove it");
  if (!found.isFile) throw new Error("it is no regular file; remove it");
}

/** Writes the report; one of an earlier migration is renamed to `….report.<its run id>.json` first. @throws when it cannot */
export function writeReport(path: string, json: string): void {
  keepMigrateReport(path);
  const unfinished = `${path}.tmp`;
  // Made anew, so that nothing that lies there is written through; renaming replaces what has the name, as it is.
  removeIfThere(unfinished);
  Deno.writeTextFileSync(unfinished, json, { createNew: true, mode: 0o600 });
  Deno.renameSync(unfinished, path);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
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
