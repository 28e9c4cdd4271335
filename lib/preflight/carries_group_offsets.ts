// Whether a run carries the groups' positions over.

import type { MigrationConfig } from "../config/migration_config.ts";

/** Whether positions are to be carried over. */
export function carriesGroupOffsets({ groupOffsets, ranges }: MigrationConfig): boolean {
  return groupOffsets === "commit" && ranges === undefined;
}
