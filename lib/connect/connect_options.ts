// What a copy by a connector works with: plain data.

import type { ConnectEngineConfig, MigrationConfig } from "../config/migration_config.ts";
import type { JournaledCopyOptions } from "../local_copy/journaled_copy.ts";
import type { CompareProgress } from "../verification/verify_content.ts";

/** What a copy by a connector works with. */
export interface ConnectCopyOptions extends Omit<JournaledCopyOptions, "limits"> {
  readonly config: MigrationConfig;
  readonly connect: ConnectEngineConfig;
  readonly onCounted: (progress: CompareProgress) => void;
}
