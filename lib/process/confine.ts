// Least permission. Deno can't narrow a process once it runs, but a worker can be started with less than its parent: the
// run sees no variable, writes only beside its config, reads only there and what is read again later, and can start
// nothing. The parent has read the config and waits; it does nothing else on the run's behalf.

import { errorMessage } from "../model/error_message.ts";
import type { ExitStatus } from "../report/verdict.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import { sealSecrets } from "../config/secrets.ts";
import type { RunRequest } from "../run_config.ts";
import { absolutePath, type RunFiles } from "../files/run_files.ts";
import type { Streams } from "../show/streams.ts";

/** Variables that packages read when they are loaded; none of them changes what the program does. */
const VARIABLES = [
  "NODE_ENV",
  "KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
  "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS",
  // What log-update asks for sequences that nothing here uses.
  "TERM",
  "TERM_PROGRAM",
  "TMUX",
];

/** What a run may do. */
export function permissionsOf(
  { files, source, target }:
    & Pick<RunRequest, "files">
    & { readonly [Role in "source" | "target"]: Pick<MigrationConfig[Role], "sasl"> },
): Deno.PermissionOptionsObject {
  const tokenFiles = [source, target].flatMap(({ sasl }) =>
    sasl !== undefined && "tokenFile" in sasl ? [sasl.tokenFile] : []
  );
  return {
    net: true,
    read: [files.directory, ...tokenFiles].map(absolutePath),
    write: [absolutePath(files.directory)],
    env: VARIABLES,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
}

/** A worker that is being started, for one run. */
export interface Confined extends Disposable {
  /** Runs a config in a worker that may do no more than `permissionsOf` says. @returns the exit status */
  run(request: RunRequest): Promise<ExitStatus>;
}

/**
 * Starts a worker with what every run may do, while the config is still being read.
 *
 * @returns a sentence where the program was started in a way that allows no such worker
 */
export function prepareConfined(files: RunFiles, streams: Streams): Confined | string {
  const problem = whyNoWorker();
  if (problem !== undefined) return problem;
  let usual: Deno.PermissionOptionsObject;
  let started: StartedWorker;
  try {
    usual = permissionsOf({ files, source: {}, target: {} });
    started = start(usual);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return "Deno grants it too few permissions. Start it with --allow-net, --allow-read, --allow-write and --allow-env";
  }
  return {
    async run(request) {
      const wanted = permissionsOf({ ...request, ...request.config });
      if (JSON.stringify(wanted) !== JSON.stringify(usual)) {
        started.worker.terminate();
        started = start(wanted);
      }
      started.worker.postMessage({ ...request, config: sealSecrets(request.config) });
      try {
        return await started.ended;
      } catch (error) {
        const reason = errorMessage(error);
        streams.stderr(
          `data-migrate: Unexpected failure: ${reason}. Run the same command again to continue\n`,
        );
        return 1;
      }
    },
    [Symbol.dispose]: () => started.worker.terminate(),
  };
}

/**
 * Why Deno would not start a worker with fewer permissions: it takes a setting for that, and ends the process with exit
 * status 70 where it is missing. Nothing tells the setting; but it stands in the file that tells Deno what packages are.
 */
function whyNoWorker(): string | undefined {
  if (Deno.build.standalone) return undefined;
  try {
    import.meta.resolve("yaml");
    return undefined;
  } catch {
    return "Deno has not read the deno.json beside main.ts. Start it without --no-config and --config";
  }
}

interface StartedWorker {
  readonly worker: Worker;
  readonly ended: Promise<ExitStatus>;
}

/** A worker, and the exit status of what it is given to run. */
function start(permissions: Deno.PermissionOptionsObject): StartedWorker {
  const { promise: ended, resolve, reject } = Promise.withResolvers<ExitStatus>();
  const options: WorkerOptions = { type: "module", deno: { permissions } };
  const worker = new Worker(new URL("./confined.ts", import.meta.url), options);
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  // It may fail before anybody waits for it.
  ended.catch(() => {});
  return { worker, ended };
}
