/**
 * The releases of Apache Kafka that tests run against, from the oldest that a migration reads to the newest, and what
 * each of them needs to run on Java 17. One table; whoever starts, fills or configures a broker reads it. Refuses to know
 * what a migration does with any of them.
 */

/** What a release needs, and how it is told things. */
export interface KafkaRelease {
  /** Of its build. */
  readonly scala: "2.12" | "2.13";
  /** What keeps its metadata: a ZooKeeper of its own beside it, or itself. */
  readonly mode: "zookeeper" | "kraft";
  /** Profiles of tests/kafka/pom.xml that mend what Maven delivers. */
  readonly mends: readonly ("jaxb" | "older-zookeeper")[];
  /** Where brokers read who may log in: a file for the whole process, or settings of each listener (from 2.0 on). */
  readonly logins: "file" | "properties";
  /** How keys and certificates have to be stored: PEM without a password from 3.0 on. */
  readonly keystores: "PKCS12" | "PEM";
  /** The class that `authorizer.class.name` names. */
  readonly authorizer: string;
}

const inZookeeper = "kafka.security.auth.SimpleAclAuthorizer";
const inZookeeperSince24 = "kafka.security.authorizer.AclAuthorizer";
const inKraft = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

const beforeKraft = {
  scala: "2.12",
  mode: "zookeeper",
  mends: [],
  logins: "properties",
  keystores: "PKCS12",
  authorizer: inZookeeper,
} as const;

const kraft = {
  scala: "2.13",
  mode: "kraft",
  mends: [],
  logins: "properties",
  keystores: "PEM",
  authorizer: inKraft,
} as const;

/** By version, oldest first. */
export const kafkaReleases = {
  "0.10.2.2": { ...beforeKraft, mends: ["jaxb"], logins: "file" },
  "0.11.0.3": { ...beforeKraft, mends: ["jaxb"], logins: "file" },
  "1.1.1": { ...beforeKraft, logins: "file" },
  "2.3.1": { ...beforeKraft, mends: ["older-zookeeper"] },
  "2.4.1": { ...beforeKraft, scala: "2.13", authorizer: inZookeeperSince24 },
  "2.8.2": {
    ...beforeKraft,
    scala: "2.13",
    authorizer: inZookeeperSince24,
  },
  "3.9.1": kraft,
  "4.1.0": kraft,
  "4.4.0": kraft,
} as const satisfies Readonly<Record<string, KafkaRelease>>;

/** One of the releases. */
export type KafkaVersion = keyof typeof kafkaReleases;

/** All of them, oldest first. */
export const kafkaVersions = Object.keys(kafkaReleases) as readonly KafkaVersion[];

/** The oldest that a migration writes to: it knows idempotent producers, and keeps five batches of each. */
export const OLDEST_TARGET: KafkaVersion = "1.1.1";

/** What a version needs. */
export const releaseOf = (version: KafkaVersion): KafkaRelease => kafkaReleases[version];

/** Whether a text names one of the releases. */
export const isKafkaVersion = (text: string): text is KafkaVersion =>
  Object.hasOwn(kafkaReleases, text);

/** Whether one release is at least as new as another. */
export const isSince = (version: KafkaVersion, since: KafkaVersion): boolean =>
  kafkaVersions.indexOf(version) >= kafkaVersions.indexOf(since);
