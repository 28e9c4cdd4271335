// The configuration as the program uses it: checked, with defaults filled in, files read and secrets wrapped. schema.ts has
// the shape in which `migration.yaml` is written; nothing here parses or checks.

import type { PartitionRange } from "../plan/partition_range.ts";
import type { HostPort } from "./address.ts";
import type { Secret } from "./secrets.ts";

/** The settings for TLS connections to a cluster. */
export interface TlsConfig {
  /** Authorities to trust in addition to those of the system, PEM. */
  readonly ca?: string;
  /** Client certificate chain, PEM; only together with `key`. */
  readonly cert?: string;
  /** Private key of the client certificate, PEM, not encrypted. */
  readonly key?: Secret;
  /** The name that every broker's certificate must have; where absent, the advertised host. */
  readonly serverName?: string;
  /** False: the certificate chain is checked, but not the name in the certificate. */
  readonly verifyHostname: boolean;
}

/** User name and password, for PLAIN and SCRAM. */
export interface PasswordSaslConfig {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: Secret;
}

/** OAUTHBEARER with a token file that another program keeps up to date; the path as the process opens it. */
export interface TokenFileSaslConfig {
  readonly mechanism: "OAUTHBEARER";
  readonly tokenFile: string;
  readonly extensions?: SaslExtensions;
}

/** SASL extensions sent beside a token, by name (KIP-342). */
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
  /** At least one, each only once. */
  readonly bootstrapServers: readonly HostPort[];
  /** The `host:port` to connect to, by advertised `host:port`, IPv6 hosts in brackets. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Absent for plaintext. */
  readonly tls?: TlsConfig;
  readonly sasl?: SaslConfig;
}

/** Patterns as written; they are known to compile (`lib/plan/name_filter.ts`). */
export interface PatternLists {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** A Kafka Connect cluster that does the copying. */
export interface ConnectEngineConfig {
  readonly url: string;
  readonly tasks?: number;
  /** References that the workers' config providers resolve, by cluster and setting; not secrets themselves. */
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
  /** `false`, or how to create missing topics; a replication factor that is absent is the source's, adapted to the target. */
  readonly createTopics: false | { readonly replicationFactor?: number };
  readonly groupOffsets: "ignore" | "commit";
  readonly verify: "count" | "content";
  readonly nonEmptyTarget: "refuse" | "append";
  /** Codes of errors that the operator accepts as warnings. */
  readonly accept: readonly string[];
  readonly limits: { readonly bytesPerSecond?: number; readonly giveUpAfterMs: number };
  /** At most one range a partition. */
  readonly ranges?: readonly PartitionRange[];
  readonly engine: "local" | { readonly connect: ConnectEngineConfig };
}
