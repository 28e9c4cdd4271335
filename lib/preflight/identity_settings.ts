// The settings that make a migration the one it is: its journal holds them, and a run that has others continues, verifies
// and compares with nothing of it.

import type { MigrationConfig } from "../config/migration_config.ts";
import { rangeSettings } from "../plan/range.ts";

/** What must not change while a migration is under way. */
export function identitySettings(
  { topics, groups, uncommitted, engine, ranges }: MigrationConfig,
): Readonly<Record<string, unknown>> {
  return {
    topics,
    groups,
    uncommitted,
    engine: typeof engine === "string" ? engine : "connect",
    ...(ranges !== undefined && { ranges: rangeSettings(ranges) }),
  };
}
