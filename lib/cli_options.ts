// The command line: options and the config's path, parsed by node:util. Pure; what is wrong comes back as a sentence.

import { parseArgs } from "node:util";
import { errorMessage } from "./model/error_message.ts";

/** What there is a JSON Schema of: `migration.yaml` or `migration.report.json`. */
export type SchemaName = "config" | "report";

/** What the command line asks for. */
export interface CliOptions {
  /** The config as given; absent: `migration.yaml` here, else beside the binary. */
  readonly config?: string;
  readonly action: "run" | "verify" | "init" | "schema" | "help" | "version";
  /** Present with the action `schema`: of what. */
  readonly schemaOf?: SchemaName;
  /** Overrides `checkFlag`. */
  readonly mode?: "check" | "migrate";
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly progress: boolean;
}

/** The text of `--help`: one screen of 80 columns and 24 rows, the prompt after it included. */
export const HELP =
  `data-migrate - carries the unconsumed backlog of a Kafka cluster over to another

Usage: data-migrate [CONFIG] [options]
CONFIG: migration.yaml here, else beside the binary; the log, the reports and
the state file are written beside it

  --check          only look, whatever checkFlag says     (checkFlag: 0)
  --migrate        migrate, whatever checkFlag says       (checkFlag: 1)
  --verify         verify a finished migration again, copying nothing
  --init           write a commented migration.yaml
  --schema [report]  print the JSON Schema of migration.yaml, or of the report
  --json           print the report as JSON on stdout, all else on stderr
  --quiet          only errors and the verdict         --verbose  more detail
  --no-progress    no progress                         --help, --version

Examples:
  data-migrate --init                  write migration.yaml, then edit it
  data-migrate                         check: what would move (checkFlag: 0)
  data-migrate --migrate               migrate and verify; again: continue
  data-migrate --migrate orders.yaml   another config, with files of its own

Exit status: 0 done and verified, or checked   1 not all migrated or verified
  2 usage or config error   3 blocked before the first byte   130 interrupted
`;

const FLAGS = {
  check: { type: "boolean" },
  migrate: { type: "boolean" },
  verify: { type: "boolean" },
  init: { type: "boolean" },
  schema: { type: "boolean" },
  json: { type: "boolean" },
  quiet: { type: "boolean" },
  verbose: { type: "boolean" },
  progress: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
} as const;

/** Parses the arguments; a string is what is wrong with them. */
export function parseCliOptions(args: readonly string[]): CliOptions | string {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: FLAGS,
      allowPositionals: true,
      allowNegative: true,
    });
  } catch (error) {
    return firstSentence(errorMessage(error));
  }
  const { values, positionals } = parsed;
  if (positionals.length > 1) {
    return `Expected one config file, got ${positionals.length}: ${positionals.join(", ")}`;
  }
  const actions = (["help", "version", "schema", "init", "verify"] as const).filter((name) =>
    values[name]
  );
  const [action, other] = actions;
  if (other !== undefined && action !== "help") {
    return `--${action} and --${other} exclude each other`;
  }
  if (action === "verify" && (values.check || values.migrate)) {
    return `--verify and --${values.check ? "check" : "migrate"} exclude each other`;
  }
  if (values.check && values.migrate) return "--check and --migrate exclude each other";
  if (values.quiet && values.verbose) return "--quiet and --verbose exclude each other";
  if (action === "schema") {
    const [schemaOf = "config"] = positionals;
    if (schemaOf !== "config" && schemaOf !== "report") {
      return `--schema knows config and report, not ${schemaOf}`;
    }
    return { ...shown(values), action, schemaOf };
  }
  const mode = values.check ? "check" : values.migrate ? "migrate" : undefined;
  const [config] = positionals;
  return {
    action: action ?? "run",
    ...(config !== undefined && { config }),
    ...(mode !== undefined && { mode }),
    ...shown(values),
  };
}

function shown(
  { json = false, quiet = false, verbose = false, progress = true }: {
    readonly [name in "json" | "quiet" | "verbose" | "progress"]?: boolean | undefined;
  },
): Pick<CliOptions, "json" | "quiet" | "verbose" | "progress"> {
  return { json, quiet, verbose, progress };
}

function firstSentence(text: string): string {
  return text.split(/\. |\n/, 1)[0] ?? text;
}
