// The files of a run, all beside the config and named after it: `migration.yaml` → `migration.log`,
// `migration.report.json`, `migration.report.html`, `migration.state.jsonl`. Reports of migrations are never overwritten,
// only renamed.

/** Paths of one config's files. */
export interface RunFiles {
  readonly config: string;
  /** Where the config lies, without a trailing slash. */
  readonly directory: string;
  readonly log: string;
  readonly report: string;
  /** The report as a page. */
  readonly page: string;
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
    page: `${stem}.report.html`,
    state: `${stem}.state.jsonl`,
  };
}

/** Names under which a config is looked for that shares its files with another. */
const CONFIG_EXTENSIONS = [".yaml", ".yml", ".YAML", ".YML"];

/**
 * Another config whose log, reports and state file would be the same files: `migration.yml` beside `migration.yaml`, or the
 * one the last report is of. A run of one would overwrite what the other has left, and compare itself with it.
 *
 * @returns why a run of this config is refused
 */
export function configInTheWay(files: RunFiles): string | undefined {
  const own = idOf(files.config);
  const stem = files.log.slice(0, -".log".length);
  const paths = CONFIG_EXTENSIONS.map((extension) => `${stem}${extension}`);
  const reported = reportedConfig(readIfThere(files.report) ?? "");
  // A file without an extension may be anything, were it not for the report.
  if (reported !== undefined) paths.push(`${files.directory}/${reported}`);
  const other = paths.find((path) => {
    const id = idOf(path);
    return id !== undefined && id !== own && runFiles(path).log === files.log;
  });
  if (other === undefined) return undefined;
  return `${other} lies beside ${files.config}: both would have the log ${files.log}, and the same reports and state file. Rename or remove one of them (log, reports and state file keep the name of the config that they are of)`;
}

/** The name of the config that a report is of; what is long in it is not read for that. */
function reportedConfig(text: string): string | undefined {
  const quoted = /"configPath": ("(?:[^"\\]|\\.)*")/.exec(text.slice(0, 100_000))?.[1];
  if (quoted === undefined) return undefined;
  try {
    return String(JSON.parse(quoted)).replace(/^.*\//s, "");
  } catch {
    return undefined;
  }
}

/** What tells files apart, whatever their names; undefined where there is no such file. */
function idOf(path: string): string | undefined {
  try {
    const { isFile, dev, ino } = Deno.statSync(path);
    return isFile ? `${dev} ${ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** The path from the root. */
export function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Refuses to write to a path that has something else than a file of ours: a link or a pipe may have been put there by another
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

/** Whether the path still names the file that was opened: no link was put in its place since {@link refuseOddFile}, and nobody removed it. */
export function liesAt(file: Deno.FsFile, path: string): boolean {
  const opened = file.statSync();
  try {
    const found = Deno.lstatSync(path);
    return found.isFile && found.ino === opened.ino && found.dev === opened.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes the report and its page; those of an earlier migration are renamed to `….report.<its run id>.…` first. @throws when it cannot */
export function writeReport(
  { report, page }: Pick<RunFiles, "report" | "page">,
  content: { readonly json: string; readonly html: string },
): void {
  keepMigrateReport(report, page);
  replaceFile(report, content.json);
  replaceFile(page, content.html);
}

function replaceFile(path: string, text: string): void {
  const unfinished = `${path}.tmp`;
  // A new file, so that we never write through a link that is there; renaming replaces whatever has the name.
  removeIfThere(unfinished);
  try {
    Deno.writeTextFileSync(unfinished, text, { createNew: true, mode: 0o600 });
    Deno.renameSync(unfinished, path);
  } catch (error) {
    removeIfThere(unfinished);
    throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A file's text; undefined where there is none that can be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isFile ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function keepMigrateReport(path: string, page: string): void {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const { mode, runId } = readHead(text);
  if (mode === "check") return;
  // The page first: while the report is there, an interrupted renaming is made up for by the next run.
  renameIfThere(page, page.replace(/\.html$/, `.${runId}.html`));
  Deno.renameSync(path, path.replace(/\.json$/, `.${runId}.json`));
}

/** Keeps the file that is there unless it is plainly a check's report. */
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
