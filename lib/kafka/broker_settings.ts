// Settings of a broker that concern committed offsets, asked with DescribeConfigs, which a broker answers only about
// itself. The user needs DescribeConfigs on the cluster, which nothing else here needs, so settings that are not told
// are absent.

import type { OffsetSettings } from "../plan/positions_expiry.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";

const BROKER_RESOURCE = 4;

const NAMES = {
  maxMetadataLength: "offset.metadata.max.bytes",
  retentionMinutes: "offsets.retention.minutes",
} as const satisfies Record<keyof OffsetSettings, string>;

interface DescribeConfigsResponse {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly configEntries: readonly {
      readonly configName: string;
      readonly configValue: string | null;
    }[];
  }[];
}

/** Asks a broker for its own settings. @throws {ConnectionError | ProtocolError} */
export async function fetchOffsetSettings(
  broker: BrokerConnection,
  nodeId: number,
): Promise<OffsetSettings> {
  const { resources } = await sendKafkajsRequest<DescribeConfigsResponse>(
    broker,
    "DescribeConfigs",
    {
      resources: [{
        type: BROKER_RESOURCE,
        name: String(nodeId),
        configNames: Object.values(NAMES),
      }],
      includeSynonyms: false,
    },
  );
  // If the user may not ask, the answer holds an error and no entries.
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  const told = (name: keyof OffsetSettings) => {
    const value = entries.find(({ configName }) => configName === NAMES[name])?.configValue;
    return /^\d+$/.test(value ?? "") ? { [name]: Number(value) } : {};
  };
  return { ...told("maxMetadataLength"), ...told("retentionMinutes") };
}
