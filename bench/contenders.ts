// Who is measured, and how each is told to copy a topic of one cluster to the same topic of another. Each runs as a user
// would run it: data-migrate with journal, log, progress and verification on. It measures nothing.

import type { GoPrograms } from "./programs.ts";
import type { Workload } from "./workloads.ts";

/** What there is to copy. */
export interface CopyOrder {
  /** Bootstrap servers. */
  readonly source: string;
  readonly target: string;
  readonly topic: string;
  /** The group whose committed offsets are the starts. */
  readonly group: string;
  readonly workload: Workload;
  /** An empty folder of the run's own. */
  readonly folder: string;
}

/** A program that copies. */
export interface Contender {
  readonly name: string;
  /** Prepares a run. @returns program and arguments */
  readonly command: (order: CopyOrder) => Promise<readonly string[]>;
}

/** How data-migrate is slowed down. */
export interface Slowdown {
  readonly bytesPerSecond: number;
  /** Dialled address by advertised one, of both sides. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** data-migrate. @param binary its path */
export function dataMigrateContender(binary: string, slowdown?: Slowdown): Contender {
  return {
    name: "data-migrate",
    async command({ source, target, topic, group, folder }) {
      const config = `${folder}/migration.yaml`;
      const cluster = (bootstrapServers: string) => {
        const dialled = slowdown?.addresses[bootstrapServers];
        return {
          bootstrapServers,
          ...(dialled !== undefined && { addresses: { [bootstrapServers]: dialled } }),
        };
      };
      const content = {
        checkFlag: 1,
        source: cluster(source),
        target: cluster(target),
        topics: { include: [topic] },
        groups: { include: [group] },
        ...(slowdown && { limits: { bytesPerSecond: slowdown.bytesPerSecond } }),
      };
      // JSON is YAML too.
      await Deno.writeTextFile(config, JSON.stringify(content, null, 2));
      return [binary, config];
    },
  };
}

/** franz-go, the strongest version of it known: see README.md. */
export function franzGoContender({ copy }: GoPrograms): Contender {
  return {
    name: "franz-go",
    command({ source, target, topic, group, workload }) {
      const options = { source, target, topic, group, codec: workload.codec };
      return Promise.resolve([
        copy,
        ...Object.entries(options).map(([name, value]) => `-${name}=${value}`),
      ]);
    },
  };
}
