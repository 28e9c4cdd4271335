// A run, from reaching both clusters to its report: a migration or a check (migrate.ts), or the verification of what was
// migrated before. It tells the narrator what happens. It opens no file and does not exit the process.

import { formatAddress } from "../config/address.ts";
import { publicConfig } from "../config/public_config.ts";
import { changesOf } from "../report/changes.ts";
import { buildReport, type Report } from "../report/report.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { stopEngine } from "./engine.ts";
import { migrate } from "./migrate.ts";
import { optional } from "../model/optional.ts";
import type { PipelineOptions, PipelineOutcome } from "./pipeline_options.ts";
import { reachClusters, reportCluster } from "../preflight/reach.ts";
import { verifyAgain, withoutNeedlessSource } from "../verification/verify_again.ts";

/** Runs the pipeline. @throws {ContinueError} where the journal is of another migration, and on unexpected failures */
export async function runPipeline(options: PipelineOptions): Promise<Report> {
  const { config, journal, mode, now, runId, signal } = options;
  const started = now();
  const tried = await reachClusters(config, ["source", "target"], signal);
  const reached = mode === "verify" ? withoutNeedlessSource(tried, config) : tried;
  const { source, target } = reached;
  for (const each of [source, target]) if (each) options.narrator.debug(clusterLine(each));
  const known = { ...options, findings: [...reached.away, ...options.findings] };
  let outcome: PipelineOutcome = { findings: [...reached.findings, ...known.findings] };
  try {
    if (signal.aborted) outcome = { findings: [] };
    else if (reached.findings.length > 0) options.narrator.found(outcome.findings);
    else if (mode === "verify" && target) {
      outcome = await verifyAgain(known, { ...reached, target });
    } else if (source && target) outcome = await migrate(known, { source, target });
  } catch (error) {
    // After an interrupt, requests fail in many ways because they were cut short: none is worth reporting.
    if (!signal.aborted) throw error;
  } finally {
    source?.close();
    target?.close();
  }
  if (signal.aborted && mode === "migrate") await stopEngine(options);
  const finished = now();
  const report = buildReport({
    runId,
    mode,
    configPath: options.configPath,
    version: options.version,
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    durationMs: finished.getTime() - started.getTime(),
    source: reportCluster(config.source, source),
    target: reportCluster(config.target, target),
    interrupted: signal.aborted,
    configuration: publicConfig(config),
    ...(journal.state !== undefined && { changes: changesOf(journal.state) }),
    ...outcome,
  });
  const { exitStatus } = report.verdict;
  // Only a run that wrote has something to say in the journal.
  if (mode === "migrate" && journal.state !== undefined && exitStatus !== 3) {
    const verified = outcome.results === undefined
      ? journal.state.finished?.verified
      : config.verify;
    const at = report.finishedAt;
    journal.append([{
      ...{ type: "finished", runId, at, exitStatus },
      ...optional("verified", verified),
    }]);
  }
  return report;
}

/** `source cluster MkU3…, brokers: 1 (10.0.0.1:9092), 2 (10.0.0.2:9092)`. */
function clusterLine({ role, clusterId, brokers }: Cluster): string {
  const listed = [...brokers()].map(([nodeId, address]) => `${nodeId} (${formatAddress(address)})`);
  return `${role} cluster ${clusterId}, brokers: ${listed.join(", ")}`;
}
