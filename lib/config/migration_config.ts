// The configuration as the program uses it: checked, defaults filled in, files read, secrets wrapped. How it is
// written in `migration.yaml` is another shape, in schema.ts; nothing here parses or checks.

import type { PartitionRange } from "../plan/partition_range.ts";
import type { HostPort } from "./address.ts";
import type { Secret } from "./secrets.ts";

/** What TLS connections to a cluster are opened with. */
export interface TlsConfig {
  /** Trusted authorities, PEM, besides those of the system. */
  readonly ca?: string;
  /** Client certificate chain, PEM; only together with `key`. */
  readonly cert?: string;
  /** Private key of the client certificate, PEM, not encrypted. */
  readonly key?: Secret;
  /** The name to expect in certificates, for every broker; where absent, the advertised host. */
  readonly serverName?: string;
  /** False: the chain is checked, the name in the certificate is not. */
  readonly verifyHostname: boolean;
}

/** User name and password, for PLAIN and SCRAM. */
export interface PasswordSaslConfig {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: Secret;
}

/** OAUTHBEARER with a token that something else keeps fresh; the path as the process can open it. */
export interface TokenFileSaslConfig {
  readonly mechanism: "OAUTHBEARER";
  readonly tokenFile: string;
  readonly extensions?: SaslExtensions;
}

/** What is sent beside a token, by name (KIP-342). */
export type SaslExtensions = Readonly<Record<string, string>>;

/** OAUTHBEARER with the client credentials grant (RFC 6749, section 4.4). */
export interface ClientCredentialsSaslConfig {
  readonly mechanism: "OAUTHBEARER";
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope?: string;
  readonly extensions?: SaslExtensions;
}

/** How to authenticate. */
export type SaslConfig = PasswordSaslConfig | TokenFileSaslConfig | ClientCredentialsSaslConfig;

/** How to reach one cluster. */
export interface ClusterConfig {
  /** Not empty, without repetitions. */
  readonly bootstrapServers: readonly HostPort[];
  /** Dialled `host:port` by advertised `host:port`, IPv6 hosts in brackets. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Absent: plaintext. */
  readonly tls?: TlsConfig;
  readonly sasl?: SaslConfig;
}

/** Patterns as written (`lib/plan/name_filter.ts` compiles them; they have been tried). */
export interface PatternLists {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** A Kafka Connect cluster that does the copying. */
export interface ConnectEngineConfig {
  readonly url: string;
  readonly tasks?: number;
  /** References for the workers' config providers, by cluster and setting; not secrets themselves. */
  readonly secrets?: {
    readonly source?: Readonly<Record<string, string>>;
    readonly target?: Readonly<Record<string, string>>;
  };
}

/** Everything `migration.yaml` says. */
export interface MigrationConfig {
  /** 0: check only, 1: migrate. */
  readonly checkFlag: 0 | 1;
  readonly source: ClusterConfig;
  readonly target: ClusterConfig;
  readonly topics: PatternLists;
  readonly groups: PatternLists;
  readonly uncommitted: "earliest" | "skip";
  /** `false`, or how to create missing topics (replication factor: where absent, the source's, fitted to the target). */
  readonly createTopics: false | { readonly replicationFactor?: number };
  readonly groupOffsets: "ignore" | "commit";
  readonly verify: "count" | "content";
  readonly nonEmptyTarget: "refuse" | "append";
  /** Codes of overridable findings. */
  readonly accept: readonly string[];
  readonly limits: { readonly bytesPerSecond?: number; readonly giveUpAfterMs: number };
  /** At most one a partition. */
  readonly ranges?: readonly PartitionRange[];
  readonly engine: "local" | { readonly connect: ConnectEngineConfig };
}
