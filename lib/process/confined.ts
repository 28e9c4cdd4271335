// The worker's side of confine.ts: takes the request, runs it, answers with the exit status. It is loaded with no more
// permissions than the run has.

import { unsealSecrets } from "../config/secrets.ts";
import type { MigrationConfig } from "../config/migration_config.ts";
import { runConfig, type RunRequest } from "../run_config.ts";
import { processStreams } from "../show/screen.ts";

interface WorkerScope {
  onmessage: (event: MessageEvent<RunRequest>) => void;
  postMessage(status: number): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data }) => {
  const config = unsealSecrets(data.config) as MigrationConfig;
  const streams = processStreams();
  scope.postMessage(streams.end(await runConfig({ ...data, config }, streams)));
};
