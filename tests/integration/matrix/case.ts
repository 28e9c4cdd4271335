/**
 * One case of the matrix: what is done with a pair of clusters, and with which releases it makes sense. Plain data.
 */

import type { MatrixPair } from "./pair.ts";
import type { Role } from "./roles.ts";

/** A case, run for each release and role that it is about. */
export interface MatrixCase {
  /** A sentence about the migration. */
  readonly title: string;
  /** All unless told. */
  readonly role?: Role;
  /** Whether a release has what it is about; all do unless told. */
  readonly applies?: (tested: Pick<MatrixPair, "version" | "role">) => boolean;
  /** Only where the release is tested closely. */
  readonly closely?: true;
  /** @throws Error where the release does not do what it should */
  readonly run: (pair: MatrixPair) => Promise<void>;
}
