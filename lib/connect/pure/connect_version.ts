// What the MirrorMaker 2 of a Kafka Connect version can be told.

/** Whether a version is older than `[major, minor]`; one that cannot be read is older than all. */
export function isOlder(version: string, than: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return !(major > than[0] || (major === than[0] && minor >= than[1]));
}

/**
 * Whether it can be told to write no topic of its own (KIP-1031) and to copy no heartbeats that nobody asked for: from 3.9
 * on.
 */
export function keepsToItself(version: string): boolean {
  return !isOlder(version, [3, 9]);
}
