/**
 * Loopback ports that nothing listens on. They lie below the range that the kernel gives to outgoing connections
 * (32768 and up on Linux), so that no client's connection takes one between the look and the use. Refuses to promise
 * more: another process may still be quicker, and who starts a server has to try again then.
 */

const lowest = 20_000;
const highest = 32_700;

/** @returns `count` different ports, free on 127.0.0.1 at the time of the call */
export function freePorts(count: number): readonly number[] {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 1000 + count) throw new Error("Cannot find free ports: look for what holds them");
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (!ports.has(port) && isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
