// A look at the Connect cluster before the first byte: whether it answers, what it is, and what it has against the
// connector that would be created.

import type { ConnectEngineConfig } from "../config/migration_config.ts";
import { ConnectError, openConnect } from "./rest.ts";
import { compareNames } from "../model/compare_names.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsToCopy } from "../plan/plan.ts";
import {
  clusterFindings,
  oldSourceFindings,
  settingFindings,
  topicFindings,
  unaskedFindings,
} from "./pure/connect_findings.ts";
import { keepsToItself } from "./pure/connect_version.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { speaks } from "../wire/api_version.ts";
import { connectorOf } from "./connector.ts";
import type { EngineOptions } from "../run/engine_options.ts";
import { withRetries } from "../kafka/with_retries.ts";

/** Long enough for a cluster that is starting, short enough to report soon that there is none. */
const RETRY_FOR_MS = 5_000;

/** What stands in the way of a copy by this Connect cluster. */
export async function connectFindings(
  config: ConnectEngineConfig,
  options: EngineOptions,
): Promise<readonly Finding[]> {
  const { plan, signal, sourceSnapshot, targetSnapshot } = options;
  const pending = options.journal.state?.partitions.values()
    .filter(({ status }) => status !== "done") ?? [];
  const topics = [
    ...new Set([...partitionsToCopy(plan), ...pending].map(({ topic }) => topic)),
  ].sort(compareNames);
  // Committing positions after a finished copy needs no Connect cluster.
  if (topics.length === 0) return [];
  const tooOld = oldSourceFindings(await brokersBefore21(options.source, signal));
  if (tooOld.length > 0) return tooOld;
  const connect = openConnect(config.url, signal, RETRY_FOR_MS);
  try {
    const facts = { url: connect.url, ...await connect.about(), plugins: await connect.plugins() };
    const { version } = facts;
    const found = [
      ...clusterFindings(facts, targetSnapshot),
      ...topicFindings(topics, { version, source: sourceSnapshot, target: targetSnapshot }),
      ...unaskedFindings(facts, await allTopics(options.source, version, signal)),
    ];
    if (found.length > 0) return found;
    const name = `data-migrate-${options.runId}`;
    const settings = connectorOf(name, topics, topics.length, version, options);
    return settingFindings(connect.url, await connect.validate(settings));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return [finding(
      "CONNECT_UNREACHABLE",
      {},
      error.message,
      "Correct engine.connect.url, the route or the firewall; it is the address of a worker's REST API",
    )];
  }
}

async function brokersBefore21(
  source: Cluster,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const old = await Promise.all([...source.brokers().keys()].map(async (nodeId) => {
    const broker = await withRetries(() => source.control(nodeId), signal);
    return speaks(broker, "Fetch", 10) ? [] : [nodeId];
  }));
  return old.flat();
}

/** Every topic of the source, where what nobody asked for would be copied too. */
async function allTopics(
  source: Cluster,
  version: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (keepsToItself(version)) return [];
  const { topics } = await withRetries(() => source.metadata("all"), signal);
  return topics.map(({ topic }) => topic);
}
