// A look at the Connect cluster before the first byte: whether it answers, what it is, and what it has against the
// connector that would be created.

import type { ConnectEngineConfig } from "../config/migration_config.ts";
import { ConnectError, openConnect } from "../connect/rest.ts";
import { type Finding, finding } from "../core/finding.ts";
import { partitionsToCopy } from "../core/plan.ts";
import { clusterFindings, settingFindings, topicFindings } from "../mirror/connect_findings.ts";
import { connectorOf } from "./connector.ts";
import type { EngineOptions } from "./engine.ts";

/** A cluster that starts answers within it; one that is not there is said soon. */
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
  ].sort();
  // Committing positions after a finished copy needs no Connect cluster.
  if (topics.length === 0) return [];
  const connect = openConnect(config.url, signal, RETRY_FOR_MS);
  try {
    const facts = { url: connect.url, ...await connect.about(), plugins: await connect.plugins() };
    const { version } = facts;
    const found = [
      ...clusterFindings(facts, targetSnapshot),
      ...topicFindings(topics, { version, source: sourceSnapshot, target: targetSnapshot }),
    ];
    if (found.length > 0) return found;
    const name = `data-migrate-${options.runId}`;
    const settings = connectorOf(name, topics, topics.length, options);
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
