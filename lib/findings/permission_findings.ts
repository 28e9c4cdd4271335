// Which permissions (ACLs) a run lacks, found before its first byte: a topic that the user may not describe seems not to
// exist, and a missing permission to read or write would show only during the copy. Nothing here asks a broker.

import { compareNames } from "../model/compare_names.ts";
import { escapeName, listNames, quoteForShell } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { countOf } from "../model/units.ts";
import type { ClusterPermissions } from "../model/cluster_permissions.ts";

/** Codes of `org.apache.kafka.common.acl.AclOperation`. */
const CODES = { Read: 3, Write: 4, Create: 5, Describe: 8 } as const;

/** An operation. Read and Write each include Describe; Create on a topic may also be allowed on the cluster. */
export type ResourceOperation = "Read" | "Write" | "Create";

/** The user whose permissions are judged, and the cluster. */
export interface Permitted {
  readonly cluster: "source" | "target";
  /** In Kafka's form, `User:mover`; undefined where only the cluster knows the name (tokens, certificates). */
  readonly principal?: string;
  /** An address of the cluster, for the commands that the findings show. */
  readonly bootstrap: string;
}

/** One finding for each missing operation, however many topics it is missing on. */
export function permissionFindings(
  { topics }: ClusterPermissions,
  needed: readonly ResourceOperation[],
  permitted: Permitted,
): readonly Finding[] {
  return needed.flatMap((operation) => {
    const lacking = topics.filter((each) => each.hidden || !allows(each.operations, operation))
      .map(({ topic }) => topic);
    return lacking.length === 0 ? [] : [notAuthorized(operation, "topic", lacking, permitted)];
  });
}

/** The finding that the user may not commit positions for some groups: one for all groups. */
export function groupReadFindings(
  groups: readonly string[],
  permitted: Permitted,
): readonly Finding[] {
  return groups.length === 0 ? [] : [notAuthorized("Read", "group", groups, permitted)];
}

/** Warns where the brokers show the user only those groups that it may describe. */
export function groupPermissionFindings(
  { operations }: ClusterPermissions,
  permitted: Permitted,
): readonly Finding[] {
  if (allows(operations, "Describe")) return [];
  return [finding(
    "GROUPS_MAY_BE_HIDDEN",
    { cluster: permitted.cluster },
    `${
      subject(permitted)
    } has no Describe on the cluster: the ${permitted.cluster} lists only groups it may describe one by one, and offsets only of topics it may describe`,
    `Compare the groups with what you expect, or run: ${
      command(permitted, "Describe", ["--cluster"])
    }`,
  )];
}

function allows(operations: number | undefined, operation: keyof typeof CODES): boolean {
  return operations === undefined || (operations & (1 << CODES[operation])) !== 0;
}

/** The finding that the user lacks an operation on some topics or groups. */
export function notAuthorized(
  operation: ResourceOperation,
  resource: "topic" | "group",
  unsorted: readonly string[],
  permitted: Permitted,
): Finding {
  const { cluster } = permitted;
  const names = unsorted.toSorted(compareNames);
  const [name = ""] = names;
  const single = names.length === 1;
  const what = single
    ? `${resource} ${escapeName(name)}`
    : `${countOf(names.length, resource)} (${listNames(names)})`;
  const shown = command(permitted, operation, [`--${resource}`, quoteForShell(name)]);
  const place = resource === "group" ? { groups: names } : { ...(single && { topic: name }) };
  return finding(
    "NOT_AUTHORIZED",
    { cluster, ...place },
    `${subject(permitted)} has no ${operation} on ${what} of the ${cluster}`,
    `Run: ${shown}${single ? "" : ", and so for the others"}`,
  );
}

function subject({ principal, cluster }: Permitted): string {
  return principal === undefined ? `The ${cluster}'s user` : escapeName(principal);
}

function command(
  { principal = "User:NAME", bootstrap }: Permitted,
  operation: string,
  resource: readonly string[],
): string {
  return [
    ...["kafka-acls.sh", "--bootstrap-server", bootstrap, "--add"],
    ...["--allow-principal", quoteForShell(principal), "--operation", operation, ...resource],
  ].join(" ");
}
