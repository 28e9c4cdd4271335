// What the state of a group means for its positions.

import type { GroupSnapshot } from "./snapshot.ts";

/** States without members: an offset committed now is nobody's but ours. A broker that tells no state is believed. */
const WITHOUT_MEMBERS = new Set(["", "empty", "dead", "unknown"]);

/** Whether somebody reads with the group now. */
export function isActive({ state }: GroupSnapshot): boolean {
  return !WITHOUT_MEMBERS.has(state.toLowerCase());
}
