// Finds the known name nearest to an unknown key: another spelling, the option of another Kafka client that means the same,
// a key that belongs elsewhere, or a typing error. The name is only suggested; the unknown key is refused.

/** Options of other clients (Java, librdkafka, kafka-python, kafkajs, Sarama, MirrorMaker), spelt as by `lettersOf`. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  bootstrapserver: "bootstrapServers",
  bootstrap: "bootstrapServers",
  broker: "bootstrapServers",
  brokers: "bootstrapServers",
  brokerlist: "bootstrapServers",
  metadatabrokerlist: "bootstrapServers",
  servers: "bootstrapServers",
  sourcecluster: "source",
  sourceclusteralias: "source",
  from: "source",
  targetcluster: "target",
  targetclusteralias: "target",
  destination: "target",
  to: "target",
  net: "tls and sasl",
  netsasluser: "username under sasl",
  netsaslpassword: "password under sasl",
  netsaslmechanism: "mechanism under sasl",
  netsaslenable: "sasl",
  nettlsenable: "tls",
  nettlsconfig: "tls",
  authentication: "sasl",
  hosts: "bootstrapServers",
  securityprotocol: "tls and sasl",
  ssl: "tls",
  saslmechanism: "mechanism under sasl",
  saslmechanisms: "mechanism under sasl",
  saslusername: "username under sasl",
  saslplainusername: "username under sasl",
  user: "username under sasl",
  saslpassword: "password under sasl",
  saslplainpassword: "password under sasl",
  sasljaasconfig: "username and password under sasl",
  sasloauthbearertokenendpointurl: "tokenEndpoint under sasl",
  sasloauthbearerclientid: "clientId under sasl",
  sasloauthbearerclientsecret: "clientSecret under sasl",
  sasloauthbearerscope: "scope under sasl",
  sasloauthbearerextensions: "extensions under sasl",
  saslextensions: "extensions under sasl",
  logicalcluster: "logicalCluster under sasl.extensions",
  extensionlogicalcluster: "logicalCluster under sasl.extensions",
  ssltruststorelocation: "ca under tls (a PEM file)",
  ssltruststorecertificates: "ca under tls (a PEM file)",
  sslcalocation: "ca under tls",
  sslcafile: "ca under tls",
  sslkeystorelocation: "cert and key under tls (PEM files)",
  sslcertificatelocation: "cert under tls",
  sslcertfile: "cert under tls",
  sslkeylocation: "key under tls",
  sslkeyfile: "key under tls",
  sslkeypassword: "passphrase under tls",
  sslendpointidentificationalgorithm: "verifyHostname under tls",
  sslcheckhostname: "verifyHostname under tls",
  enablesslcertificateverification: "ca or verifyHostname under tls",
  insecureskipverify: "ca or verifyHostname under tls",
  insecure: "verifyHostname under tls",
  rejectunauthorized: "ca or verifyHostname under tls",
  servername: "serverName under tls",
  clientid: "the key left out (the client.id is always data-migrate)",
  groupid: "include under groups",
  group: "include under groups",
  consumergroup: "include under groups",
  consumergroups: "include under groups",
  topic: "include under topics",
  topiclist: "include under topics",
  whitelist: "include under topics",
  topicsexclude: "exclude under topics",
  groupsexclude: "exclude under groups",
  blacklist: "exclude under topics",
  topicsblacklist: "exclude under topics",
  topicswhitelist: "include under topics",
  topicspattern: "include under topics",
  groupsblacklist: "exclude under groups",
  topicincludelist: "include under topics",
  autooffsetreset: "uncommitted",
  dryrun: "checkFlag",
  throttle: "bytesPerSecond under limits",
  ratelimit: "bytesPerSecond under limits",
  maxrate: "bytesPerSecond under limits",
  bandwidth: "bytesPerSecond under limits",
  deliverytimeoutms: "giveUpAfter under limits",
  requesttimeoutms: "giveUpAfter under limits",
  timeout: "giveUpAfter under limits",
};

/**
 * What to write instead of an unknown key, as the words after "expected"; undefined where no name is near.
 *
 * @param siblings names known in the same mapping.
 * @param elsewhere dotted paths of known keys with that name in other mappings.
 */
export function nearestName(
  unknown: string,
  siblings: readonly string[],
  elsewhere: readonly string[],
): string | undefined {
  const letters = lettersOf(unknown);
  const same = siblings.find((name) => lettersOf(name) === letters);
  if (same !== undefined) return same;
  const other = Object.hasOwn(OTHER_NAMES, letters) ? OTHER_NAMES[letters] : undefined;
  if (other !== undefined) return here(other, siblings);
  const moved = elsewhere.filter((path) => lettersOf(path.split(".").at(-1) ?? "") === letters);
  if (moved.length > 0) return moved.map(asWords).join(" or ");
  const allowed = Math.max(1, Math.floor(letters.length / 3));
  const [best] = siblings
    .map((name) => ({ name, distance: editDistance(letters, lettersOf(name)) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance);
  return best?.name;
}

/** The words without the mapping's name, where the unknown key is in that mapping. */
function here(words: string, siblings: readonly string[]): string {
  const [name = "", mapping] = words.split(" under ");
  // Topics and groups both have these two keys.
  const shared = ["include", "exclude"].includes(name);
  return mapping !== undefined && siblings.includes(name) && !shared ? name : words;
}

/** Writes `source.sasl.password` as `password under source.sasl`. */
function asWords(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? path : `${path.slice(dot + 1)} under ${path.slice(0, dot)}`;
}

/** The name without case and separators, which makes `bootstrap.servers`, `bootstrap_servers` and `bootstrapServers` equal. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "").slice(0, 100);
}

/** The number of insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
