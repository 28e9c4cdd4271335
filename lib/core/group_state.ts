// What the state of a group means for its positions.

import type { GroupSnapshot } from "./snapshot.ts";

/** States without members: an offset committed now is nobody's but ours. */
const WITHOUT_MEMBERS = new Set(["", "empty", "dead", "unknown"]);

/** Whether somebody reads with the group now; where no broker tells its state, nobody is known to. */
export function isActive({ state }: GroupSnapshot): boolean {
  return state !== undefined && !WITHOUT_MEMBERS.has(state.toLowerCase());
}
