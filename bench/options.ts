// The bench's command line. What is wrong with it comes back as a sentence; it starts nothing.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseSizeBytes } from "../lib/config/quantities.ts";
import {
  isKafkaVersion,
  type KafkaVersion,
  kafkaVersions,
} from "../tests/support/kafka_releases.ts";
import { type Workload, workloads } from "./workloads.ts";

/** What is asked for. */
export interface BenchOptions {
  /** Measured runs of each contender on each workload. */
  readonly runs: number;
  /** Part of the records; 1 is the whole workload. */
  readonly scale: number;
  readonly workloads: readonly Workload[];
  /** Measure how evenly this limit is kept, bytes a second, instead of speed. */
  readonly limit?: number;
  /** How the names of the peers that run begin; absent: all. */
  readonly peers?: readonly string[];
  /** Releases of Kafka, where not the newest of the bench. */
  readonly source?: KafkaVersion;
  readonly target?: KafkaVersion;
  /** Write RESULTS.md, results.json and results.svg. */
  readonly write: boolean;
  /** A data-migrate to measure instead of the compiled one. */
  readonly binary?: string;
}

/** The text of `--help`. */
export const HELP = `deno task bench -- [options]

  --runs N        measured runs of each contender (3)
  --scale F       part of the records, such as 0.1 for a quick look (1)
  --only A,C      some of the workloads (all)
  --peers NAMES   some of the peers, such as franz-go,kcat (all)
  --write         write RESULTS.md, results.json and results.svg beside the bench
  --limit RATE    how evenly data-migrate keeps a limit such as 20MB, over any five seconds
  --source V      copy from this release of Kafka, such as 1.1.1 (4.1.0); --target V likewise
  --binary PATH   measure this data-migrate instead of dist/data-migrate
  --help
`;

/** Reads the arguments. @returns the options, or what is wrong or wanted as a text */
export function parseBenchOptions(args: readonly string[]): BenchOptions | string {
  let values;
  try {
    ({ values } = parseArgs({
      // `deno task bench -- --runs 1` hands the two dashes on.
      args: args.filter((arg) => arg !== "--"),
      options: {
        runs: { type: "string", default: "3" },
        scale: { type: "string", default: "1" },
        only: { type: "string" },
        peers: { type: "string" },
        write: { type: "boolean", default: false },
        binary: { type: "string" },
        limit: { type: "string" },
        source: { type: "string" },
        target: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${HELP}`;
  }
  if (values.help) return HELP;
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) return `--runs takes a whole number from 1\n\n${HELP}`;
  const scale = Number(values.scale);
  if (!(scale > 0 && scale <= 100)) return `--scale takes a number above 0, up to 100\n\n${HELP}`;
  const names = values.only?.toUpperCase().split(",") ?? workloads.map(({ name }) => name);
  const unknown = names.filter((each) => !workloads.some(({ name }) => name === each));
  if (unknown.length > 0) {
    const known = workloads.map(({ name }) => name).join(", ");
    return `--only: no workload ${unknown.join(", ")}; there are ${known}\n\n${HELP}`;
  }
  const limit = values.limit === undefined ? undefined : parseSizeBytes(values.limit);
  if (values.limit !== undefined && limit === undefined) {
    return `--limit takes bytes a second, such as 20MB\n\n${HELP}`;
  }
  const { source, target } = values;
  for (const version of [source, target]) {
    if (version !== undefined && !isKafkaVersion(version)) {
      return `No Kafka ${version} here; there are ${kafkaVersions.join(", ")}\n\n${HELP}`;
    }
  }
  return {
    runs,
    scale,
    workloads: workloads.filter(({ name }) => names.includes(name)),
    write: values.write,
    ...(values.peers !== undefined && { peers: values.peers.split(",") }),
    ...(limit !== undefined && { limit }),
    ...(source !== undefined && isKafkaVersion(source) && { source }),
    ...(target !== undefined && isKafkaVersion(target) && { target }),
    ...(values.binary !== undefined && { binary: resolve(values.binary) }),
  };
}
